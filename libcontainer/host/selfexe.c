/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container can reach the runtime's executable while it is entered: by /proc/PID/exe, by
 * "#!/proc/self/exe", by naming it as its loader. What it can open for writing it can replace
 * (CVE-2019-5736). So we run from something that cannot be written: a detached read-only mount of
 * the same file, which nobody can see or leave behind; where mounts are not allowed, sealed memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/memfd.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "libcontainer.h"
#include "sys/sys.h"

#define AGAIN "_HULL_PROTECTED" /* in our own environment only: programs get theirs from the plan */
#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static bool cannot_be_written(int exe)
{
	struct statfs fs;
	unsigned flags = 0;
	int seals;

	if (fstatfs(exe, &fs) == 0 && fs.f_flags & ST_RDONLY)
		return true;
	seals = fcntl(exe, F_GET_SEALS);
	if (seals >= 0 && seals & F_SEAL_WRITE)
		return true;
	return sys_ioctl(exe, FS_IOC_GETFLAGS, &flags) == 0 && flags & FS_VERITY_FL;
}

static int read_only_mount(int exe)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	_cleanup_close_ int tree =
		sys_open_tree(exe, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	int r;

	if (tree < 0)
		return tree;
	r = sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr);
	return r < 0 ? r : take_fd(tree);
}

static int copy(int from, int to)
{
	struct stat st;
	off_t at = 0;

	if (fstat(from, &st) < 0)
		return -errno;
	while (at < st.st_size)
		if (sendfile(to, from, &at, (size_t)(st.st_size - at)) <= 0)
			return errno ? -errno : -EIO;
	return 0;
}

static int sealed_memory(int exe)
{
	_cleanup_close_ int fd = sys_memfd_create("hull", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return fd;
	r = copy(exe, fd);
	if (r == 0 && fcntl(fd, F_ADD_SEALS, ALL_SEALS) < 0)
		r = -errno;
	return r < 0 ? r : take_fd(fd);
}

int lc_protect_self(char *const argv[], struct err *e)
{
	_cleanup_close_ int exe = sys_openat(AT_FDCWD, "/proc/self/exe", O_RDONLY, 0);
	_cleanup_close_ int safe = -EBADF;
	bool again = getenv(AGAIN) != NULL;
	int r;

	if (exe < 0)
		return err_sys(e, exe, "open", "/proc/self/exe");
	if (again) /* older kernels name us after the descriptor's number */
		(void)sys_prctl(PR_SET_NAME, (unsigned long)"hull", 0, 0, 0);
	if (cannot_be_written(exe)) {
		unsetenv(AGAIN);
		return 0;
	}
	if (again)
		return err_kind(e, ERR_UNSUPPORTED,
				"cannot protect our own executable from containers");
	safe = read_only_mount(exe);
	if (safe < 0)
		safe = sealed_memory(exe);
	if (safe < 0)
		return err_sys(e, safe, "memfd_create", "a read-only copy of our own executable");
	if (setenv(AGAIN, "1", 1) < 0)
		return err_nomem(e);
	r = sys_execveat(safe, "", argv, environ, AT_EMPTY_PATH);
	return err_sys(e, r, "execveat", "our own executable, read-only");
}
