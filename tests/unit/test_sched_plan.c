/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling: compiled, and applied to a process that waits. */
#include <linux/ioprio.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/file.h"
#include "plans.h"

TestSuite(sched_plan, .init = plans_enter, .fini = plans_leave);

static struct plan_process process;

static void plan_of(const struct spec *s, const struct spec_process *sp)
{
	cr_assert_eq(sched_plan(s, sp, &process, plan.arena, &error), 0);
}

Test(sched_plan, what_is_not_given_is_not_touched)
{
	const struct spec s = { 0 };
	const struct spec_process sp = { 0 };

	plan_of(&s, &sp);
	cr_assert_not(process.sched.has_oom_score_adj);
	cr_assert_not(process.sched.has_attr);
	cr_assert_not(process.sched.has_personality);
	cr_assert_eq(process.sched.ioprio, -1);
}

Test(sched_plan, flags_are_joined_and_numbers_kept)
{
	struct spec_scheduler scheduler = { .policy = SCHED_FIFO,
					    .priority = 7,
					    .runtime = 1,
					    .deadline = 2,
					    .period = 3,
					    .flags = SPEC_ITEMS(uint64_t, 1, 4) };
	struct spec_personality persona = { .domain = PER_LINUX32 };
	const struct spec s = { .linux_.personality = &persona };
	const struct spec_process sp = { .scheduler = &scheduler };

	plan_of(&s, &sp);
	cr_assert_eq(process.sched.attr.policy, SCHED_FIFO);
	cr_assert_eq(process.sched.attr.priority, 7);
	cr_assert_eq(process.sched.attr.flags, 5);
	cr_assert_eq(process.sched.attr.period, 3);
	cr_assert(process.sched.has_personality);
	cr_assert_eq(process.sched.personality, PER_LINUX32);
}

Test(sched_plan, applies_to_the_process_that_waits)
{
	struct spec_scheduler scheduler = { .policy = SCHED_BATCH, .nice = 5 };
	struct spec_io_priority io = { .class = IOPRIO_CLASS_BE, .priority = 6 };
	const struct spec s = { 0 };
	const struct spec_process sp = { .scheduler = &scheduler,
					 .io_priority = &io,
					 .has_oom_score_adj = true,
					 .oom_score_adj = 777 };
	char path[64], text[32];
	pid_t child = fork();

	if (child == 0)
		pause();
	plan_of(&s, &sp);
	cr_assert_eq(sched_apply(&process, child, plan.proc_fd, &error), 0, "%s %s", error.where,
		     error.msg);
	cr_assert_eq(sched_getscheduler(child), SCHED_BATCH);
	cr_assert_eq(getpriority(PRIO_PROCESS, (id_t)child), 5);
	cr_assert_eq(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, child),
		     IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6));
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", child);
	cr_assert_geq(file_read_buf(AT_FDCWD, path, text, sizeof(text)), 0);
	cr_assert_str_eq(text, "777");
	kill(child, SIGKILL);
}

Test(sched_plan, kernel_refusal_names_the_property)
{
	const struct spec s = { 0 };
	const struct spec_process sp = { .has_oom_score_adj = true, .oom_score_adj = 5000 };

	plan_of(&s, &sp);
	cr_assert_eq(sched_apply(&process, getpid(), plan.proc_fd, &error), -EINVAL);
	cr_assert_str_eq(error.where, "process.oomScoreAdj");
}
