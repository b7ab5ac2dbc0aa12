/* SPDX-License-Identifier: Apache-2.0 */
/* Which namespaces are made and which are joined. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "plans.h"
#include "tempdir.h"

static void set_up(void)
{
	tempdir_enter();
	plans_enter();
}

static void tear_down(void)
{
	plans_leave();
	tempdir_leave();
}

TestSuite(namespaces_plan, .init = set_up, .fini = tear_down);

static int plan_of(const struct spec *s)
{
	return namespaces_plan(&host, s, &plan, &error);
}

Test(namespaces_plan, without_path_is_new_and_absent_is_shared)
{
	struct spec s = { .linux_.namespaces =
				  SPEC_ITEMS(struct spec_namespace, { .type = CLONE_NEWPID },
					     { .type = CLONE_NEWNS }, { .type = CLONE_NEWTIME }) };

	cr_assert_eq(plan_of(&s), 0);
	cr_assert_eq(plan.ns.new_flags, CLONE_NEWPID | CLONE_NEWNS);
	cr_assert(plan.ns.new_time);
	cr_assert_eq(plan.ns.n_join, 0);
	cr_assert_null(plan.ns.time_offsets);
}

Test(namespaces_plan, joins_come_in_the_order_that_the_kernel_needs)
{
	struct spec s = { .linux_.namespaces = SPEC_ITEMS(struct spec_namespace,
							  { CLONE_NEWNS, "/proc/self/ns/mnt" },
							  { CLONE_NEWPID, "/proc/self/ns/pid" },
							  { CLONE_NEWNET, "/proc/self/ns/net" },
							  { CLONE_NEWIPC, "/proc/self/ns/ipc" }) };
	const int order[] = { CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWPID, CLONE_NEWNS };

	cr_assert_eq(plan_of(&s), 0, "%s", error.msg);
	cr_assert_eq(plan.ns.n_join, ARRAY_SIZE(order));
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		cr_assert_eq(plan.ns.join[i].type, order[i]);
		cr_assert_eq(fcntl(plan.ns.join[i].fd, F_GETFD), FD_CLOEXEC);
	}
	cr_assert_not(plan.ns.needs_intermediate);
}

Test(namespaces_plan, own_user_namespace_is_not_joined_again)
{
	struct spec s = { .linux_.namespaces = SPEC_ITEMS(
				  struct spec_namespace, { CLONE_NEWUSER, "/proc/self/ns/user" }) };

	cr_assert_eq(plan_of(&s), 0, "%s", error.msg);
	cr_assert_eq(plan.ns.n_join, 0);
	cr_assert_not(plan.ns.needs_intermediate);
}

Test(namespaces_plan, foreign_user_namespace_needs_an_intermediate)
{
	struct spec s = { .linux_.namespaces = SPEC_ITEMS(struct spec_namespace,
							  { CLONE_NEWUSER, "child-user" }) };
	char path[64];
	pid_t child = fork();

	if (child == 0) {
		(void)!unshare(CLONE_NEWUSER);
		pause();
	}
	cr_assert_gt(child, 0);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", child);
	s.linux_.namespaces.items[0].path = path;
	for (int tries = 0; tries < 200 && plan.ns.n_join == 0; tries++) {
		cr_assert_eq(plan_of(&s), 0, "%s", error.msg);
		usleep(5000);
	}
	kill(child, SIGKILL);
	if (plan.ns.n_join == 0)
		cr_skip_test("user namespaces cannot be made here");
	cr_assert(plan.ns.needs_intermediate);
}

Test(namespaces_plan, namespace_of_another_type_is_refused_with_its_place)
{
	struct spec s = { .linux_.namespaces =
				  SPEC_ITEMS(struct spec_namespace, { .type = CLONE_NEWPID },
					     { CLONE_NEWNET, "/proc/self/ns/ipc" }) };

	cr_assert_eq(plan_of(&s), -EINVAL);
	cr_assert_str_eq(error.where, "linux.namespaces[1].path");
	cr_assert_str_eq(error.msg, "/proc/self/ns/ipc is not a network namespace");
}

Test(namespaces_plan, other_files_and_missing_ones_are_refused_without_waiting)
{
	struct spec s = { .linux_.namespaces =
				  SPEC_ITEMS(struct spec_namespace, { CLONE_NEWNET, "fifo" }) };

	cr_assert_eq(mkfifo("fifo", 0600), 0);
	cr_assert_eq(plan_of(&s), -EINVAL);
	s.linux_.namespaces.items[0].path = "missing";
	cr_assert_eq(plan_of(&s), -ENOENT);
	cr_assert_str_eq(error.where, "linux.namespaces[0].path");
}

Test(namespaces_plan, dry_run_looks_at_no_path)
{
	struct spec s = { .linux_.namespaces = SPEC_ITEMS(struct spec_namespace,
							  { CLONE_NEWUSER, "/missing" }) };
	struct host_env dry = { .dry_run = true };

	cr_assert_eq(namespaces_plan(&dry, &s, &plan, &error), 0);
	cr_assert_eq(plan.ns.n_join, 1);
	cr_assert_str_eq(plan.ns.join[0].path, "/missing");
	cr_assert_lt(plan.ns.join[0].fd, 0);
}

Test(namespaces_plan, time_offsets_are_text_for_the_kernel)
{
	struct spec s = { .linux_ = { .namespaces = SPEC_ITEMS(struct spec_namespace,
							       { .type = CLONE_NEWTIME }),
				      .monotonic = { .given = true, .secs = -3, .nanosecs = 7 },
				      .boottime = { .given = true, .secs = 86400 } } };

	cr_assert_eq(plan_of(&s), 0);
	cr_assert_str_eq(plan.ns.time_offsets, "monotonic -3 7\nboottime 86400 0\n");
}
