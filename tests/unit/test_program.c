/* SPDX-License-Identifier: Apache-2.0 */
/* The search for the program, and the texts that clients match. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/init.h"
#include "tempdir.h"

static void make_file(const char *path, mode_t mode)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, mode);

	cr_assert_geq(fd, 0);
	close(fd);
}

static void set_up(void)
{
	tempdir_enter();
	cr_assert_eq(mkdir("one", 0755), 0);
	cr_assert_eq(mkdir("two", 0755), 0);
	cr_assert_eq(mkdir("one/both", 0755), 0);
	make_file("two/tool", 0755);
	make_file("two/both", 0755);
	make_file("two/plain", 0644);
}

TestSuite(program, .init = set_up, .fini = tempdir_leave);

static struct err error;

static int find(const char *name, const char *path, char *ret)
{
	const char *argv[] = { name, NULL };
	const struct plan_process pp = { .argv = argv, .path = path };

	return program_find(&pp, ret, &error);
}

static void expect_found(const char *name, const char *path, const char *expected)
{
	char found[PATH_MAX];

	cr_assert_eq(find(name, path, found), 0, "%s: %s", name, error.msg);
	cr_assert_str_eq(found, expected);
}

static void expect_error(const char *name, const char *path, int r, const char *msg)
{
	char found[PATH_MAX], text[640];

	cr_assert_eq(find(name, path, found), r);
	err_text(&error, text, sizeof(text));
	cr_assert_str_eq(text, msg);
}

Test(program, search_takes_the_first_that_can_run)
{
	expect_found("tool", "one:two", "two/tool");
	expect_found("both", "one:two", "two/both");
	expect_found("tool", "missing:two/tool:two", "two/tool");
}

Test(program, empty_element_is_the_current_directory)
{
	make_file("here", 0755);
	expect_found("here", "one::two", "./here");
	expect_found("here", "", "./here");
	expect_found("here", "one:", "./here");
}

Test(program, slash_means_no_search)
{
	expect_found("two/tool", "one", "two/tool");
	expect_found("./two/tool", "", "./two/tool");
}

Test(program, errors_are_the_texts_that_clients_know)
{
	expect_error("nix", "one:two", -ENOENT,
		     "exec: \"nix\": executable file not found in $PATH");
	expect_error("", "one:two", -ENOENT, "exec: \"\": executable file not found in $PATH");
	expect_error("./nix", "two", -ENOENT,
		     "exec: \"./nix\": stat ./nix: no such file or directory");
	expect_error("two/tool/x", "", -ENOENT,
		     "exec: \"two/tool/x\": stat two/tool/x: not a directory");
	expect_error("two/plain", "", -EACCES, "exec: \"two/plain\": permission denied");
	expect_error("plain", "one:two", -EACCES, "exec: \"plain\": permission denied");
	expect_error("./one", "", -EACCES, "exec: \"./one\": is a directory: permission denied");
}

Test(program, overlong_names_are_errors)
{
	static char name[2 * PATH_MAX];
	char found[PATH_MAX];

	memset(name, 'x', sizeof(name) - 1);
	cr_assert_eq(find(name, "one", found), -ENOENT);
	name[0] = '/';
	cr_assert_eq(find(name, "one", found), -ENAMETOOLONG);
}

static int change_dir(const char *cwd)
{
	const struct plan_process pp = { .cwd = cwd };

	return program_chdir(&pp, &error);
}

Test(program, directory_is_entered)
{
	char cwd[PATH_MAX];

	cr_assert_eq(change_dir("two"), 0, "%s", error.msg);
	cr_assert_str_eq(strrchr(getcwd(cwd, sizeof(cwd)), '/'), "/two");
}

Test(program, missing_directory_is_the_text_that_clients_know)
{
	char text[640];

	cr_assert_eq(change_dir("/no/where"), -ENOENT);
	err_text(&error, text, sizeof(text));
	cr_assert_str_eq(text, "chdir to cwd (\"/no/where\") set in config.json failed: "
			       "no such file or directory");
}

Test(program, directory_outside_of_the_root_is_refused)
{
	char path[64];
	int outside;

	if (geteuid() != 0)
		cr_skip_test("changing the root directory needs root");
	outside = open("two", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(mkdir("one/proc", 0755), 0);
	cr_assert_eq(unshare(CLONE_NEWNS), 0);
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	if (mount("/proc", "one/proc", NULL, MS_BIND | MS_REC, NULL) < 0)
		cr_skip_test("procfs cannot be bound here");
	if (fork() == 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", outside);
		_exit(chroot("one") == 0 && change_dir(path) == -EACCES &&
				      strstr(error.msg, "outside of the container")
			      ? 0
			      : 1);
	}
	int status;

	cr_assert_gt(wait(&status), 0);
	cr_assert_eq(umount2("one/proc", MNT_DETACH), 0);
	cr_assert_eq(status, 0);
}

Test(program, removed_directory_is_refused)
{
	char path[64];
	int removed = open("one/both", O_PATH | O_DIRECTORY | O_CLOEXEC);

	cr_assert_eq(rmdir("one/both"), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", removed);
	cr_assert_lt(change_dir(path), 0);
}
