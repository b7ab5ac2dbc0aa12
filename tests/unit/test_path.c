/* SPDX-License-Identifier: Apache-2.0 */
/* Paths inside an untrusted tree. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "tempdir.h"

static int root = -EBADF;

/* root/ is the tree, outside/ what nobody may reach. */
static void set_up(void)
{
	tempdir_enter();
	umask(022);
	cr_assert_eq(mkdir("root", 0755), 0);
	cr_assert_eq(mkdir("outside", 0755), 0);
	cr_assert_eq(mkdir("root/dir", 0755), 0);
	root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(root, 0);
}

static void tear_down(void)
{
	root = x_close(root);
	tempdir_leave();
}

TestSuite(path, .init = set_up, .fini = tear_down);

static void expect_is(int fd, const char *name)
{
	struct stat found, wanted;

	cr_assert_geq(fd, 0, "%s: %s", name, strerror(-fd));
	cr_assert_eq(fstat(fd, &found), 0);
	cr_assert_eq(stat(name, &wanted), 0, "%s is missing", name);
	cr_assert(found.st_ino == wanted.st_ino && found.st_dev == wanted.st_dev, "%s", name);
	close(fd);
}

Test(path, absolute_and_climbing_paths_stay_inside)
{
	expect_is(path_open_in(root, "/dir", O_PATH), "root/dir");
	expect_is(path_open_in(root, "dir/../../../dir", O_PATH), "root/dir");
	expect_is(path_open_in(root, "/", O_PATH), "root");
	expect_is(path_open_in(root, "../..", O_PATH), "root");
}

Test(path, symlinks_are_followed_inside)
{
	cr_assert_eq(symlink("/dir", "root/absolute"), 0);
	cr_assert_eq(symlink("../../../dir", "root/dir/climbing"), 0);
	expect_is(path_open_in(root, "absolute", O_PATH), "root/dir");
	expect_is(path_open_in(root, "dir/climbing", O_PATH), "root/dir");
	cr_assert_eq(symlink("/outside", "root/away"), 0);
	cr_assert_eq(path_open_in(root, "away", O_PATH), -ENOENT);
}

