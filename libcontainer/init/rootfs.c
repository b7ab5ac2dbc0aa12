/* SPDX-License-Identifier: Apache-2.0 */
/* The container's root file system: a detached tree from the host, attached, filled by the other
 * steps, then made the root. */
#include "init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "sys/sys.h"

/* Nothing that is mounted or unmounted here may reach the host. A joined namespace is left as its
 * owner made it. */
static int detach_from_host(const struct plan_rootfs *r, struct err *e)
{
	struct mount_attr slave = { .propagation = MS_SLAVE };
	int ret;

	if (r->joined_mount_ns)
		return 0;
	ret = sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &slave);
	return ret < 0 ? err_sys(e, ret, "mount_setattr", "make / a slave of the host") : 0;
}

/* The tree belongs over its own directory, where createContainer and prestart hooks look for it. The
 * root of a user namespace may lack the right to walk there; then over "/", which takes none. Without
 * pivot_root it covers "/" for good. */
static int open_mount_point(const struct plan_rootfs *r)
{
	int fd = -EACCES;

	if (!r->no_pivot || r->joined_mount_ns)
		fd = sys_openat(AT_FDCWD, r->path, O_PATH | O_DIRECTORY, 0);
	if (fd == -EACCES)
		fd = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	return fd;
}

int rootfs_attach(struct init_ctx *c, struct err *e)
{
	const struct plan_rootfs *r = &c->plan->rootfs;
	_cleanup_close_ int at = -EBADF;
	int ret;

	ret = detach_from_host(r, e);
	if (ret < 0)
		return ret;
	at = open_mount_point(r);
	if (at < 0)
		return err_sys(e, at, "open", "%s", r->path);
	ret = sys_move_mount(r->tree_fd, at, "");
	if (ret < 0)
		return err_sys(e, ret, "move_mount", "%s", r->path);
	c->root_fd = r->tree_fd;
	return 0;
}

/* Afterwards the old root lies over the new one, and "." is the new one (pivot_root(2)). */
static int pivot(const struct plan_rootfs *r, struct err *e)
{
	int ret = sys_pivot_root(".", ".");

	if (ret < 0)
		return err_sys(e, ret, "pivot_root", "%s", r->path);
	ret = sys_umount2(".", MNT_DETACH);
	return ret < 0 ? err_sys(e, ret, "umount2", "the host's root") : 0;
}

static int change_root(const struct plan_rootfs *r, struct err *e)
{
	int ret = sys_chroot(".");

	return ret < 0 ? err_sys(e, ret, "chroot", "%s", r->path) : 0;
}

int rootfs_pivot(struct init_ctx *c, struct err *e)
{
	const struct plan_rootfs *r = &c->plan->rootfs;
	int ret = sys_fchdir(c->root_fd);

	if (ret < 0)
		return err_sys(e, ret, "fchdir", "%s", r->path);
	/* others live in a joined mount namespace: its root is not ours to change */
	ret = r->no_pivot || r->joined_mount_ns ? change_root(r, e) : pivot(r, e);
	if (ret < 0)
		return ret;
	ret = sys_chdir("/");
	return ret < 0 ? err_sys(e, ret, "chdir", "/") : 0;
}

static int finish_tmpfs(const struct init_ctx *c, const struct plan_mount *m, struct err *e)
{
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	_cleanup_close_ int fd = path_open_in(c->root_fd, m->target, O_PATH);
	int ret;

	if (fd < 0)
		return err_sys(e, fd, "open", "%s", m->target);
	ret = sys_mount_setattr(fd, "", AT_EMPTY_PATH, &readonly);
	return ret < 0 ? err_sys(e, ret, "mount_setattr", "read-only %s", m->target) : 0;
}

static int finish_root(const struct init_ctx *c, struct err *e)
{
	const struct plan_rootfs *r = &c->plan->rootfs;
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	struct mount_attr propagation = { .propagation = r->propagation & ~(uint64_t)MS_REC };
	unsigned recursive = r->propagation & MS_REC ? AT_RECURSIVE : 0;
	int ret = 0;

	if (propagation.propagation)
		ret = sys_mount_setattr(c->root_fd, "", AT_EMPTY_PATH | recursive, &propagation);
	if (ret < 0)
		return err_sys(e, ret, "mount_setattr", "propagation of /");
	if (r->readonly)
		ret = sys_mount_setattr(c->root_fd, "", AT_EMPTY_PATH, &readonly);
	return ret < 0 ? err_sys(e, ret, "mount_setattr", "read-only /") : 0;
}

int rootfs_finish(struct init_ctx *c, struct err *e)
{
	const struct plan_rootfs *r = &c->plan->rootfs;
	int ret;

	for (size_t i = 0; i < r->n_mounts; i++) {
		ret = r->mounts[i].late_readonly ? finish_tmpfs(c, &r->mounts[i], e) : 0;
		if (ret < 0)
			return err_at(e, "mounts[%zu]", r->mounts[i].index);
	}
	return finish_root(c, e);
}
