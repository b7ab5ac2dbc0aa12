/* SPDX-License-Identifier: Apache-2.0 */
/* Masked and read-only paths. */
#include <criterion/criterion.h>
#include <limits.h>
#include <string.h>

#include "plans.h"

TestSuite(paths_plan, .init = plans_enter, .fini = plans_leave);

Test(paths_plan, paths_are_cleaned_and_keep_their_order)
{
	struct spec s = { .linux_ = { .masked_paths =
					      SPEC_STRINGS("/proc/kcore", "//sys/../etc/x/"),
				      .readonly_paths = SPEC_STRINGS("/proc/./sys", "/../..") } };

	cr_assert_eq(paths_plan(&host, &s, &plan, &error), 0);
	cr_assert_eq(plan.rootfs.n_masked, 2);
	cr_expect_str_eq(plan.rootfs.masked[0], "/proc/kcore");
	cr_expect_str_eq(plan.rootfs.masked[1], "/etc/x");
	cr_assert_eq(plan.rootfs.n_readonly_paths, 2);
	cr_expect_str_eq(plan.rootfs.readonly_paths[0], "/proc/sys");
	cr_expect_str_eq(plan.rootfs.readonly_paths[1], "/");
}

Test(paths_plan, none_is_fine)
{
	cr_assert_eq(paths_plan(&host, &(struct spec){ 0 }, &plan, &error), 0);
	cr_expect_eq(plan.rootfs.n_masked, 0);
	cr_expect_eq(plan.rootfs.n_readonly_paths, 0);
}

Test(paths_plan, a_path_that_is_too_long_is_named)
{
	static char path[PATH_MAX + 2];
	struct spec s = { .linux_.readonly_paths = SPEC_STRINGS("/a", path) };

	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	cr_assert_eq(paths_plan(&host, &s, &plan, &error), -EINVAL);
	cr_expect_str_eq(error.where, "linux.readonlyPaths[1]");
}
