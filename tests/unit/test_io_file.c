/* SPDX-License-Identifier: Apache-2.0 */
/* Streams into files, and from one: by forks, that the loop never waits for a disk. */
#include "io_peers.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "base/file.h"

TestSuite(io_file, .init = set_up, .fini = tear_down, .timeout = 60);

static char uri[128];

static struct io_spec to_file(const char *name)
{
	snprintf(uri, sizeof(uri), "file://%s/%s", tempdir_path, name);
	return (struct io_spec){ .stdout_path = uri };
}

static const char *content(const char *path)
{
	static char text[4096];

	cr_assert_geq(file_read_buf(AT_FDCWD, path, text, sizeof(text)), 0);
	return text;
}

static int write_by_turns(void)
{
	int r = 0;

	for (int i = 0; i < 100 && r == 0; i++)
		r = fd_write_all(1 + i % 2, i % 2 ? "err" : "out", 3);
	return r;
}

static void run(play_fn play)
{
	cr_assert_eq(exit_of(start_container(play)), 0);
	cr_assert_lt(drain(5000), 4000);
	io = io_free(io);
	n_exits = 0;
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "a fork is left");
}

static void assert_by_turns(const char *text)
{
	cr_assert_eq(strlen(text), 300);
	for (int i = 0; i < 100; i++)
		cr_assert_eq(memcmp(text + 3 * i, i % 2 ? "err" : "out", 3), 0, "at %d", i);
}

Test(io_file, both_streams_go_to_the_one_file_in_the_order_of_the_program)
{
	struct io_spec spec = to_file("log");

	open_io(&spec);
	run(write_by_turns);
	assert_by_turns(content("log"));
}

Test(io_file, it_is_made_with_its_directories)
{
	struct io_spec spec = to_file("a/b c/log");
	struct stat dir, file;

	snprintf(uri, sizeof(uri), "file://%s/a/b%%20c/log", tempdir_path);
	umask(022);
	open_until_ready(&spec);
	cr_assert(is_good);
	cr_assert(stat("a/b c", &dir) == 0 && stat("a/b c/log", &file) == 0);
	cr_assert_eq(dir.st_mode, S_IFDIR | 0755);
	cr_assert_eq(file.st_mode, S_IFREG | 0644);
}

Test(io_file, who_fills_the_pipe_gets_a_larger_one)
{
	struct io_spec spec = { .stdout_path = "file:///dev/null" };

	open_io(&spec);
	run(fill_with_pages);
	open_io(&spec);
	run(fill_with_pieces);
	open_io(&spec);
	run(write_little);
}

static int write_more(void)
{
	return fd_write_all(1, "more", 4) < 0;
}

Test(io_file, what_is_in_it_stays)
{
	struct io_spec spec = to_file("log");

	cr_assert_eq(file_write_new_at(AT_FDCWD, "log", "before ", 7, 0600, &error), 0);
	open_io(&spec);
	run(write_more);
	open_io(&spec);
	run(write_more);
	cr_assert_str_eq(content("log"), "before moremore");
}

Test(io_file, a_plain_path_may_be_a_file_too)
{
	char path[64];
	struct io_spec spec = { .stdout_path = path };

	snprintf(path, sizeof(path), "%s/log", tempdir_path);
	cr_assert_eq(io_new(loop, &spec, &io, &error), -ENOENT, "it is not made");
	cr_assert_eq(file_write_new_at(AT_FDCWD, "log", "", 0, 0600, &error), 0);
	open_io(&spec);
	run(write_more);
	cr_assert_str_eq(content("log"), "more");
	spec.stderr_path = path;
	open_io(&spec);
	run(write_by_turns);
	assert_by_turns(content("log") + 4);
}

static int write_apart(void)
{
	return fd_write_all(1, "out", 3) < 0 || fd_write_all(2, "err", 3) < 0;
}

Test(io_file, each_stream_may_have_a_file_of_its_own)
{
	char out[64], err[64];
	struct io_spec spec = { .stdout_path = out, .stderr_path = err };

	snprintf(out, sizeof(out), "%s/log", tempdir_path);
	snprintf(err, sizeof(err), "%s/log2", tempdir_path);
	cr_assert_eq(file_write_new_at(AT_FDCWD, "log", "", 0, 0600, &error), 0);
	cr_assert_eq(file_write_new_at(AT_FDCWD, "log2", "", 0, 0600, &error), 0);
	open_io(&spec);
	run(write_apart);
	cr_assert_str_eq(content("log"), "out");
	cr_assert_str_eq(content("log2"), "err");
}

static int copy_stdin(void)
{
	char text[100];
	ssize_t n = read(0, text, sizeof(text));

	return n > 0 && fd_write_all(1, text, (size_t)n) == 0 && read(0, text, 1) == 0 ? 0 : 1;
}

Test(io_file, stdin_may_be_a_file)
{
	struct io_spec spec = to_file("log");
	char path[64];

	snprintf(path, sizeof(path), "%s/input", tempdir_path);
	spec.stdin_path = path;
	cr_assert_eq(file_write_new_at(AT_FDCWD, "input", "from a file", 11, 0600, &error), 0);
	open_io(&spec);
	run(copy_stdin);
	cr_assert_str_eq(content("log"), "from a file");
}

static int read_nothing(void)
{
	return 0;
}

