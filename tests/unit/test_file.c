/* SPDX-License-Identifier: Apache-2.0 */
/* Small files read and replaced. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "tempdir.h"

TestSuite(file, .init = tempdir_enter, .fini = tempdir_leave);

static void put_file(const char *name, const char *text)
{
	_cleanup_close_ int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	cr_assert_geq(fd, 0);
	cr_assert_eq(fd_write_all(fd, text, strlen(text)), 0);
}

static void expect_content(const char *name, const char *text)
{
	_cleanup_free_ char *found = NULL;
	size_t len;
	struct err e;

	cr_assert_eq(file_read_at(AT_FDCWD, name, 1000, &found, &len, &e), 0, "%s", e.msg);
	cr_assert_str_eq(found, text);
	cr_assert_eq(len, strlen(text));
}

Test(file, a_regular_file_is_read_whole_and_terminated)
{
	put_file("a", "some text\n");
	expect_content("a", "some text\n");
	put_file("empty", "");
	expect_content("empty", "");
}

Test(file, a_file_of_procfs_is_read_though_it_has_no_size)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	struct err e;

	cr_assert_eq(file_read_at(AT_FDCWD, "/proc/self/status", 1 << 20, &text, &len, &e), 0);
	cr_assert(strstr(text, "\nUid:"));
}

Test(file, a_file_of_just_the_limit_is_read_and_one_byte_more_refused)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	struct err e;

	put_file("a", "12345");
	cr_assert_eq(file_read_at(AT_FDCWD, "a", 5, &text, &len, &e), 0);
	cr_assert_eq(len, 5);
	cr_assert_eq(file_read_at(AT_FDCWD, "a", 4, &text, &len, &e), -EINVAL);
	cr_assert_eq(e.kind, ERR_INVALID);
	cr_assert(strstr(e.msg, "larger than 4 bytes"));
}

Test(file, what_is_no_regular_file_is_refused_at_once, .timeout = 5)
{
	static const char *const names[] = { "fifo", "dir", "/dev/null", "/dev/zero" };

	cr_assert_eq(mkfifo("fifo", 0600), 0);
	cr_assert_eq(mkdir("dir", 0700), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *text = NULL;
		size_t len;
		struct err e;

		cr_expect_eq(file_read_at(AT_FDCWD, names[i], 1000, &text, &len, &e), -EINVAL);
		cr_expect_eq(e.kind, ERR_INVALID, "%s", names[i]);
		cr_expect(strstr(e.msg, "not a regular file"), "%s: %s", names[i], e.msg);
		cr_expect_null(text);
	}
}

Test(file, a_missing_file_is_a_failed_open)
{
	char *text;
	size_t len;
	struct err e;

	cr_assert_eq(file_read_at(AT_FDCWD, "none", 10, &text, &len, &e), -ENOENT);
	cr_assert_str_eq(e.op, "open");
	cr_assert_str_eq(e.msg, "none");
}

Test(file, a_short_read_goes_into_a_buffer_without_its_newline)
{
	char text[8];

	put_file("a", "max\n");
	cr_assert_eq(file_read_buf(AT_FDCWD, "a", text, sizeof(text)), 3);
	cr_assert_str_eq(text, "max");
	put_file("a", "x\n\n");
	cr_assert_eq(file_read_buf(AT_FDCWD, "a", text, sizeof(text)), 2);
	cr_assert_str_eq(text, "x\n");
	put_file("a", "");
	cr_assert_eq(file_read_buf(AT_FDCWD, "a", text, sizeof(text)), 0);
	cr_assert_str_eq(text, "");
}

Test(file, a_short_read_that_does_not_fit_is_an_error)
{
	char text[4];

	put_file("a", "123");
	cr_assert_eq(file_read_buf(AT_FDCWD, "a", text, sizeof(text)), 3);
	put_file("a", "1234");
	cr_assert_eq(file_read_buf(AT_FDCWD, "a", text, sizeof(text)), -E2BIG);
	cr_assert_eq(file_read_buf(AT_FDCWD, "none", text, sizeof(text)), -ENOENT);
}

Test(file, a_write_replaces_the_value_of_an_existing_file_only)
{
	put_file("a", "a longer value");
	cr_assert_eq(file_write_at(AT_FDCWD, "a", "100"), 0);
	expect_content("a", "100");
	cr_assert_eq(file_write_at(AT_FDCWD, "none", "1"), -ENOENT);
	cr_assert_eq(access("none", F_OK), -1);
}

Test(file, the_reason_of_a_refused_write_is_told)
{
	cr_assert_eq(file_write_at(AT_FDCWD, "/dev/full", "1"), -ENOSPC);
}

Test(file, an_atomic_write_creates_with_the_mode_asked_for)
{
	struct err e;
	struct stat st;

	umask(077);
	cr_assert_eq(file_write_atomic_at(AT_FDCWD, "pid", "12", 2, 0644, &e), 0);
	expect_content("pid", "12");
	cr_assert_eq(stat("pid", &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0644);
}

Test(file, an_atomic_write_replaces_the_file_and_never_changes_the_old_one)
{
	_cleanup_close_ int old = -EBADF;
	char text[8] = "";
	struct err e;

	put_file("state", "old");
	old = open("state", O_RDONLY | O_CLOEXEC);
	cr_assert_eq(file_write_atomic_at(AT_FDCWD, "state", "new", 3, 0600, &e), 0);
	expect_content("state", "new");
	cr_assert_eq(fd_read_full(old, text, sizeof(text)), 3);
	cr_assert_str_eq(text, "old");
	cr_assert_eq(access("state.tmp", F_OK), -1);
}

Test(file, an_atomic_write_is_not_hindered_by_leftovers_nor_led_away_by_links)
{
	struct err e;

	put_file("victim", "untouched");
	cr_assert_eq(symlink("victim", "state.tmp"), 0);
	cr_assert_eq(file_write_atomic_at(AT_FDCWD, "state", "new", 3, 0600, &e), 0);
	expect_content("state", "new");
	expect_content("victim", "untouched");
}

Test(file, a_failed_atomic_write_leaves_nothing)
{
	struct err e;

	cr_assert_eq(mkdir("dir", 0700), 0);
	cr_assert_eq(file_write_atomic_at(AT_FDCWD, "dir", "x", 1, 0600, &e), -EISDIR);
	cr_assert_str_eq(e.op, "rename");
	cr_assert_eq(access("dir.tmp", F_OK), -1);
	cr_assert_eq(file_write_atomic_at(AT_FDCWD, "none/a", "x", 1, 0600, &e), -ENOENT);
}

Test(file, a_path_too_long_for_its_temporary_name_is_refused)
{
	char path[5000];
	struct err e;

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	cr_assert_eq(file_write_atomic_at(AT_FDCWD, path, "x", 1, 0600, &e), -ENAMETOOLONG);
}
