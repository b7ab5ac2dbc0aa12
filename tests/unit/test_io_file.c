/* SPDX-License-Identifier: Apache-2.0 */
/* Streams into files. */
#include "io_peers.h"

#include <sched.h>
#include <sys/mount.h>

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

static int write_both(void)
{
	return fd_write_all(1, "out", 3) < 0 || fd_write_all(2, "err", 3) < 0;
}

static void run(play_fn play)
{
	cr_assert_eq(exit_of(start_container(play)), 0);
	cr_assert_lt(drain(5000), 4000);
	io = io_free(io);
	n_exits = 0;
}

Test(io_file, both_streams_go_to_the_one_file)
{
	struct io_spec spec = to_file("log");

	open_io(&spec);
	run(write_both);
	cr_assert(strcmp(content("log"), "outerr") == 0 || strcmp(content("log"), "errout") == 0);
}

Test(io_file, it_is_made_with_its_directories)
{
	struct io_spec spec = to_file("a/b c/log");
	struct stat dir, file;

	snprintf(uri, sizeof(uri), "file://%s/a/b%%20c/log", tempdir_path);
	umask(022);
	open_io(&spec);
	cr_assert(stat("a/b c", &dir) == 0 && stat("a/b c/log", &file) == 0);
	cr_assert_eq(dir.st_mode, S_IFDIR | 0755);
	cr_assert_eq(file.st_mode, S_IFREG | 0644);
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
	cr_assert(strstr(text, "stdout: 1048580 bytes, 15728640 lost"), "%s", text);
	cr_assert_str_eq(content("disk/log"), "more");
	io = io_free(io);
	umount("disk");
}
