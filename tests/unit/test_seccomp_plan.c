/* SPDX-License-Identifier: Apache-2.0 */
/* From linux.seccomp to the plan: what is refused and where, what the kernel then does. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "host/host.h"
#include "spec/spec_check.h"
#include "sys/sys.h"

static struct arena *arena;
static struct err e;
static struct plan_process plan;

static void set_up(void)
{
	arena = arena_new();
	e = (struct err){ 0 };
	plan = (struct plan_process){ 0 };
}

static void tear_down(void)
{
	arena = arena_free(arena);
}

TestSuite(seccomp_plan, .init = set_up, .fini = tear_down, .timeout = 60);

/* Decodes, checks and plans a linux.seccomp object. */
static int plan_text(const char *seccomp)
{
	static const struct host_env env;
	char *text =
		arena_printf(arena,
			     "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},"
			     "\"linux\":{\"namespaces\":[{\"type\":\"mount\"}],\"seccomp\":%s}}",
			     seccomp);
	struct spec *s;
	int r = spec_parse_config(text, strlen(text), arena, NULL, &s, &e);

	if (r >= 0)
		r = spec_check(s, NULL, &e);
	return r < 0 ? r : seccomp_plan(&env, s, &plan, arena, &e);
}

/* One rule for default ALLOW. */
static int plan_rule(const char *rule)
{
	return plan_text(arena_printf(
		arena, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[%s]}", rule));
}

static void assert_planned(int r)
{
	cr_assert_eq(r, 0, "%s: %s", e.where, e.msg);
	cr_assert_not_null(plan.seccomp.prog);
}

static void assert_refused(int r, int kind, const char *where)
{
	cr_assert_lt(r, 0);
	cr_assert_eq(e.kind, kind, "%s: %s", e.where, e.msg);
	cr_assert_str_eq(e.where, where);
	cr_assert_null(plan.seccomp.prog);
}

Test(seccomp_plan, without_a_profile_there_is_no_filter)
{
	static const struct host_env env;
	static const struct spec s;

	cr_assert_eq(seccomp_plan(&env, &s, &plan, arena, &e), 0);
	cr_assert_null(plan.seccomp.prog);
}

Test(seccomp_plan, a_profile_without_rules_is_fine)
{
	assert_planned(plan_text("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[]}"));
	tear_down();
	set_up();
	assert_planned(plan_text("{\"defaultAction\":\"SCMP_ACT_KILL\"}"));
}

Test(seccomp_plan, a_missing_default_is_refused)
{
	assert_refused(plan_text("{}"), ERR_INVALID, "linux.seccomp.defaultAction");
}

Test(seccomp_plan, notify_makes_a_listener)
{
	assert_planned(plan_text(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/l\",\"syscalls\":["
		"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\"},"
		"{\"names\":[\"write\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}"));
	cr_assert(plan.seccomp.listener);
	cr_assert_eq(plan.seccomp.flags,
		     SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}

Test(seccomp_plan, a_listener_path_without_notify_makes_none)
{
	assert_planned(plan_text("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/l\"}"));
	cr_assert_not(plan.seccomp.listener);
	cr_assert_eq(plan.seccomp.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}

Test(seccomp_plan, with_a_listener_waiting_for_it_is_kept_and_threads_are_not_synced)
{
	assert_planned(plan_text(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/l\",\"flags\":["
		"\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\",\"SECCOMP_FILTER_FLAG_TSYNC\"],"
		"\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}"));
	cr_assert_eq(plan.seccomp.flags,
		     SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
}

Test(seccomp_plan, an_errno_over_4095_is_refused)
{
	assert_refused(
		plan_rule("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4096}"),
		ERR_INVALID, "linux.seccomp.syscalls[0].errnoRet");
}

Test(seccomp_plan, an_unknown_architecture_is_refused)
{
	assert_refused(plan_text("{\"defaultAction\":\"SCMP_ACT_ALLOW\","
				 "\"architectures\":[\"SCMP_ARCH_X86\",\"VAX\"]}"),
		       ERR_INVALID, "linux.seccomp.architectures[1]");
}

Test(seccomp_plan, an_unknown_flag_is_refused)
{
	assert_refused(plan_text("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"X\"]}"),
		       ERR_INVALID, "linux.seccomp.flags[0]");
}

Test(seccomp_plan, rules_that_contradict_each_other_are_refused)
{
	assert_refused(plan_rule("{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":["
				 "{\"index\":1,\"value\":8,\"op\":\"SCMP_CMP_EQ\"}]},"
				 "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\"},"
				 "{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_LOG\",\"args\":["
				 "{\"index\":1,\"value\":8,\"op\":\"SCMP_CMP_EQ\"}]}"),
		       ERR_INVALID, "linux.seccomp.syscalls[2]");
}

Test(seccomp_plan, flags_are_those_given)
{
	assert_planned(plan_text("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":["
				 "\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_TSYNC\"]}"));
	cr_assert_eq(plan.seccomp.flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_TSYNC);
}

Test(seccomp_plan, flags_default_to_spec_allow_but_an_empty_list_is_none)
{
	assert_planned(plan_text("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}"));
	cr_assert_eq(plan.seccomp.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	assert_planned(plan_text("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[]}"));
	cr_assert_eq(plan.seccomp.flags, 0);
}

Test(seccomp_plan, waiting_for_a_listener_without_one_is_dropped)
{
	assert_planned(plan_text("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":["
				 "\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]}"));
	cr_assert_eq(plan.seccomp.flags, 0);
}

/* 20,000 rules: head, a number, tail. Quadratic code would take a minute. */
static int plan_many(const char *head, const char *tail)
{
	struct buf b = { 0 };
	clock_t start;
	int r;

	for (unsigned i = 0; i < 20000; i++)
		buf_fmt(&b, "%s%s%u%s", i ? "," : "", head, i % 4000, tail);
	cr_assert_eq(buf_ok(&b), 0);
	start = clock();
	r = plan_rule(b.data);
	cr_expect_lt((double)(clock() - start) / CLOCKS_PER_SEC, 1.0);
	buf_done(&b);
	return r;
}

Test(seccomp_plan, twenty_thousand_rules_without_arguments_take_no_time)
{
	assert_planned(plan_many("{\"names\":[\"ioctl\",\"read\"],\"action\":\"SCMP_ACT_ERRNO\","
				 "\"errnoRet\":",
				 "}"));
}

Test(seccomp_plan, twenty_thousand_rules_with_equal_arguments_take_no_time)
{
	assert_planned(plan_many("{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":["
				 "{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":",
				 "}]}"));
}

Test(seccomp_plan, twenty_thousand_rules_with_many_arguments_are_quickly_too_many)
{
	assert_refused(plan_many("{\"names\":[\"ioctl\",\"read\"],\"action\":\"SCMP_ACT_TRAP\","
				 "\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_NE\",\"value\":",
				 "}]}"),
		       ERR_INVALID, "linux.seccomp.syscalls");
}

Test(seccomp_plan, twenty_thousand_rules_that_contradict_are_quickly_refused)
{
	cr_assert_eq(plan_many("{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":["
			       "{\"index\":0,\"op\":\"SCMP_CMP_NE\",\"value\":1}],\"errnoRet\":",
			       "}"),
		     -EINVAL);
}

/* Loads the planned filter in a child and calls probe there: its return value is the exit status. */
static int under_filter(int (*probe)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int r = sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

		if (r == 0)
			r = sys_seccomp(SECCOMP_SET_MODE_FILTER, plan.seccomp.flags,
					plan.seccomp.prog);
		syscall(SYS_exit_group, r < 0 ? 100 : probe());
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int probe_comparisons(void)
{
	bool fine = syscall(SYS_getpriority, PRIO_PROCESS, 0) > 0;

	fine &= syscall(SYS_getpriority, PRIO_USER, 0) == -1 && errno == 77;
	fine &= syscall(SYS_getpriority, PRIO_PROCESS, 1ULL << 32 | 5) == -1 && errno == 78;
	fine &= syscall(SYS_getppid) == -1 && errno == EPERM;
	return fine ? 0 : 1;
}

Test(seccomp_plan, the_kernel_does_what_the_rules_say)
{
	assert_planned(plan_rule(
		"{\"names\":[\"getpriority\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":77,\"args\":["
		"{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]},"
		"{\"names\":[\"getpriority\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":78,\"args\":["
		"{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_NE\"},"
		"{\"index\":1,\"value\":4294967300,\"op\":\"SCMP_CMP_GT\"}]},"
		"{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_ERRNO\"}"));
	cr_assert_eq(under_filter(probe_comparisons), 0);
}

static int probe_getppid(void)
{
	return (int)syscall(SYS_getppid) < 0;
}

Test(seccomp_plan, kill_process_kills)
{
	assert_planned(plan_rule("{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"}"));
	cr_assert_eq(under_filter(probe_getppid), -SIGSYS);
}

Test(seccomp_plan, what_the_default_says_anyway_is_allowed)
{
	assert_planned(plan_rule("{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_ALLOW\"}"));
	cr_assert_eq(under_filter(probe_getppid), 0);
}
