/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks: what they are given, how they end, what stops them. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "init/init.h"
#include "plans.h"
#include "tempdir.h"

static struct spec_hook hook;
static struct spec spec = { .oci_version = "1.3.0" };

static void set_up(void)
{
	tempdir_enter();
	host = (struct host_env){ .id = "box", .bundle = tempdir_path };
	plans_enter();
}

static void tear_down(void)
{
	plans_leave();
	tempdir_leave();
}

TestSuite(hooks, .init = set_up, .fini = tear_down, .timeout = 20);

static spec_hook_list *list_of(enum plan_hook_kind kind)
{
	spec_hook_list *const lists[] = {
		[PLAN_PRESTART] = &spec.hooks.prestart,
		[PLAN_CREATE_RUNTIME] = &spec.hooks.create_runtime,
		[PLAN_CREATE_CONTAINER] = &spec.hooks.create_container,
		[PLAN_START_CONTAINER] = &spec.hooks.start_container,
		[PLAN_POSTSTART] = &spec.hooks.poststart,
		[PLAN_POSTSTOP] = &spec.hooks.poststop,
	};

	return lists[kind];
}

static void plan_hooks(enum plan_hook_kind kind, struct spec_hook *items, size_t n)
{
	list_of(kind)->items = items;
	list_of(kind)->n = n;
	cr_assert_eq(hooks_plan(&host, &spec, &plan, &error), 0, "%s", error.msg);
}

/* One prestart hook that is a shell command. */
static int run_shell(const char *command)
{
	hook.path = "/bin/sh";
	hook.args = (spec_strings)SPEC_STRINGS("sh", "-c", command);
	plan_hooks(PLAN_PRESTART, &hook, 1);
	return hooks_run(&plan, PLAN_PRESTART, 4711, &error);
}