Test(path, opened_descriptors_do_not_survive_exec)
{
	_cleanup_close_ int fd = path_open_in(root, "dir", O_PATH);

	cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

Test(path, missing_directories_are_made_with_their_whole_mode)
{
	struct err e;
	struct stat st;

	umask(077);
	expect_is(path_make_in(root, "/a/b/c", false, &e), "root/a/b/c");
	cr_assert_eq(stat("root/a/b", &st), 0);
	cr_assert_eq(st.st_mode, S_IFDIR | 0755);
	cr_assert_eq(umask(022), 077);
}

Test(path, the_last_component_can_become_an_empty_file)
{
	struct err e;
	struct stat st;

	expect_is(path_make_in(root, "etc/conf", true, &e), "root/etc/conf");
	cr_assert_eq(stat("root/etc/conf", &st), 0);
	cr_assert_eq(st.st_mode, S_IFREG | 0644);
	cr_assert_eq(st.st_size, 0);
	cr_assert_eq(stat("root/etc", &st), 0);
	cr_assert(S_ISDIR(st.st_mode));
}

Test(path, what_exists_is_opened_as_it_is)
{
	struct err e;

	expect_is(path_make_in(root, "dir", false, &e), "root/dir");
	expect_is(path_make_in(root, "dir", true, &e), "root/dir");
	expect_is(path_make_in(root, "//dir///", false, &e), "root/dir");
	expect_is(path_make_in(root, "/", false, &e), "root");
	expect_is(path_make_in(root, "", false, &e), "root");
}

Test(path, making_through_dots_goes_where_the_kernel_goes)
{
	struct err e;

	expect_is(path_make_in(root, "new/../../dir/./x", false, &e), "root/dir/x");
	expect_is(path_open_in(root, "new", O_PATH), "root/new");
	cr_assert_eq(access("dir", F_OK), -1);
}

Test(path, making_through_links_stays_inside)
{
	struct err e;

	cr_assert_eq(symlink("/dir", "root/link"), 0);
	expect_is(path_make_in(root, "link/made", false, &e), "root/dir/made");
	cr_assert_eq(symlink("../../../../dir", "root/climbing"), 0);
	expect_is(path_make_in(root, "climbing/made2", true, &e), "root/dir/made2");
}

Test(path, dangling_links_are_errors_and_create_nothing)
{
	char outside[PATH_MAX];
	struct err e;

	snprintf(outside, sizeof(outside), "%s/outside/made", tempdir_path);
	cr_assert_eq(symlink(outside, "root/dangling"), 0);
	cr_assert_eq(path_make_in(root, "dangling", true, &e), -ENOENT);
	cr_assert_eq(path_make_in(root, "dangling/below", false, &e), -ENOENT);
	cr_assert_str_eq(e.op, "open");
	cr_assert_str_eq(e.msg, "dangling");
	cr_assert_eq(access(outside, F_OK), -1);
}

Test(path, a_file_in_the_way_is_told_by_name)
{
	struct err e;

	close(path_make_in(root, "file", true, &e));
	cr_assert_eq(path_make_in(root, "file/below", false, &e), -ENOTDIR);
	cr_assert_str_eq(e.msg, "file/below");
}

Test(path, a_link_that_turns_in_circles_is_an_error)
{
	struct err e;

	cr_assert_eq(symlink("circle", "root/circle"), 0);
	cr_assert_eq(path_make_in(root, "circle", false, &e), -ELOOP);
}

Test(path, a_path_longer_than_the_kernel_takes_is_an_error)
{
	char path[2 * PATH_MAX];
	struct err e;

	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = i % 2 ? '/' : 'a';
	path[sizeof(path) - 1] = '\0';
	cr_assert_eq(path_make_in(root, path, false, &e), -ENAMETOOLONG);
}

Test(path, the_parent_comes_with_the_last_name)
{
	const char *name;
	struct err e;

	expect_is(path_open_parent_in(root, "/dir/null", false, &name, &e), "root/dir");
	cr_assert_str_eq(name, "null");
	expect_is(path_open_parent_in(root, "top", false, &name, &e), "root");
	cr_assert_str_eq(name, "top");
	expect_is(path_open_parent_in(root, "/x/y/z", true, &name, &e), "root/x/y");
	cr_assert_str_eq(name, "z");
	cr_assert_eq(access("root/x/y/z", F_OK), -1);
	cr_assert_eq(path_open_parent_in(root, "/none/z", false, &name, &e), -ENOENT);
	cr_assert_str_eq(e.op, "open");
}

Test(path, names_without_a_file_have_no_parent)
{
	static const char *const paths[] = { "", "/", ".", "..", "/dir/", "/dir/..", "dir/." };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const char *name = NULL;
		struct err e;

		cr_expect_eq(path_open_parent_in(root, paths[i], true, &name, &e), -EINVAL,
			     "\"%s\"", paths[i]);
		cr_expect_null(name);
	}
}

Test(path, cleaning_is_lexical_and_stops_at_the_root)
{
	static const struct {
		const char *path, *clean;
	} rows[] = {
		{ "", "/" },
		{ "/", "/" },
		{ "a", "/a" },
		{ "a/../b", "/b" },
		{ "//a//b/", "/a/b" },
		{ "/./a/./.", "/a" },
		{ "../../x", "/x" },
		{ "/a/b/../..", "/" },
		{ "/a/b/../../../c", "/c" },
		{ "/...", "/..." },
		{ "/a/..b/.c", "/a/..b/.c" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[64];

		cr_expect_eq(path_clean(rows[i].path, text, sizeof(text)),
			     (ssize_t)strlen(rows[i].clean), "\"%s\"", rows[i].path);
		cr_expect_str_eq(text, rows[i].clean);
	}
}

Test(path, a_clean_path_that_does_not_fit_is_an_error)
{
	char text[5];

	cr_assert_eq(path_clean("/abc", text, 5), 4);
	cr_assert_eq(path_clean("/abcd", text, 5), -ENAMETOOLONG);
	cr_assert_eq(path_clean("/", text, 1), -ENAMETOOLONG);
	cr_assert_eq(path_clean("/", text, 0), -ENAMETOOLONG);
}

Test(path, procfs_is_never_left)
{
	_cleanup_close_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int status = path_open_proc(proc, "self/status", O_RDONLY);

	cr_assert_geq(status, 0);
	cr_assert_eq(path_open_proc(proc, "../etc/passwd", O_RDONLY), -EXDEV);
	cr_assert_eq(path_open_proc(proc, "/etc/passwd", O_RDONLY), -EXDEV);
	cr_assert_eq(path_open_proc(proc, "self/cwd", O_PATH), -ELOOP);
	cr_assert_eq(path_open_proc(proc, "self/root/etc", O_PATH), -ELOOP);
}
