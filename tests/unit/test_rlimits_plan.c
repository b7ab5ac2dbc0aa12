/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits: by name, applied to another process. */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "plans.h"

TestSuite(rlimits_plan, .init = plans_enter, .fini = plans_leave);

static struct plan_process process;

static int plan_of(struct spec_rlimit *limits, size_t n)
{
	struct spec_process sp = { .rlimits = { .items = limits, .n = n } };

	return rlimits_plan(&sp, &process, plan.arena, &error);
}

Test(rlimits_plan, soft_and_hard_are_kept_exactly)
{
	struct spec_rlimit limits[] = { { "RLIMIT_NOFILE", 100, 200 },
					{ "RLIMIT_CORE", 0, UINT64_MAX } };

	cr_assert_eq(plan_of(limits, 2), 0);
	cr_assert_eq(process.n_rlimits, 2);
	cr_assert_eq(process.rlimits[0].resource, RLIMIT_NOFILE);
	cr_assert_eq(process.rlimits[0].value.rlim_cur, 100);
	cr_assert_eq(process.rlimits[0].value.rlim_max, 200);
	cr_assert_eq(process.rlimits[1].value.rlim_max, RLIM_INFINITY);
}

Test(rlimits_plan, unknown_name_is_refused_with_its_place)
{
	struct spec_rlimit limits[] = { { "RLIMIT_CORE", 0, 0 }, { "RLIMIT_TEST", 1, 2 } };

	cr_assert_eq(plan_of(limits, 2), -EINVAL);
	cr_assert_str_eq(error.where, "process.rlimits[1].type");
}

static pid_t sleeper(void)
{
	pid_t child = fork();

	if (child == 0)
		pause();
	cr_assert_gt(child, 0);
	return child;
}

Test(rlimits_plan, applies_to_the_process_that_waits)
{
	struct spec_rlimit limits[] = { { "RLIMIT_NOFILE", 33, 44 } };
	pid_t child = sleeper();
	struct rlimit seen;

	cr_assert_eq(plan_of(limits, 1), 0);
	cr_assert_eq(rlimits_apply(&process, child, &error), 0, "%s", error.msg);
	cr_assert_eq(prlimit(child, RLIMIT_NOFILE, NULL, &seen), 0);
	cr_assert(seen.rlim_cur == 33 && seen.rlim_max == 44);
	kill(child, SIGKILL);
}

Test(rlimits_plan, raising_a_hard_limit_names_limit_and_right)
{
	struct spec_rlimit limits[] = { { "RLIMIT_NOFILE", 10, 20 }, { "RLIMIT_NOFILE", 10, 21 } };
	pid_t child = sleeper();
	int r;

	cr_assert_eq(plan_of(limits, 2), 0);
	r = rlimits_apply(&process, child, &error);
	kill(child, SIGKILL);
	if (r == 0)
		cr_skip_test("CAP_SYS_RESOURCE is here");
	cr_assert_eq(r, -EPERM);
	cr_assert_str_eq(error.where, "process.rlimits[1]");
	cr_assert(strstr(error.msg, "RLIMIT_NOFILE to 21"), "%s", error.msg);
	cr_assert(strstr(error.msg, "CAP_SYS_RESOURCE"), "%s", error.msg);
}
