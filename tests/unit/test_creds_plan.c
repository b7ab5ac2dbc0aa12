/* SPDX-License-Identifier: Apache-2.0 */
/* Ids and capabilities: what is asked for, what can be had, and what a process then is. */
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "init/init.h"
#include "plans.h"

#define BIT(cap) (UINT64_C(1) << (cap))

static struct plan_process process;
/* Everything can be granted in a user namespace, and nothing is asked of the host in a dry run. */
static const struct host_env dry = { .dry_run = true };
static const struct spec no_userns;

static void set_up(void)
{
	plans_enter();
	process = (struct plan_process){ .umask = 022 };
}

TestSuite(creds_plan, .init = set_up, .fini = plans_leave);

static void plan_of(const struct host_env *h, const struct spec_process *sp)
{
	cr_assert_eq(creds_plan(h, &no_userns, sp, &process, plan.arena, &error), 0);
}

Test(creds_plan, names_are_those_of_the_specification)
{
	cr_assert_eq(creds_capability("CAP_CHOWN"), CAP_CHOWN);
	cr_assert_eq(creds_capability("CAP_CHECKPOINT_RESTORE"), CAP_CHECKPOINT_RESTORE);
	cr_assert_eq(creds_capability("chown"), -EINVAL);
	cr_assert_eq(creds_capability("cap_chown"), -EINVAL);
	cr_assert_eq(creds_capability("CAP_"), -EINVAL);
	cr_assert_eq(creds_capability("3"), -EINVAL);
}

Test(creds_plan, every_listed_name_is_recognised_as_its_number)
{
	const char *const *names = creds_capability_names();
	int n = 0;

	for (; names[n]; n++)
		cr_assert_eq(creds_capability(names[n]), n, "%s", names[n]);
	cr_assert_geq(n, CAP_CHECKPOINT_RESTORE + 1);
	cr_assert_str_eq(names[CAP_SYS_ADMIN], "CAP_SYS_ADMIN");
}

Test(creds_plan, absent_capabilities_are_none)
{
	struct spec_process sp = { 0 };

	process.caps.bounding = process.caps.permitted = BIT(CAP_KILL);
	plan_of(&dry, &sp);
	cr_assert_eq(process.caps.bounding, 0);
	cr_assert_eq(process.caps.permitted, 0);
}

Test(creds_plan, unknown_names_are_left_out)
{
	struct spec_capabilities caps = { .bounding = SPEC_STRINGS("CAP_KILL", "CAP_TO_FLY") };
	struct spec_process sp = { .capabilities = &caps };

	plan_of(&dry, &sp);
	cr_assert_eq(process.caps.bounding, BIT(CAP_KILL));
}

Test(creds_plan, sets_never_ask_for_what_the_kernel_refuses)
{
	struct spec_capabilities caps = {
		.bounding = SPEC_STRINGS("CAP_KILL", "CAP_CHOWN"),
		.permitted = SPEC_STRINGS("CAP_KILL"),
		.effective = SPEC_STRINGS("CAP_KILL", "CAP_CHOWN"),
		.inheritable = SPEC_STRINGS("CAP_CHOWN", "CAP_KILL", "CAP_FOWNER"),
		.ambient = SPEC_STRINGS("CAP_KILL", "CAP_CHOWN"),
	};
	struct spec_process sp = { .capabilities = &caps };

	plan_of(&dry, &sp);
	cr_assert_eq(process.caps.bounding, BIT(CAP_KILL) | BIT(CAP_CHOWN));
	cr_assert_eq(process.caps.effective, BIT(CAP_KILL));
	cr_assert_eq(process.caps.inheritable, BIT(CAP_KILL) | BIT(CAP_CHOWN));
	cr_assert_eq(process.caps.ambient, BIT(CAP_KILL));
}

/* The value of a line of /proc/self/status, hexadecimal. */
static uint64_t status_mask(const char *name)
{
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long long mask = 0;
	char line[256];

	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, name, strlen(name)) == 0)
			sscanf(line + strlen(name), ": %llx", &mask);
	if (status)
		fclose(status);
	return mask;
}

/* What the parent cannot have, no child gets: the plan drops it and nothing fails. */
static int drop_kill_and_plan(void)
{
	struct spec_capabilities caps = { .bounding = SPEC_STRINGS("CAP_KILL", "CAP_CHOWN"),
					  .permitted = SPEC_STRINGS("CAP_KILL", "CAP_CHOWN") };
	struct spec_process sp = { .capabilities = &caps };
	struct plan_process bare = { .caps = { .permitted = BIT(CAP_CHOWN) | BIT(CAP_SETPCAP),
					       .effective = BIT(CAP_SETPCAP),
					       .bounding = BIT(CAP_CHOWN) } };

	if (creds_apply(&bare, &error) < 0)
		return 1;
	plan_of(&host, &sp);
	return process.caps.bounding == BIT(CAP_CHOWN) && process.caps.permitted == BIT(CAP_CHOWN)
		       ? 0
		       : 2;
}

/* Runs fn in a child, for it gives up its rights; expects 0. */
static void expect_child(int (*fn)(void))
{
	int status;
	pid_t child;

	if (geteuid() != 0)
		cr_skip_test("changing ids and capabilities needs root");
	child = fork();
	if (child == 0)
		_exit(fn());
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0, "status 0x%x", status);
}

Test(creds_plan, what_the_runtime_lacks_is_left_out)
{
	expect_child(drop_kill_and_plan);
}

static int become_user(void)
{
	static const gid_t groups[] = { 55, 66 };
	const struct plan_process pp = {
		.uid = 1234,
		.gid = 2345,
		.umask = 027,
		.groups = groups,
		.n_groups = 2,
		.caps = { .bounding = BIT(CAP_KILL) | BIT(CAP_CHOWN),
			  .permitted = BIT(CAP_KILL),
			  .effective = BIT(CAP_KILL),
			  .inheritable = BIT(CAP_KILL),
			  .ambient = BIT(CAP_KILL) },
	};
	gid_t seen[3];
	uid_t r, e, s;

	if (creds_apply(&pp, &error) < 0)
		return 1;
	if (getresuid(&r, &e, &s) < 0 || r != 1234 || e != 1234 || s != 1234 || getgid() != 2345)
		return 2;
	if (getgroups(3, seen) != 2 || seen[0] != 55 || seen[1] != 66)
		return 3;
	if (umask(0) != 027)
		return 4;
	if (status_mask("CapBnd") != (BIT(CAP_KILL) | BIT(CAP_CHOWN)))
		return 5;
	return status_mask("CapPrm") == BIT(CAP_KILL) && status_mask("CapEff") == BIT(CAP_KILL) &&
			       status_mask("CapInh") == BIT(CAP_KILL) &&
			       status_mask("CapAmb") == BIT(CAP_KILL)
		       ? 0
		       : 6;
}

Test(creds_plan, process_has_exactly_the_planned_rights)
{
	expect_child(become_user);
}

static int keep_nothing(void)
{
	const struct plan_process pp = { .uid = 7, .gid = 7 };

	if (creds_apply(&pp, &error) < 0)
		return 1;
	if (getgroups(0, NULL) != 0)
		return 2;
	return status_mask("CapBnd") | status_mask("CapPrm") | status_mask("CapEff") |
			       status_mask("CapInh") | status_mask("CapAmb")
		       ? 3
		       : 0;
}

Test(creds_plan, empty_sets_leave_nothing)
{
	expect_child(keep_nothing);
}