Test(io_file, a_container_may_end_before_its_stdin)
{
	char path[64];
	struct io_spec spec = { .stdin_path = path };

	snprintf(path, sizeof(path), "%s/input", tempdir_path);
	cr_assert_eq(file_write_new_at(AT_FDCWD, "input", "", 0, 0600, &error), 0);
	cr_assert_eq(truncate("input", 1 << 30), 0);
	open_until_ready(&spec);
	cr_assert_eq(exit_of(start_container(read_nothing)), 0);
	cr_assert_lt(drain(5000), 100);
	io = io_free(io);
	for (int i = 0; i < 400 && waitpid(-1, NULL, WNOHANG) == 0; i++)
		run_for(5);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "its reader goes on");
}

static int write_many(void)
{
	return write_pattern(1, MANY, false);
}

Test(io_file, every_byte_arrives)
{
	struct io_spec spec = to_file("log");

	open_io(&spec);
	run(write_many);
	cr_assert_eq(check_pattern(open("log", O_RDONLY | O_CLOEXEC), MANY, false), 0);
}

Test(io_file, a_relative_path_is_refused)
{
	struct io_spec spec = { .stdout_path = "file://log" };

	cr_assert_eq(io_new(loop, &spec, &io, &error), -EINVAL);
	cr_assert(strstr(error.msg, "absolute"));
}

static int write_many_and_later_more(void)
{
	if (write_many() != 0)
		return 1;
	usleep(400000);
	return write_more();
}

Test(io_file, a_full_disk_does_not_stop_the_container_and_is_tried_again)
{
	struct io_spec spec = to_file("disk/log");
	char text[256];
	pid_t pid;

	if (geteuid() != 0)
		cr_skip_test("mounting needs root");
	cr_assert(unshare(CLONE_NEWNS) == 0 &&
		  mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	cr_assert_eq(mkdir("disk", 0755), 0);
	cr_assert_eq(mount("tmpfs", "disk", "tmpfs", 0, "size=1m"), 0);
	open_io(&spec);
	pid = start_container(write_many_and_later_more);
	run_for(200);
	cr_assert_eq(truncate("disk/log", 0), 0);
	cr_assert_eq(exit_of(pid), 0);
	drain(5000);
	io_describe(io, text, sizeof(text));
	cr_assert(strstr(text, "file ended, 1048580 bytes, 15728640 lost"), "%s", text);
	cr_assert_str_eq(content("disk/log"), "more");
	io = io_free(io);
	umount("disk");
}

Test(io_file, what_cannot_be_opened_is_told_with_its_path)
{
	struct io_spec spec = to_file("file/log");
	char text[640], expected[256];

	cr_assert_eq(file_write_new_at(AT_FDCWD, "file", "", 0, 0600, &error), 0);
	open_until_ready(&spec);
	cr_assert_not(is_good);
	err_text(&ready_error, text, sizeof(text));
	snprintf(expected, sizeof(expected), "open: %s/file/log: Not a directory", tempdir_path);
	cr_assert_str_eq(text, expected);
}

Test(io_file, a_fork_holds_nothing_but_its_pipe_and_its_file)
{
	struct io_spec spec = to_file("log");
	char path[64], target[128];
	pid_t pid;
	ssize_t n;

	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	open_until_ready(&spec);
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	pid = (pid_t)strtol(content(path), NULL, 10);
	snprintf(path, sizeof(path), "/proc/%d/cwd", pid);
	n = readlink(path, target, sizeof(target));
	cr_assert(n == 1 && target[0] == '/');
	for (int fd = 0; fd < 256; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		cr_assert(strstr(target, fd == 0 ? "pipe:" : "/log"), "%d is %s", fd, target);
	}
}

static pid_t shim;

static int write_when_nobody_looks(void)
{
	while (getppid() == shim)
		usleep(1000);
	return write_many();
}

Test(io_file, nothing_is_lost_when_the_shim_dies)
{
	struct io_spec spec = to_file("log");
	int status;

	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	shim = fork();
	if (shim == 0) {
		shim = getpid();
		open_until_ready(&spec);
		start_container(write_when_nobody_looks);
		_exit(0);
	}
	cr_assert_eq(waitpid(shim, &status, 0), shim);
	cr_assert_eq(status, 0);
	while (waitpid(-1, &status, 0) > 0)
		cr_assert_eq(status, 0);
	cr_assert_eq(check_pattern(open("log", O_RDONLY | O_CLOEXEC), MANY, false), 0);
}

static int leave_a_grandchild(void)
{
	if (fork() > 0)
		return 0;
	usleep(600000);
	return write_more();
}

Test(io_file, who_holds_a_stream_for_longer_is_written_down_too)
{
	struct io_spec spec = to_file("log");
	int64_t took;

	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	open_until_ready(&spec);
	cr_assert_eq(exit_of(start_container(leave_a_grandchild)), 0);
	took = drain(200);
	cr_assert(took >= 200 && took < 500, "%d ms", (int)took);
	io = io_free(io);
	for (int i = 0; i < 300 && !*content("log"); i++, run_for(10))
		reap();
	cr_assert_str_eq(content("log"), "more");
}

static int get_killed(void)
{
	usleep(200000);
	return write_many();
}

Test(io_file, a_fork_that_is_killed_does_not_stop_its_container)
{
	struct io_spec spec = to_file("log");
	char path[64], text[256];
	pid_t pid;

	open_until_ready(&spec);
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	pid = (pid_t)strtol(content(path), NULL, 10);
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(exit_of(start_container(get_killed)), 0);
	cr_assert_lt(drain(5000), 1000);
	io_describe(io, text, sizeof(text));
	cr_assert(strstr(text, "file ended, 0 bytes, 16777216 lost"), "%s", text);
}
