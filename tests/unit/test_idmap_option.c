/* SPDX-License-Identifier: Apache-2.0 */
/* The value of mount option idmap=. */
#include <string.h>

#include "host/idmap_option.h"
#include "plans.h"

TestSuite(idmap_option, .init = plans_enter, .fini = plans_leave);

static const struct spec container = {
	.linux_ = {
		.uid_mappings = SPEC_ITEMS(struct spec_id_map, { 0, 0, 1 }, { 1, 2, 1000 }),
		.gid_mappings = SPEC_ITEMS(struct spec_id_map, { 0, 4294967000, 200 }),
	},
};

static void expect_map(const spec_id_maps *maps, size_t i, uint32_t file, uint32_t on_host,
		       uint32_t size)
{
	cr_assert_lt(i, maps->n);
	cr_expect_eq(maps->items[i].container_id, file);
	cr_expect_eq(maps->items[i].host_id, on_host);
	cr_expect_eq(maps->items[i].size, size);
}

Test(idmap_option, ranges_of_users_and_groups_in_either_order)
{
	static const char *const texts[] = { "uids=0-1-10#10-21-5;gids=0-100-10",
					     "gids=0-100-10;uids=0-1-10#10-21-5" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct spec_mount m = {};

		cr_assert_eq(idmap_option_parse(texts[i], &container, &m, plan.arena, &error), 0,
			     "%s", error.msg);
		cr_expect_eq(m.uid_mappings.n, 2);
		cr_expect_eq(m.gid_mappings.n, 1);
		expect_map(&m.uid_mappings, 0, 0, 1, 10);
		expect_map(&m.uid_mappings, 1, 10, 21, 5);
		expect_map(&m.gid_mappings, 0, 0, 100, 10);
	}
}

Test(idmap_option, a_range_with_an_at_sign_counts_in_the_container)
{
	struct spec_mount m = {};

	cr_assert_eq(idmap_option_parse("uids=@1-3-10#0-7-1;gids=@5-0-200", &container, &m,
					plan.arena, &error),
		     0, "%s", error.msg);
	expect_map(&m.uid_mappings, 0, 1, 4, 10);
	expect_map(&m.uid_mappings, 1, 0, 7, 1);
	expect_map(&m.gid_mappings, 0, 5, 4294967000, 200);
}

static const char *const malformed[] = {
	"",
	"uids=0-1-1",
	"gids=0-1-1",
	"uids=0-1-1;uids=0-1-1",
	"uids=0-1-1;uids=0-1-1;gids=0-1-1",
	"uids=;gids=0-1-1",
	"uids=0-1;gids=0-1-1",
	"uids=0-1-;gids=0-1-1",
	"uids=0-1-0;gids=0-1-1",
	"uids=0-1-1-1;gids=0-1-1",
	"uids=0-1-1#;gids=0-1-1",
	"uids=-1-1-1;gids=0-1-1",
	"uids=0-4294967296-1;gids=0-1-1",
	"uids=0-11111111111111111111-1;gids=0-1-1",
	"uids=0-1-1 ;gids=0-1-1",
	"users=0-1-1;gids=0-1-1",
	"uids=@@0-0-1;gids=0-1-1",
	/* the container has no such ids, or not in one range */
	"uids=@0-1001-1;gids=0-1-1",
	"uids=@0-0-2;gids=0-1-1",
	"uids=0-1-1;gids=@0-0-201",
	"uids=0-1-1;gids=@0-0-4294967295",
};

Test(idmap_option, whatever_else_is_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		struct spec_mount m = {};

		cr_expect_lt(idmap_option_parse(malformed[i], &container, &m, plan.arena, &error),
			     0, "%s", malformed[i]);
		cr_expect(strstr(error.msg, "idmap="), "%s: %s", malformed[i], error.msg);
	}
}

Test(idmap_option, it_excludes_mappings_in_the_words_of_the_specification)
{
	struct spec_mount m = { .uid_mappings = SPEC_ITEMS(struct spec_id_map, { 0, 1, 1 }) };

	cr_expect_lt(
		idmap_option_parse("uids=0-1-1;gids=0-1-1", &container, &m, plan.arena, &error), 0);
	cr_expect(strstr(error.msg, "uidMappings"), "%s", error.msg);
}
