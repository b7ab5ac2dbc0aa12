/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts by descriptor. Raw calls: <sys/mount.h> of glibc 2.36 and <linux/mount.h> exclude one
 * another. */
#include "sys/sys.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/fault.h"
#include "sys/result.h"

int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	FAULT_POINT(open_tree);
	return sys_result(syscall(SYS_open_tree, dirfd, path, flags | OPEN_TREE_CLOEXEC));
}

int sys_move_mount(int from, int to_dirfd, const char *to)
{
	unsigned flags = MOVE_MOUNT_F_EMPTY_PATH;

	FAULT_POINT(move_mount);
	if (to[0] == '\0')
		flags |= MOVE_MOUNT_T_EMPTY_PATH;
	return sys_result(syscall(SYS_move_mount, from, "", to_dirfd, to, flags));
}

int sys_fsopen(const char *fstype)
{
	FAULT_POINT(fsopen);
	return sys_result(syscall(SYS_fsopen, fstype, FSOPEN_CLOEXEC));
}

int sys_fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux)
{
	FAULT_POINT(fsconfig);
	return sys_result(syscall(SYS_fsconfig, fd, cmd, key, value, aux));
}

int sys_fsmount(int fd, unsigned attrs)
{
	FAULT_POINT(fsmount);
	return sys_result(syscall(SYS_fsmount, fd, FSMOUNT_CLOEXEC, attrs));
}

int sys_mount_setattr(int fd, const char *path, unsigned flags, const struct mount_attr *attr)
{
	FAULT_POINT(mount_setattr);
	return sys_result(syscall(SYS_mount_setattr, fd, path, flags, attr, sizeof(*attr)));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	FAULT_POINT(pivot_root);
	return sys_result(syscall(SYS_pivot_root, new_root, put_old));
}

int sys_mount(const char *source, const char *target, const char *fstype, unsigned long flags,
	      const char *data)
{
	FAULT_POINT(mount);
	return sys_result(syscall(SYS_mount, source, target, fstype, flags, data));
}

int sys_umount2(const char *path, int flags)
{
	FAULT_POINT(umount2);
	return sys_result(syscall(SYS_umount2, path, flags));
}
