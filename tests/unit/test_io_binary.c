/* SPDX-License-Identifier: Apache-2.0 */
/* Loggers. Those here are shell scripts that write what they get into files. */
#include "io_peers.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

TestSuite(io_binary, .init = set_up, .fini = tear_down, .timeout = 60);

static char uri[256];

/* A logger with this script as its body, and the spec that names it. */
static struct io_spec logger(const char *scheme, const char *query, const char *script)
{
	char text[1024];
	int n = snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script);

	cr_assert_eq(file_write_new_at(AT_FDCWD, "logger", text, (size_t)n, 0755, &error), 0);
	snprintf(uri, sizeof(uri), "%s://%s/logger%s", scheme, tempdir_path, query);
	return (struct io_spec){
		.stdout_path = uri, .stderr_path = uri, .id = "web1", .ns = "k8s"
	};
}

#define SAY_READY "printf x >&5; exec 5>&-;"
#define WRITE_FILES "cat <&3 >got_out & cat <&4 >got_err; wait"

static const char *content(const char *path)
{
	static char text[4096];

	cr_assert_geq(file_read_buf(AT_FDCWD, path, text, sizeof(text)), 0, "%s", path);
	return text;
}

static int write_both(void)
{
	return fd_write_all(1, "to stdout", 9) < 0 || fd_write_all(2, "to stderr", 9) < 0;
}

Test(io_binary, a_logger_has_written_everything_when_its_container_is_drained)
{
	struct io_spec spec = logger("binary", "", SAY_READY WRITE_FILES);

	open_until_ready(&spec);
	cr_assert_eq(exit_of(start_container(write_both)), 0);
	cr_assert_lt(drain(10000), 1500);
	cr_assert_str_eq(content("got_out"), "to stdout");
	cr_assert_str_eq(content("got_err"), "to stderr");
}

Test(io_binary, a_logger_knows_its_container_and_nothing_else)
{
	struct io_spec spec =
		logger("binary", "", "tr '\\0' '\\n' </proc/$$/environ >env\n" SAY_READY);

	open_until_ready(&spec);
	cr_assert_str_eq(content("env"), "CONTAINER_ID=web1\nCONTAINER_NAMESPACE=k8s");
}

Test(io_binary, a_logger_has_no_descriptor_but_its_own)
{
	struct io_spec spec = logger("binary", "", "(cd /proc/$$/fd && echo *) >fds\n" SAY_READY);

	/* The test runner's, which we have inherited; 10 is how the shell holds its script. */
	cr_assert_eq(close_range(3, ~0u, CLOSE_RANGE_CLOEXEC), 0);
	open_until_ready(&spec);
	cr_assert_str_eq(content("fds"), "0 1 10 2 3 4 5", "%s", content("fds"));
}

Test(io_binary, the_query_becomes_arguments_each_key_once)
{
	struct io_spec spec = logger("binary", "?dir=/var/a%20b&level=x+y&dir=other&flag",
				     "for a in \"$@\"; do echo \"[$a]\"; done >args\n" SAY_READY);

	open_until_ready(&spec);
	cr_assert_str_eq(content("args"), "[dir]\n[/var/a b]\n[level]\n[x y]\n[flag]\n[]");
}

Test(io_binary, the_loop_goes_on_until_the_logger_is_ready)
{
	struct io_spec spec = logger("binary", "", "sleep 0.4\n" SAY_READY WRITE_FILES);
	int64_t start = fd_now_ms();

	open_io(&spec);
	io_when_ready(io, note_ready, NULL);
	cr_assert_not(io_is_ready(io));
	run_for(100);
	cr_assert_lt(fd_now_ms() - start, 350, "somebody waited");
	cr_assert_not(is_answered);
	run_until(&is_answered);
	cr_assert(is_good && io_is_ready(io));
}

Test(io_binary, an_end_of_file_means_ready_as_well)
{
	struct io_spec spec = logger("binary", "", "exec 5>&-\n" WRITE_FILES);

	open_until_ready(&spec);
	cr_assert(is_good);
}

Test(io_binary, for_version_2_an_end_of_file_means_that_it_never_will)
{
	struct io_spec spec = logger("binary-v2", "", "exec 5>&-\n" WRITE_FILES);

	open_until_ready(&spec);
	cr_assert_not(is_good);
	cr_assert(strstr(ready_error.msg, "/logger was never ready"), "%s", ready_error.msg);
}

Test(io_binary, for_version_2_a_byte_means_ready)
{
	struct io_spec spec = logger("binary-v2", "", SAY_READY WRITE_FILES);

	open_until_ready(&spec);
	cr_assert(is_good);
}

Test(io_binary, ten_seconds_are_enough_to_be_ready)
{
	struct io_spec spec = logger("binary", "", "exec sleep 30");

	open_until_ready(&spec);
	cr_assert_not(is_good);
	cr_assert_eq(ready_error.kind, ERR_TIMEOUT);
}

