/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments, environment and the rest of the program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/fd.h"
#include "plans.h"

static const struct host_env dry = { .id = "box", .bundle = "/", .dry_run = true };
static struct plan_process process;

static void set_up(void)
{
	plans_enter();
	process = (struct plan_process){ 0 };
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
}

TestSuite(process_plan, .init = set_up, .fini = plans_leave);

/* The process of create. */
static int plan_with(const struct host_env *h, struct spec_process *sp)
{
	const struct spec s = { .process = sp };
	const spec_strings args = SPEC_STRINGS("a");

	if (!sp->args.items)
		sp->args = args;
	if (!sp->cwd)
		sp->cwd = "/";
	return process_plan(h, &s, sp, &process, plan.arena, &error);
}

static void plan_of(struct spec_process sp)
{
	cr_assert_eq(plan_with(&dry, &sp), 0, "%s", error.msg);
}

static void expect_list(const char *const *list, const char *const *expected)
{
	size_t i = 0;

	for (; expected[i]; i++) {
		cr_assert(list[i], "%s is missing", expected[i]);
		cr_assert_str_eq(list[i], expected[i]);
	}
	cr_assert_null(list[i], "%s is too many", list[i]);
}
#define EXPECT_LIST(list, ...) expect_list((list), (const char *const[]){ __VA_ARGS__, NULL })

Test(process_plan, later_duplicate_wins_at_the_place_of_the_first)
{
	plan_of((struct spec_process){
		.env = SPEC_STRINGS("A=1", "HOME=/h", "B=2", "A=3", "AB=4", "B=", "A=5") });
	EXPECT_LIST(process.envp, "A=5", "HOME=/h", "B=", "AB=4");
}

Test(process_plan, arguments_are_kept_as_they_are)
{
	plan_of((struct spec_process){ .args = SPEC_STRINGS("sh", "-c", "", "sh") });
	EXPECT_LIST(process.argv, "sh", "-c", "", "sh");
}

Test(process_plan, path_is_that_of_the_environment_or_execvps)
{
	plan_of((struct spec_process){ .env = SPEC_STRINGS("PATH=/x", "PATH=/y:/z") });
	cr_assert_str_eq(process.path, "/y:/z");
	plan_of((struct spec_process){ .env = SPEC_STRINGS("PATHS=/x") });
	cr_assert_str_eq(process.path, "/bin:/usr/bin");
	plan_of((struct spec_process){ .env = SPEC_STRINGS("PATH=") });
	cr_assert_str_eq(process.path, "");
}

Test(process_plan, given_home_needs_no_look_up)
{
	plan_of((struct spec_process){ .env = SPEC_STRINGS("HOME=/h") });
	cr_assert_null(process.home);
}

Test(process_plan, missing_or_empty_home_is_an_entry_that_can_be_written_after_the_seal)
{
	plan_of((struct spec_process){ .env = SPEC_STRINGS("HOME=", "A=1") });
	cr_assert_eq(arena_seal(plan.arena), 0);
	EXPECT_LIST(process.envp, "HOME=/", "A=1");
	strcpy(process.home, "HOME=/found");
	EXPECT_LIST(process.envp, "HOME=/found", "A=1");

	cr_assert_eq(plan_init(&plan, &error), 0);
	process = (struct plan_process){ 0 };
	plan_of((struct spec_process){ .env = SPEC_STRINGS("A=1") });
	EXPECT_LIST(process.envp, "A=1", "HOME=/");
}

Test(process_plan, defaults_of_what_is_not_given)
{
	plan_of((struct spec_process){ .cwd = "/work" });
	cr_assert_eq(process.umask, 0022);
	cr_assert_str_eq(process.cwd, "/work");
	cr_assert_not(process.terminal);
	cr_assert_eq(process.n_groups, 0);
	cr_assert_eq(process.preserve_fds, 0);
	cr_assert_not(process.no_new_privs);
}

Test(process_plan, user_umask_and_groups_are_kept)
{
	plan_of((struct spec_process){ .user = { .uid = 5,
						 .gid = 6,
						 .has_umask = true,
						 .umask = 0,
						 .additional_gids = SPEC_ITEMS(uint32_t, 9, 8) } });
	cr_assert(process.uid == 5 && process.gid == 6);
	cr_assert_eq(process.umask, 0);
	cr_assert_eq(process.n_groups, 2);
	cr_assert(process.groups[0] == 9 && process.groups[1] == 8);
}

Test(process_plan, console_size_counts_with_a_terminal_only)
{
	plan_of((struct spec_process){ .console_size = { .height = 24, .width = 80 } });
	cr_assert(process.rows == 0 && process.columns == 0);
	plan_of((struct spec_process){ .terminal = true,
				       .console_size = { .height = 24, .width = 80 } });
	cr_assert(process.rows == 24 && process.columns == 80);
}

