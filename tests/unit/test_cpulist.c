/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <string.h>

#include "base/cpulist.h"

static int has(const struct cpulist *l, unsigned n)
{
	return (l->bits[n / CPULIST_WORD] >> (n % CPULIST_WORD)) & 1;
}

Test(cpulist, reads_numbers_and_ranges)
{
	struct cpulist l;

	cr_assert_eq(cpulist_parse("0-2,7,8191", &l), 0);
	cr_assert(has(&l, 0) && has(&l, 1) && has(&l, 2) && has(&l, 7) && has(&l, 8191));
	cr_assert(!has(&l, 3) && !has(&l, 6) && !has(&l, 8190));
}

struct wrong {
	char text[32];
};

ParameterizedTestParameters(cpulist, refuses_what_is_no_list)
{
	static struct wrong rows[] = {
		{ "" },	   { "," },   { "1," },	   { ",1" }, { "-1" },	 { "1-" },
		{ "3-1" }, { "1 2" }, { "1-2-3" }, { "a" },  { "8192" }, { "99999999999999999999" },
	};

	return cr_make_param_array(struct wrong, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct wrong *row, cpulist, refuses_what_is_no_list)
{
	struct cpulist l, before;

	memset(&l, 0x5a, sizeof(l));
	before = l;
	cr_assert_eq(cpulist_parse(row->text, &l), -EINVAL, "%s", row->text);
	cr_assert_eq(memcmp(&l, &before, sizeof(l)), 0, "%s: the output was written", row->text);
}
