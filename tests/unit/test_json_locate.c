/* SPDX-License-Identifier: Apache-2.0 */
/* From paths to places in the text. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"

static const char text[] = "{\n"
			   "  \"process\": {\n"
			   "    \"args\": [\"sh\", \"-c\"],\n"
			   "    \"user\": { \"uid\": 0,\n"
			   "\t\"gid\":7 }\n"
			   "  },\n"
			   "  \"mounts\": [ {\"a\": 1}, [],\n"
			   "    {\"a\": {\"a\": 2}} ],\n"
			   "  \"annotations\": {\"org.x\": \"\xc3\xa9\", \"y\": \"z\"},\n"
			   "  \"last\": true\n"
			   "}\n";

static void is_at(const char *path, unsigned line, unsigned column)
{
	unsigned l = 0, c = 0;

	cr_expect_eq(json_locate(text, strlen(text), path, &l, &c), 0, "%s", path);
	cr_expect(l == line && c == column, "%s is at %u:%u", path, l, c);
}

Test(json_locate, values_of_every_kind_are_found)
{
	is_at("process", 2, 14);
	is_at("process.args", 3, 13);
	is_at("process.args[0]", 3, 14);
	is_at("process.args[1]", 3, 20);
	is_at("process.user.uid", 4, 22);
	is_at("process.user.gid", 5, 8);
	is_at("mounts[0]", 7, 15);
	is_at("mounts[1]", 7, 25);
	is_at("mounts[2].a.a", 8, 17);
	is_at("last", 10, 11);
	is_at("", 1, 1);
}

Test(json_locate, names_with_dots_are_found_quoted_and_columns_are_characters)
{
	is_at("annotations[\"org.x\"]", 9, 28);
	is_at("annotations.y", 9, 38);
}

Test(json_locate, what_is_missing_is_placed_at_its_nearest_parent)
{
	is_at("process.cwd", 2, 14);
	is_at("process.args[2]", 3, 13);
	is_at("process.args[0].x", 3, 14);
	is_at("mounts[1].a", 7, 25);
	is_at("linux.seccomp", 1, 1);
	is_at("mounts[99999999999999999999999]", 7, 13);
}

Test(json_locate, a_name_elsewhere_is_not_mistaken)
{
	is_at("a", 1, 1);
	is_at("uid", 1, 1);
	is_at("process[0]", 2, 14);
	is_at("mounts.a", 7, 13);
}

Test(json_locate, a_cut_or_strange_path_still_finds_a_place)
{
	is_at("process.user.ui", 4, 13);
	is_at("process.args[", 3, 14);
	is_at("annotations[\"org.", 9, 18);
	is_at("process..", 2, 14);
}

Test(json_locate, a_text_that_breaks_off_is_served_as_far_as_it_goes)
{
	unsigned line, column;

	cr_assert_eq(json_locate(text, 60, "process.args[0]", &line, &column), 0);
	cr_assert(line == 3 && column == 14);
	cr_assert_eq(json_locate(text, 60, "last", &line, &column), 0);
	cr_assert(line == 1 && column == 1);
}

Test(json_locate, a_text_without_any_value_has_no_places)
{
	unsigned line = 7, column = 7;

	cr_assert_eq(json_locate("", 0, "x", &line, &column), -ENOENT);
	cr_assert_eq(json_locate("}", 1, "x", &line, &column), -ENOENT);
	cr_assert(line == 7 && column == 7);
}
