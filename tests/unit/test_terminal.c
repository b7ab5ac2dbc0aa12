/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal of a container: a pty of the devpts below a root that nobody trusts. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/init.h"
#include "tempdir.h"

#define USER 1234

static struct plan plan;
static struct init_ctx ctx = { .plan = &plan, .root_fd = -EBADF };
static struct err error;

/* root/ with a devpts of its own, in a mount namespace that is gone with the test. */
static void set_up(void)
{
	if (geteuid() != 0)
		cr_skip_test("mounting needs root");
	tempdir_enter();
	cr_assert_eq(unshare(CLONE_NEWNS), 0);
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	cr_assert(mkdir("root", 0755) == 0 && mkdir("root/dev", 0755) == 0 &&
		  mkdir("root/dev/pts", 0755) == 0);
	if (mount("devpts", "root/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance") < 0)
		cr_skip_test("devpts cannot be mounted here");
	ctx.root_fd = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	plan.process =
		(struct plan_process){ .terminal = true, .rows = 33, .columns = 99, .uid = USER };
}

static void tear_down(void)
{
	if (geteuid() != 0)
		return;
	ctx.root_fd = x_close(ctx.root_fd);
	umount2("root/dev/console", MNT_DETACH);
	umount2("root/dev/pts/ptmx", MNT_DETACH);
	umount2("root/dev/pts", MNT_DETACH);
	tempdir_leave();
}

TestSuite(terminal, .init = set_up, .fini = tear_down, .timeout = 20);

/* What the program would see: 0, or the number of what is wrong. */
static int look_around(void)
{
	struct winsize size;
	struct termios modes;
	struct stat st, console;
	int master;

	if (setsid() < 0 || terminal_apply(&ctx, &master, &error) < 0)
		return 1;
	if (!isatty(0) || !isatty(1) || !isatty(2) || tcgetsid(0) != getpid())
		return 2;
	if (ioctl(0, TIOCGWINSZ, &size) < 0 || size.ws_row != 33 || size.ws_col != 99)
		return 3;
	if (tcgetattr(0, &modes) < 0 || modes.c_oflag & ONLCR)
		return 4;
	if (fstat(0, &st) < 0 || st.st_uid != USER || st.st_gid == USER)
		return 5;
	if (fcntl(master, F_GETFD) != FD_CLOEXEC || fcntl(0, F_GETFD) != 0)
		return 6;
	if (plan.rootfs.console &&
	    (stat("root/dev/console", &console) < 0 || console.st_rdev != st.st_rdev))
		return 7;
	return write(1, "x\n", 2) == 2 ? 0 : 8;
}

static void expect_terminal(void)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(look_around());
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0, "status 0x%x", status);
}

static void expect_error(int r)
{
	int master = -EBADF;

	cr_assert_eq(terminal_apply(&ctx, &master, &error), r, "%s: %s", error.op, error.msg);
	cr_assert_eq(master, -EBADF);
}

Test(terminal, is_stdio_and_controls_the_session)
{
	expect_terminal();
}

Test(terminal, covers_the_console_when_planned)
{
	plan.rootfs.console = true;
	expect_terminal();
	cr_assert_eq(umount2("root/dev/console", MNT_DETACH), 0);
	cr_assert_eq(umount2("root/dev/console", MNT_DETACH), -1);
}

Test(terminal, console_that_leads_elsewhere_is_refused)
{
	struct stat before, after;

	plan.rootfs.console = true;
	cr_assert_eq(close(open("target", O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
	cr_assert_eq(stat("target", &before), 0);
	cr_assert_eq(symlink("../../target", "root/dev/console"), 0);
	expect_error(-ELOOP);
	cr_assert_eq(stat("target", &after), 0);
	cr_assert_eq(before.st_dev, after.st_dev);
}

Test(terminal, directory_that_is_no_devpts_is_refused)
{
	cr_assert_eq(umount2("root/dev/pts", MNT_DETACH), 0);
	cr_assert_eq(mknod("root/dev/pts/ptmx", S_IFIFO | 0666, 0), 0);
	expect_error(-EINVAL);
}

Test(terminal, devpts_behind_a_symlink_out_of_the_root_is_not_found)
{
	cr_assert_eq(umount2("root/dev/pts", MNT_DETACH), 0);
	cr_assert_eq(rmdir("root/dev/pts"), 0);
	cr_assert_eq(symlink("/../../../../dev/pts", "root/dev/pts"), 0);
	expect_error(-ELOOP);
}

Test(terminal, multiplexer_that_is_mounted_over_is_refused)
{
	cr_assert_eq(mount("/dev/null", "root/dev/pts/ptmx", NULL, MS_BIND, NULL), 0);
	expect_error(-EXDEV);
}
