/* SPDX-License-Identifier: Apache-2.0 */
/* Files and descriptors. */
#include "sys/sys.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/fault.h"
#include "sys/result.h"

int sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	FAULT_POINT(openat);
	return sys_result(openat(dirfd, path, flags | O_CLOEXEC, mode));
}

int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve };

	FAULT_POINT(openat2);
	return sys_result(syscall(SYS_openat2, dirfd, path, &how, sizeof(how)));
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	FAULT_POINT(close_range);
	return sys_result(fault_close_range(first, last, flags));
}

int sys_memfd_create(const char *name, unsigned flags)
{
	FAULT_POINT(memfd_create);
	return sys_result(memfd_create(name, flags | MFD_CLOEXEC));
}

int sys_mkdirat(int dirfd, const char *path, mode_t mode)
{
	FAULT_POINT(mkdirat);
	return sys_result(mkdirat(dirfd, path, mode));
}

int sys_mknodat(int dirfd, const char *path, mode_t mode, dev_t dev)
{
	FAULT_POINT(mknodat);
	return sys_result(mknodat(dirfd, path, mode, dev));
}

int sys_symlinkat(const char *target, int dirfd, const char *path)
{
	FAULT_POINT(symlinkat);
	return sys_result(symlinkat(target, dirfd, path));
}

int sys_unlinkat(int dirfd, const char *path, int flags)
{
	FAULT_POINT(unlinkat);
	return sys_result(unlinkat(dirfd, path, flags));
}

int sys_renameat(int olddir, const char *old, int newdir, const char *new_)
{
	FAULT_POINT(renameat);
	return sys_result(renameat(olddir, old, newdir, new_));
}

int sys_linkat(int olddir, const char *old, int newdir, const char *new_, int flags)
{
	FAULT_POINT(linkat);
	return sys_result(linkat(olddir, old, newdir, new_, flags));
}

int sys_fchmodat(int dirfd, const char *path, mode_t mode)
{
	FAULT_POINT(fchmodat);
	return sys_result(fchmodat(dirfd, path, mode, 0));
}

int sys_fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags)
{
	FAULT_POINT(fchownat);
	return sys_result(fchownat(dirfd, path, uid, gid, flags));
}

int sys_mkfifoat(int dirfd, const char *path, mode_t mode)
{
	FAULT_POINT(mkfifoat);
	return sys_result(mkfifoat(dirfd, path, mode));
}

int sys_flock(int fd, int op)
{
	FAULT_POINT(flock);
	return sys_result(flock(fd, op));
}

int sys_fstat(int fd, struct stat *st)
{
	FAULT_POINT(fstat);
	return sys_result(fstat(fd, st));
}

int sys_fstatat(int dirfd, const char *path, struct stat *st, int flags)
{
	FAULT_POINT(fstatat);
	return sys_result(fstatat(dirfd, path, st, flags));
}

int sys_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *st)
{
	FAULT_POINT(statx);
	return sys_result(syscall(SYS_statx, dirfd, path, flags, mask, st));
}

ssize_t sys_read(int fd, void *buf, size_t size)
{
	FAULT_POINT(read);
	return sys_result(read(fd, buf, size));
}

ssize_t sys_write(int fd, const void *buf, size_t size)
{
	FAULT_POINT(write);
	return sys_result(write(fd, buf, size));
}

int sys_socketpair(int type, int ret[2])
{
	FAULT_POINT(socketpair);
	return sys_result(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ret));
}

int sys_pipe(int ret[2])
{
	FAULT_POINT(pipe);
	return sys_result(pipe2(ret, O_CLOEXEC));
}

int sys_dup3(int from, int to, int flags)
{
	FAULT_POINT(dup3);
	return sys_result(dup3(from, to, flags));
}

int sys_ioctl(int fd, unsigned long request, void *arg)
{
	FAULT_POINT(ioctl);
	return sys_result(ioctl(fd, request, arg));
}
