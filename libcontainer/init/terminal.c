/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal comes from the container's own devpts. What lies at /dev/pts was put there by a
 * configuration and an image that we do not trust: the multiplexer is opened beneath a directory
 * proven to be devpts, the peer by ioctl and not by name (CVE-2025-52565), and /dev/console is
 * covered by descriptor, never through a symlink. */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "init/init.h"
#include "sys/sys.h"

static int open_devpts(int root_fd, struct err *e)
{
	_cleanup_close_ int fd = path_open_in(root_fd, "/dev/pts", O_PATH | O_DIRECTORY);
	struct statfs fs;

	if (fd < 0)
		return err_sys(e, fd, "open", "/dev/pts");
	if (fstatfs(fd, &fs) < 0)
		return err_sys(e, errno, "fstatfs", "/dev/pts");
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return err_kind(e, ERR_INVALID,
				"/dev/pts is not devpts: process.terminal needs one");
	return take_fd(fd);
}

static int open_master(int root_fd, struct err *e)
{
	_cleanup_close_ int dir = open_devpts(root_fd, e), master = -EBADF;
	struct stat st;
	int r;

	if (dir < 0)
		return dir;
	master = sys_openat2(dir, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW, 0,
			     RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
	if (master < 0)
		return err_sys(e, master, "open", "/dev/pts/ptmx");
	r = sys_fstat(master, &st);
	if (r < 0)
		return err_sys(e, r, "fstat", "/dev/pts/ptmx");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
		return err_kind(e, ERR_INVALID, "/dev/pts/ptmx is not the pty multiplexer");
	return take_fd(master);
}

static int open_slave(int master, struct err *e)
{
	int unlock = 0, fd, r = sys_ioctl(master, TIOCSPTLCK, &unlock);

	if (r < 0)
		return err_sys(e, r, "ioctl", "TIOCSPTLCK");
	fd = sys_ioctl(master, TIOCGPTPEER, (void *)(intptr_t)(O_RDWR | O_NOCTTY | O_CLOEXEC));
	return fd < 0 ? err_sys(e, fd, "ioctl", "TIOCGPTPEER") : fd;
}

/* Whoever reads the master gets the lines as the program wrote them: no \r is added to \n. */
static int set_modes(int slave, const struct plan_process *pp, struct err *e)
{
	const struct winsize size = { .ws_row = pp->rows, .ws_col = pp->columns };
	struct termios modes;
	int r;

	if (pp->rows > 0 || pp->columns > 0) {
		r = sys_ioctl(slave, TIOCSWINSZ, (void *)&size);
		if (r < 0)
			return err_sys(e, r, "ioctl", "TIOCSWINSZ");
	}
	r = sys_ioctl(slave, TCGETS, &modes);
	if (r < 0)
		return err_sys(e, r, "ioctl", "TCGETS");
	modes.c_oflag &= (tcflag_t)~ONLCR;
	r = sys_ioctl(slave, TCSETS, &modes);
	return r < 0 ? err_sys(e, r, "ioctl", "TCSETS") : 0;
}

static int become_stdio(int slave, struct err *e)
{
	int r = sys_ioctl(slave, TIOCSCTTY, NULL);

	if (r < 0)
		return err_sys(e, r, "ioctl", "TIOCSCTTY");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		r = sys_dup3(slave, fd, 0);
		if (r < 0)
			return err_sys(e, r, "dup3", "terminal to %d", fd);
	}
	return 0;
}

/* An empty file to mount on; what is there already must not lead elsewhere. */
static int open_console(int root_fd, struct err *e)
{
	_cleanup_close_ int dev = path_open_in(root_fd, "/dev", O_PATH | O_DIRECTORY);
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r;

	if (dev < 0)
		return err_sys(e, dev, "open", "/dev");
	r = sys_mknodat(dev, "console", S_IFREG | 0600, 0);
	if (r < 0 && r != -EEXIST)
		return err_sys(e, r, "create", "/dev/console");
	fd = sys_openat(dev, "console", O_PATH | O_NOFOLLOW, 0);
	r = fd < 0 ? fd : sys_fstat(fd, &st);
	if (r < 0)
		return err_sys(e, r, "open", "/dev/console");
	if (S_ISLNK(st.st_mode))
		return err_sys(e, ELOOP, "open", "/dev/console");
	return take_fd(fd);
}

static int bind_console(int root_fd, int slave, struct err *e)
{
	_cleanup_close_ int target = open_console(root_fd, e), tree = -EBADF;
	int r;

	if (target < 0)
		return target;
	tree = sys_open_tree(slave, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (tree < 0)
		return err_sys(e, tree, "open_tree", "terminal");
	r = sys_move_mount(tree, target, "");
	return r < 0 ? err_sys(e, r, "move_mount", "terminal to /dev/console") : 0;
}

int terminal_apply(struct init_ctx *c, int *ret_master, struct err *e)
{
	const struct plan_process *pp = &c->plan->process;
	_cleanup_close_ int master = open_master(c->root_fd, e), slave = -EBADF;
	int r;

	if (master < 0)
		return master;
	slave = open_slave(master, e);
	if (slave < 0)
		return slave;
	r = set_modes(slave, pp, e);
	if (r < 0)
		return r;
	r = sys_fchownat(slave, "", pp->uid, (gid_t)-1, AT_EMPTY_PATH);
	if (r < 0)
		return err_sys(e, r, "fchown", "terminal to %u", pp->uid);
	if (c->plan->rootfs.console) {
		r = bind_console(c->root_fd, slave, e);
		if (r < 0)
			return r;
	}
	r = become_stdio(slave, e);
	if (r < 0)
		return r;
	*ret_master = take_fd(master);
	return 0;
}