Test(process_plan, keyring_is_new_unless_unwanted)
{
	struct host_env h = dry;
	struct spec_process sp = { 0 };

	plan_of(sp);
	cr_assert_not_null(process.session_keyring);
	process = (struct plan_process){ 0 };
	h.no_new_keyring = true;
	cr_assert_eq(plan_with(&h, &sp), 0);
	cr_assert_null(process.session_keyring);
}

/* Whatever they are of the test's own: open, and meant to be handed down. */
static void have_handed_down(int n)
{
	for (int fd = 3; fd < 3 + n; fd++)
		if (fcntl(fd, F_SETFD, 0) < 0)
			cr_assert_eq(dup2(STDIN_FILENO, fd), fd);
}

Test(process_plan, sockets_of_the_caller_are_passed_on_as_those_of_process_1)
{
	struct host_env h = { .id = "box", .bundle = "/", .preserve_fds = 1 };
	struct spec_process sp = { .env = SPEC_STRINGS("HOME=/", "LISTEN_FDS=9") };
	char pid[16];

	have_handed_down(3);
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("LISTEN_FDS", "2", 1);
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDNAMES", "a:b", 1);
	cr_assert_eq(plan_with(&h, &sp), 0, "%s", error.msg);
	cr_assert_eq(process.preserve_fds, 3);
	EXPECT_LIST(process.envp, "HOME=/", "LISTEN_FDS=2", "LISTEN_PID=1", "LISTEN_FDNAMES=a:b");
}

Test(process_plan, what_closes_with_an_exec_was_not_handed_down)
{
	struct host_env h = { .id = "box", .bundle = "/", .preserve_fds = 2 };
	struct spec_process sp = { .env = SPEC_STRINGS("HOME=/") };

	have_handed_down(2);
	cr_assert_eq(plan_with(&h, &sp), 0, "%s", error.msg);
	cr_assert_eq(fcntl(4, F_SETFD, FD_CLOEXEC), 0);
	cr_assert_lt(plan_with(&h, &sp), 0);
	cr_expect_str_eq(error.msg, "option --preserve-fds 2: descriptor 4 is not open");
}

Test(process_plan, sockets_meant_for_another_process_are_not_ours)
{
	struct spec_process sp = { .env = SPEC_STRINGS("HOME=/") };

	setenv("LISTEN_FDS", "2", 1);
	setenv("LISTEN_PID", "1", 1);
	cr_assert_eq(plan_with(&host, &sp), 0, "%s", error.msg);
	cr_assert_eq(process.preserve_fds, 0);
	EXPECT_LIST(process.envp, "HOME=/");
}

static char *string_of(size_t len, const char *begin)
{
	char *s = arena_alloc(plan.arena, len + 1);

	memset(s, 'x', len);
	memcpy(s, begin, strlen(begin));
	return s;
}

Test(process_plan, string_longer_than_the_kernel_takes_is_refused_with_its_place)
{
	struct spec_process sp = { .env = SPEC_STRINGS("A=1", string_of(128 * 1024 - 1, "B=")) };

	cr_assert_eq(plan_with(&dry, &sp), 0, "%s", error.msg);
	sp.env = (spec_strings)SPEC_STRINGS("A=1", string_of(128 * 1024, "B="));
	cr_assert_eq(plan_with(&dry, &sp), -EINVAL);
	cr_assert_str_eq(error.where, "process.env[1]");
	sp = (struct spec_process){ .args = SPEC_STRINGS(string_of(128 * 1024, "a")) };
	cr_assert_eq(plan_with(&dry, &sp), -EINVAL);
	cr_assert_str_eq(error.where, "process.args[0]");
}

Test(process_plan, total_is_bound_by_the_stack_the_program_will_have)
{
	struct spec_rlimit stack = { "RLIMIT_STACK", 1 << 20, 1 << 20 };
	const char *env[3] = { string_of(100000, "A="), string_of(100000, "B="),
			       string_of(100000, "C=") };
	struct spec_process sp = { .env = { .items = env, .n = 3 },
				   .rlimits = { .items = &stack, .n = 1 } };

	cr_assert_eq(plan_with(&dry, &sp), -EINVAL);
	cr_assert_str_eq(error.where, "process.env");
	sp.env.n = 2;
	cr_assert_eq(plan_with(&dry, &sp), 0, "%s", error.msg);
}

Test(process_plan, many_entries_are_handled_in_linear_time)
{
	enum { N = 200000 };
	const char **env = arena_array_of(plan.arena, const char *, N);
	struct spec_process sp = { .env = { .items = env, .n = N } };
	int64_t begin;

	for (int i = 0; i < N; i++)
		env[i] = arena_printf(plan.arena, "V%d=%d", i % (N / 2), i);
	begin = fd_now_ms();
	cr_assert_eq(plan_with(&dry, &sp), 0, "%s", error.msg);
	cr_assert_lt(fd_now_ms() - begin, 1000);
	cr_assert_str_eq(process.envp[0], "V0=100000");
	cr_assert_str_eq(process.envp[N / 2 - 1], "V99999=199999");
	cr_assert_str_eq(process.envp[N / 2], "HOME=/");
	cr_assert_null(process.envp[N / 2 + 1]);
}
