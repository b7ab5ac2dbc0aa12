/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: made, completed, shown. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"

static const char *text_of(const struct err *e)
{
	static char text[640];

	cr_expect_eq(err_text(e, text, sizeof(text)), strlen(text));
	return text;
}

Test(err, a_failed_call_names_operation_object_and_reason)
{
	struct err e;

	cr_assert_eq(err_sys(&e, EPERM, "mount", "%s on %s", "proc", "/proc"), -EPERM);
	cr_assert_str_eq(text_of(&e), "mount: proc on /proc: Operation not permitted");
}

Test(err, negative_and_positive_errno_mean_the_same)
{
	struct err e;

	cr_assert_eq(err_sys(&e, -ENOENT, "open", "x"), -ENOENT);
	cr_assert_eq(e.errnum, ENOENT);
}

Test(err, a_failed_call_without_errno_still_fails)
{
	struct err e;

	cr_assert_lt(err_sys(&e, 0, "open", "x"), 0);
}

Test(err, an_errno_nobody_knows_is_told_all_the_same)
{
	struct err e;

	err_sys(&e, 4000, "open", "x");
	cr_assert_gt(strlen(text_of(&e)), strlen("open: x: ")); /* what it says is up to the libc */
}

Test(err, bad_input_names_its_place)
{
	struct err e;

	cr_assert_eq(err_bad(&e, "process.cwd", "must be absolute"), -EINVAL);
	cr_assert_eq(e.kind, ERR_INVALID);
	cr_assert_str_eq(text_of(&e), "process.cwd: must be absolute");
}

Test(err, places_join_with_dots_except_before_an_index)
{
	struct err e;

	err_bad(&e, "options", "empty");
	err_at(&e, "[%d]", 3);
	cr_assert_str_eq(e.where, "[3].options");
	cr_assert_eq(err_at(&e, "mounts"), -EINVAL);
	cr_assert_str_eq(e.where, "mounts[3].options");
}

Test(err, a_place_may_be_given_afterwards)
{
	struct err e;

	err_kind(&e, ERR_UNSUPPORTED, "not here");
	cr_assert_eq(err_at(&e, "linux.%s", "personality"), -EOPNOTSUPP);
	cr_assert_str_eq(text_of(&e), "linux.personality: not here");
}

Test(err, wrapping_puts_context_before_the_message)
{
	struct err e;

	err_sys(&e, ENOENT, "exec", "/bin/x");
	cr_assert_eq(err_wrap(&e, "hook %s", "prestart"), -ENOENT);
	cr_assert_str_eq(text_of(&e), "exec: hook prestart: /bin/x: No such file or directory");
	err_nomem(&e);
	err_wrap(&e, "plan");
	cr_assert_str_eq(text_of(&e), "malloc: plan: Cannot allocate memory");
}

Test(err, arguments_may_point_into_the_error_being_replaced)
{
	struct err e;

	err_bad(&e, "root.path", "is empty");
	err_kind(&e, ERR_NOTFOUND, "%s %s", e.where, e.msg);
	cr_assert_str_eq(text_of(&e), "root.path is empty");
}

Test(err, long_text_is_cut_and_the_longest_error_fits_640_bytes)
{
	char longer[2000];
	struct err e;

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err_sys(&e, EAFNOSUPPORT, longer, "%s", longer);
	for (int i = 0; i < 3; i++)
		err_at(&e, "%s", longer);
	err_wrap(&e, "%s", longer);
	cr_assert_eq(strlen(e.op), sizeof(e.op) - 1);
	cr_assert_eq(strlen(e.where), sizeof(e.where) - 1);
	cr_assert_eq(strlen(e.msg), sizeof(e.msg) - 1);
	cr_assert_lt(strlen(text_of(&e)), 640);
}

Test(err, text_stays_within_a_small_buffer)
{
	char text[8];
	struct err e;

	err_sys(&e, EPERM, "mount", "proc");
	cr_assert_eq(err_text(&e, text, sizeof(text)), 7);
	cr_assert_str_eq(text, "mount: ");
}

Test(err, nothing_of_an_old_error_survives_in_the_bytes_of_a_new_one)
{
	struct err e, clean = { .kind = ERR_STATE, .msg = "stopped" };

	memset(&e, 0xaa, sizeof(e));
	err_kind(&e, ERR_STATE, "stopped");
	cr_assert_eq(memcmp(&e, &clean, sizeof(e)), 0);
}

Test(err, every_kind_has_a_name_of_its_own_an_errno_and_a_status)
{
	for (int i = ERR_NONE + 1; i < ERR_N_KINDS; i++) {
		struct err e;

		cr_expect_lt(err_kind(&e, (enum err_kind)i, "x"), 0);
		cr_expect_eq(err_errno(&e), err_at(&e, "y"));
		cr_expect_gt(err_kind_status((enum err_kind)i), 0);
		for (int k = ERR_NONE; k < i; k++) {
			cr_expect_str_neq(err_kind_name((enum err_kind)i),
					  err_kind_name((enum err_kind)k));
			cr_expect_neq(err_kind_status((enum err_kind)i),
				      err_kind_status((enum err_kind)k));
		}
	}
}

Test(err, text_is_one_line_whatever_its_parts_hold)
{
	struct err e;

	err_sys(&e, ENOENT, "open", "%s", "a\nb\x1b[31m\x7f\xc3\xa9");
	err_at(&e, "mounts[\"%s\"]", "\t");
	cr_assert_str_eq(text_of(&e), "mounts[\"?\"]: open: a?b?[31m?\xc3\xa9: "
				      "No such file or directory");
}

Test(err, no_error_is_no_errno_and_no_text)
{
	struct err e = { .kind = ERR_NONE };

	cr_assert_eq(err_errno(&e), 0);
	cr_assert_str_eq(text_of(&e), "");
}

Test(err, a_kind_received_from_elsewhere_is_not_trusted)
{
	struct err e = { .kind = 1 << 20 };

	cr_assert_lt(err_errno(&e), 0);
	cr_assert_str_eq(err_kind_name((enum err_kind)e.kind), "bug");
}