static const char *content(const char *path)
{
	static char text[65536];
	FILE *f = fopen(path, "re");

	cr_assert(f, "%s is missing", path);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

static const char *message(void)
{
	static char text[640];

	err_text(&error, text, sizeof(text));
	return text;
}

Test(hooks, state_comes_on_stdin)
{
	struct json_pair annotations[] = { { "a\"b", "c\nd" } };
	char expected[512];

	spec.annotations.items = annotations;
	spec.annotations.n = 1;
	cr_assert_eq(run_shell("cat >state"), 0, "%s", message());
	snprintf(expected, sizeof(expected),
		 "{\"ociVersion\":\"1.3.0\",\"id\":\"box\",\"pid\":4711,\"status\":\"creating\","
		 "\"bundle\":\"%s\",\"annotations\":{\"a\\\"b\":\"c\\nd\"}}",
		 tempdir_path);
	cr_assert_str_eq(content("state"), expected);
}

Test(hooks, each_reads_the_whole_state)
{
	struct spec_hook two[] = {
		{ .path = "/bin/sh", .args = SPEC_STRINGS("sh", "-c", "cat >first; echo x >&0") },
		{ .path = "/bin/sh", .args = SPEC_STRINGS("sh", "-c", "cat >second") },
	};
	_cleanup_free_ char *first = NULL;

	plan_hooks(PLAN_POSTSTART, two, 2);
	cr_assert_eq(hooks_run(&plan, PLAN_POSTSTART, 1, &error), 0);
	first = strdup(content("first"));
	cr_assert_str_eq(first, content("second"));
	cr_assert(strstr(first, "\"status\":\"running\""), "%s", first);
}

Test(hooks, state_that_is_not_read_does_no_harm)
{
	static char big[200000];
	struct json_pair annotations[] = { { "big", big } };

	memset(big, 'x', sizeof(big) - 1);
	spec.annotations.items = annotations;
	spec.annotations.n = 1;
	cr_assert_eq(run_shell("exit 0"), 0, "%s", message());
}

Test(hooks, environment_is_its_own_and_the_bundle_its_directory)
{
	setenv("OF_THE_CALLER", "1", 1);
	hook.env = (spec_strings)SPEC_STRINGS("MINE=yes");
	cr_assert_eq(run_shell("/usr/bin/env >env; pwd >cwd"), 0, "%s", message());
	cr_assert(strstr(content("env"), "MINE=yes"));
	cr_assert_not(strstr(content("env"), "OF_THE_CALLER"));
	cr_assert_eq(strncmp(content("cwd"), tempdir_path, strlen(tempdir_path)), 0);
}

Test(hooks, first_argument_is_the_path_unless_given)
{
	struct spec_hook bare = { .path = "/bin/true" };

	plan_hooks(PLAN_POSTSTOP, &bare, 1);
	cr_assert_str_eq(plan.hooks[PLAN_POSTSTOP].items[0].argv[0], "/bin/true");
	cr_assert_null(plan.hooks[PLAN_POSTSTOP].items[0].argv[1]);
	cr_assert_null(plan.hooks[PLAN_POSTSTOP].items[0].envp[0]);
}

Test(hooks, start_container_without_environment_has_the_programs)
{
	const char *env[] = { "A=1", NULL };
	struct spec_hook bare = { .path = "/bin/true" };

	plan.process.envp = env;
	plan_hooks(PLAN_START_CONTAINER, &bare, 1);
	cr_assert_eq(plan.hooks[PLAN_START_CONTAINER].items[0].envp, env);
}

Test(hooks, descriptors_and_signals_of_the_caller_are_not_inherited)
{
	int leak = dup(STDERR_FILENO); /* not closed on exec */
	sigset_t blocked;
	char command[128];

	cr_assert_geq(leak, 0);
	signal(SIGPIPE, SIG_IGN);
	sigfillset(&blocked);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	snprintf(command, sizeof(command),
		 "[ ! -e /proc/self/fd/%d ] && grep Sig /proc/self/status >sig", leak);
	cr_assert_eq(run_shell(command), 0, "%s", message());
	cr_assert(strstr(content("sig"), "SigBlk:\t0000000000000000"), "%s", content("sig"));
	cr_assert(strstr(content("sig"), "SigIgn:\t0000000000000000"), "%s", content("sig"));
}

Test(hooks, files_they_make_are_not_for_everybody_to_write)
{
	umask(0); /* as in init */
	cr_assert_eq(run_shell("umask >mask"), 0, "%s", message());
	cr_assert_str_eq(content("mask"), "0022\n");
}

Test(hooks, exit_status_is_in_the_error)
{
	cr_assert_lt(run_shell("exit 3"), 0);
	cr_assert_str_eq(message(), "hook: /bin/sh (prestart[0]): exit status 3");
}

Test(hooks, signal_is_in_the_error)
{
	cr_assert_lt(run_shell("kill -TERM $$"), 0);
	cr_assert_str_eq(message(), "hook: /bin/sh (prestart[0]): killed by signal 15");
}

Test(hooks, program_that_cannot_run_is_told)
{
	struct spec_hook missing = { .path = "/no/where" };

	plan_hooks(PLAN_PRESTART, &missing, 1);
	cr_assert_eq(hooks_run(&plan, PLAN_PRESTART, 1, &error), -ENOENT);
	cr_assert_str_eq(message(),
			 "hook: /no/where (prestart[0]): execve: No such file or directory");
}

Test(hooks, expired_hook_is_killed_with_all_it_started)
{
	int64_t begin = fd_now_ms();
	pid_t grandchild;

	hook.has_timeout = true;
	hook.timeout = 1;
	cr_assert_lt(run_shell("sleep 30 & echo $! >pid; wait"), 0);
	cr_assert_eq(error.kind, ERR_TIMEOUT);
	cr_assert(strstr(message(), "/bin/sh (prestart[0])"), "%s", message());
	cr_assert_lt(fd_now_ms() - begin, 5000);
	grandchild = atoi(content("pid"));
	cr_assert_gt(grandchild, 0);
	for (int tries = 0; tries < 200 && kill(grandchild, 0) == 0; tries++) {
		char path[64];

		/* whoever adopts it may be slow to reap it */
		snprintf(path, sizeof(path), "/proc/%d/stat", grandchild);
		if (strstr(content(path), ") Z "))
			return;
		usleep(10000);
	}
	cr_assert_lt(kill(grandchild, 0), 0);
}

Test(hooks, timeout_of_a_hook_in_time_does_nothing)
{
	hook.has_timeout = true;
	hook.timeout = INT_MAX;
	cr_assert_eq(run_shell("exit 0"), 0, "%s", message());
}

Test(hooks, first_failure_stops_unless_all_are_to_run)
{
	struct spec_hook three[] = {
		{ .path = "/bin/sh", .args = SPEC_STRINGS("sh", "-c", "exit 4") },
		{ .path = "/bin/sh", .args = SPEC_STRINGS("sh", "-c", "echo ran >ran; exit 5") },
		{ .path = "/bin/true" },
	};

	plan_hooks(PLAN_POSTSTART, three, 3);
	cr_assert_lt(hooks_run(&plan, PLAN_POSTSTART, 1, &error), 0);
	cr_assert_lt(access("ran", F_OK), 0);
	plan_hooks(PLAN_POSTSTOP, three, 3);
	cr_assert_lt(hooks_run(&plan, PLAN_POSTSTOP, 0, &error), 0);
	cr_assert_eq(access("ran", F_OK), 0);
	cr_assert(strstr(message(), "(poststop[0]): exit status 4"), "%s", message());
}

static int run_in_container(void)
{
	struct init_ctx c = { .plan = &plan };

	return init_hooks_run(&c, PLAN_CREATE_CONTAINER, "creating", &error);
}

Test(hooks, create_container_runs_the_file_that_was_there_at_create)
{
	struct spec_hook program = { .path = "/bin/sh",
				     .args = SPEC_STRINGS("sh", "-c", "cat >state") };
	char expected[64];

	plan_hooks(PLAN_CREATE_CONTAINER, &program, 1);
	cr_assert_geq(plan.hooks[PLAN_CREATE_CONTAINER].items[0].path_fd, 0);
	plan.hooks[PLAN_CREATE_CONTAINER].items[0].path = "/gone";
	cr_assert_eq(run_in_container(), 0, "%s", message());
	snprintf(expected, sizeof(expected), "\"pid\":%d,\"status\":\"creating\"", getpid());
	cr_assert(strstr(content("state"), expected), "%s", content("state"));
}

Test(hooks, create_container_may_be_a_script)
{
	char path[PATH_MAX];
	struct spec_hook program = { .path = path };
	FILE *f = fopen("script", "we");

	snprintf(path, sizeof(path), "%s/script", tempdir_path);
	cr_assert(fputs("#!/bin/sh\necho \"$#\" >ran\n", f) >= 0 && fchmod(fileno(f), 0755) == 0);
	cr_assert_eq(fclose(f), 0);
	plan_hooks(PLAN_CREATE_CONTAINER, &program, 1);
	cr_assert_eq(run_in_container(), 0, "%s", message());
	cr_assert_str_eq(content("ran"), "0\n");
}

Test(hooks, missing_create_container_program_fails_the_plan)
{
	struct spec_hook missing = { .path = "/no/where" };

	spec.hooks.create_container.items = &missing;
	spec.hooks.create_container.n = 1;
	cr_assert_eq(hooks_plan(&host, &spec, &plan, &error), -ENOENT);
	cr_assert_str_eq(error.where, "hooks.createContainer[0]");
}
