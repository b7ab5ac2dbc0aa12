/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes and the symlinks of /dev, made in directories opened below the root: a symlink that
 * the image has for /dev stays inside (CVE-2026-41579). The umask is 0 (init.c). */
#include "init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "sys/sys.h"

/* The directory of the node made last: nearly all share one. */
struct parent {
	int fd;
	const char *path; /* its first len bytes name the directory */
	size_t len;
};

static void parent_done(struct parent *d)
{
	x_close(d->fd);
}

/* Opens the directory of path, with missing ones made; *ret_name is the last component. */
static int parent_open(struct parent *d, int root, const char *path, const char **ret_name,
		       struct err *e)
{
	size_t len = (size_t)(strrchr(path, '/') - path);
	int fd;

	if (d->fd >= 0 && len == d->len && memcmp(path, d->path, len) == 0) {
		*ret_name = path + len + 1;
		return 0;
	}
	fd = path_open_parent_in(root, path, true, ret_name, e);
	if (fd < 0)
		return fd;
	x_close(d->fd);
	*d = (struct parent){ fd, path, len };
	return 0;
}

/* What is there already must be the very device. */
static int check_existing(const struct parent *d, const char *name, const struct plan_device *dev,
			  struct err *e)
{
	struct stat st;
	int r = sys_fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW);

	if (r < 0)
		return err_sys(e, r, "fstatat", "%s", dev->path);
	if ((st.st_mode & S_IFMT) != (dev->mode & S_IFMT) ||
	    (!S_ISFIFO(dev->mode) && st.st_rdev != dev->rdev))
		return err_bad(e, "", "%s exists and is not the device asked for (%d:%d)",
			       dev->path, (int)major(dev->rdev), (int)minor(dev->rdev));
	return 0;
}

static int make_node(struct parent *d, int root, const struct plan_device *dev, struct err *e)
{
	const char *name;
	int r = parent_open(d, root, dev->path, &name, e);

	if (r < 0)
		return r;
	r = sys_mknodat(d->fd, name, dev->mode, dev->rdev);
	if (r == -EEXIST)
		return check_existing(d, name, dev, e);
	if (r < 0)
		return err_sys(e, r, "mknod", "%s", dev->path);
	if (dev->uid || dev->gid)
		r = sys_fchownat(d->fd, name, dev->uid, dev->gid, AT_SYMLINK_NOFOLLOW);
	return r < 0 ? err_sys(e, r, "chown", "%s", dev->path) : 0;
}

/* A user namespace: the host's node, attached over an empty file. */
static int attach_node(int root, const struct plan_device *dev, struct err *e)
{
	_cleanup_close_ int target = path_make_in(root, dev->path, true, e);
	int r;

	if (target < 0)
		return target;
	r = sys_move_mount(dev->bind_fd, target, "");
	return r < 0 ? err_sys(e, r, "move_mount", "%s", dev->path) : 0;
}

static bool has_target(int root, const char *target)
{
	_cleanup_close_ int fd = path_open_in(root, target, O_PATH | O_NOFOLLOW);

	return fd >= 0;
}

/* A link that is there stays, but for a relative one (ptmx): an image's own node would lead to the
 * host's terminals instead of the container's. */
static int make_symlink(struct parent *d, int root, const struct plan_symlink *l, struct err *e)
{
	bool relative = l->target[0] != '/';
	const char *name;
	int r;

	if (!relative && !has_target(root, l->target))
		return 0;
	r = parent_open(d, root, l->path, &name, e);
	if (r < 0)
		return r;
	r = sys_symlinkat(l->target, d->fd, name);
	if (r == -EEXIST && relative) {
		r = sys_unlinkat(d->fd, name, 0);
		if (r == 0)
			r = sys_symlinkat(l->target, d->fd, name);
	} else if (r == -EEXIST) {
		r = 0;
	}
	return r < 0 ? err_sys(e, r, "symlink", "%s", l->path) : 0;
}

int devices_apply(struct init_ctx *c, struct err *e)
{
	const struct plan_rootfs *p = &c->plan->rootfs;
	_cleanup_(parent_done) struct parent d = { .fd = -EBADF };
	int r;

	for (size_t i = 0; i < p->n_devices; i++) {
		const struct plan_device *dev = &p->devices[i];

		r = dev->bind_fd >= 0 ? attach_node(c->root_fd, dev, e)
				      : make_node(&d, c->root_fd, dev, e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < p->n_symlinks; i++) {
		r = make_symlink(&d, c->root_fd, &p->symlinks[i], e);
		if (r < 0)
			return r;
	}
	return 0;
}