static int write_many(void)
{
	return write_pattern(1, MANY, false);
}

Test(io_binary, a_logger_gets_every_byte)
{
	struct io_spec spec = logger("binary", "", SAY_READY "sleep 0.2;" WRITE_FILES);

	open_until_ready(&spec);
	cr_assert_eq(exit_of(start_container(write_many)), 0);
	drain(10000);
	cr_assert_eq(check_pattern(open("got_out", O_RDONLY | O_CLOEXEC), MANY, false), 0);
}

Test(io_binary, a_logger_that_dies_does_not_stop_its_container)
{
	struct io_spec spec = logger("binary", "", SAY_READY);
	char text[256];

	open_until_ready(&spec);
	cr_assert_eq(exit_of(start_container(write_many)), 0);
	cr_assert_lt(drain(5000), 1000);
	io_describe(io, text, sizeof(text));
	cr_assert(strstr(text, "logger ended, 16777216 bytes lost"), "%s", text);
}

static int wait_a_second(void)
{
	usleep(1000000);
	return 0;
}

Test(io_binary, an_idle_container_whose_logger_died_costs_no_cpu)
{
	struct io_spec spec = logger("binary", "", SAY_READY);

	open_until_ready(&spec);
	start_container(wait_a_second);
	for (int i = 0; i < 20; i++, run_for(5))
		reap();
	assert_idle();
}

Test(io_binary, a_logger_that_goes_on_after_the_end_of_file_is_told_to_end)
{
	struct io_spec spec = logger("binary", "", SAY_READY "exec sleep 30");
	int64_t took;

	open_until_ready(&spec);
	cr_assert_eq(exit_of(start_container(write_both)), 0);
	took = drain(10000);
	cr_assert(took >= 2000 && took < 4000, "%d ms", (int)took);
}

Test(io_binary, a_logger_that_will_not_end_is_killed)
{
	struct io_spec spec = logger(
		"binary", "", "trap '' TERM; echo $$ >pid;" SAY_READY "while :; do sleep 1; done");
	int64_t start;
	pid_t pid;

	open_until_ready(&spec);
	pid = (pid_t)strtol(content("pid"), NULL, 10);
	io = io_free(io);
	start = fd_now_ms();
	while (kill(pid, 0) == 0 && fd_now_ms() - start < 15000) {
		run_for(20);
		reap();
	}
	cr_assert_geq(fd_now_ms() - start, 12000);
	cr_assert_eq(kill(pid, 0), -1);
	cr_assert_null(ev_free(loop), "nothing is left of it");
}

static int write_to_terminal(void)
{
	return fd_write_all(1, "on screen", 9) < 0;
}

Test(io_binary, a_logger_gets_what_a_terminal_shows)
{
	struct io_spec spec = logger("binary", "", SAY_READY WRITE_FILES);
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char path[64];
	int slave;
	pid_t pid;

	spec.terminal = true;
	open_until_ready(&spec);
	cr_assert(unlockpt(master) == 0 && ptsname_r(master, path, sizeof(path)) == 0);
	slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	pid = spawn(write_to_terminal, (int[]){ slave, slave, slave });
	close(slave);
	cr_assert_eq(io_console(io, master, &error), 0);
	cr_assert_eq(exit_of(pid), 0);
	cr_assert_lt(drain(10000), 1500);
	cr_assert_str_eq(content("got_out"), "on screen");
}

Test(io_binary, a_program_that_is_not_there_is_named)
{
	struct io_spec spec = { .stdout_path = "binary:///nowhere/log?a=b", .id = "x", .ns = "y" };
	int before = count_fds();

	cr_assert_eq(io_new(loop, &spec, &io, &error), -ENOENT);
	cr_assert_str_eq(error.msg, "logger /nowhere/log");
	cr_assert_eq(count_fds(), before);
	cr_assert_null(ev_free(loop));
}

Test(io_binary, other_processes_are_not_loggers)
{
	cr_assert_not(io_reaped(getpid()));
	cr_assert_not(io_reaped(0));
}

Test(io_binary, two_hundred_of_them_leave_no_descriptor)
{
	struct io_spec spec = { .stdout_path = "binary:///bin/true", .id = "x", .ns = "y" };
	int before = count_fds();

	for (int i = 0; i < 200; i++) {
		if (i % 2) {
			open_until_ready(&spec);
			cr_assert_eq(io_start(io, &error), 0);
			drain(5000);
		} else {
			open_io(&spec);
		}
		io = io_free(io);
		reap();
	}
	for (int i = 0; i < 200 && count_fds() != before; i++, run_for(5))
		reap();
	cr_assert_eq(count_fds(), before);
	cr_assert_null(ev_free(loop));
}
