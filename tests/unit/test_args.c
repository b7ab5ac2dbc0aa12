/* SPDX-License-Identifier: Apache-2.0 */
/* The shim's command line. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/cleanup.h"
#include "shim/args.h"

#define PARSE(a, e, ...)                                                 \
	({                                                               \
		char *_argv[] = { "shim", __VA_ARGS__, NULL };           \
		args_parse((int)ARRAY_SIZE(_argv) - 1, _argv, (a), (e)); \
	})

Test(args, the_line_of_containerd)
{
	struct args a;
	struct err e;

	cr_assert_eq(PARSE(&a, &e, "-namespace", "default", "-address", "/c.sock",
			   "-publish-binary", "/usr/bin/containerd", "-id", "c1", "-bundle", "/b",
			   "-debug", "delete"),
		     0);
	cr_assert_str_eq(a.ns, "default");
	cr_assert_str_eq(a.address, "/c.sock");
	cr_assert_str_eq(a.id, "c1");
	cr_assert_str_eq(a.bundle, "/b");
	cr_assert_str_eq(a.action, "delete");
	cr_assert(a.debug);
}

Test(args, all_spellings_of_go)
{
	struct args a;
	struct err e;

	cr_assert_eq(
		PARSE(&a, &e, "--namespace=ns", "-id=x=y", "--debug=false", "-v=true", "--info"),
		0);
	cr_assert_str_eq(a.ns, "ns");
	cr_assert_str_eq(a.id, "x=y");
	cr_assert_not(a.debug);
	cr_assert(a.version && a.info);
	cr_assert_null(a.action);
}

Test(args, words_after_the_action_are_ignored)
{
	struct args a;
	struct err e;

	cr_assert_eq(PARSE(&a, &e, "-id", "c", "start", "-bogus", "more"), 0);
	cr_assert_str_eq(a.action, "start");
}

Test(args, two_dashes_end_the_flags)
{
	struct args a;
	struct err e;

	cr_assert_eq(PARSE(&a, &e, "-id", "c", "--", "start"), 0);
	cr_assert_str_eq(a.action, "start");
}

Test(args, unknown_flags_are_named)
{
	struct args a;
	struct err e;

	cr_assert_lt(PARSE(&a, &e, "-bogus", "start"), 0);
	cr_assert(strstr(e.msg, "-bogus"));
}

Test(args, a_flag_at_the_end_lacks_its_value)
{
	struct args a;
	struct err e;

	cr_assert_lt(PARSE(&a, &e, "-id"), 0);
	cr_assert(strstr(e.msg, "-id needs a value"));
}

Test(args, a_switch_is_true_or_false)
{
	struct args a;
	struct err e;

	cr_assert_lt(PARSE(&a, &e, "-debug=maybe", "start"), 0);
	cr_assert(strstr(e.msg, "maybe"));
}
