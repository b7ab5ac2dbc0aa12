/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of the plan, in order: each is made detached with all its attributes, then attached to
 * a target opened below the root, so that nothing in the container's files can lead it astray. */
#include "init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/path.h"
#include "plan/fs_context.h"
#include "sys/sys.h"

static int set_options(int fs, const struct plan_mount *m, const char *mode, struct err *e)
{
	int r = 0;

	if (m->source)
		r = fs_context_set(fs, "source", m->source, e);
	for (size_t i = 0; r == 0 && i < m->n_options; i++)
		r = fs_context_set(fs, m->options[i].key, m->options[i].value, e);
	if (r == 0 && mode[0])
		r = fs_context_set(fs, "mode", mode, e);
	return r;
}

/* A detached mount of a new file system. mode: of its root, "" for the file system's own choice. */
static int make_fs(const struct plan_mount *m, const char *mode, struct err *e)
{
	bool fill_first = m->late_readonly || m->copy_up;
	_cleanup_close_ int fs = sys_fsopen(m->fstype);
	int r;

	if (fs < 0)
		return err_sys(e, fs, "fsopen", "file system type %s", m->fstype);
	r = set_options(fs, m, mode, e);
	if (r < 0)
		return r;
	r = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r < 0)
		return fs_context_error(fs, r, "mount", m->fstype, e);
	r = sys_fsmount(fs, m->attr_set & ~(uint64_t)(fill_first ? MOUNT_ATTR_RDONLY : 0));
	return r < 0 ? fs_context_error(fs, r, "fsmount", m->fstype, e) : r;
}

static int attach(int mnt, int target, const struct plan_mount *m, struct err *e)
{
	int r = sys_move_mount(mnt, target, "");

	return r < 0 ? err_sys(e, r, "move_mount", "%s", m->target) : 0;
}

static int set_attr(int mnt, unsigned recursive, const struct mount_attr *attr,
		    const struct plan_mount *m, struct err *e)
{
	int r = 0;

	if (attr->attr_set || attr->attr_clr || attr->propagation)
		r = sys_mount_setattr(mnt, "", AT_EMPTY_PATH | recursive, attr);
	return r < 0 ? err_sys(e, r, "mount_setattr", "%s", m->target) : 0;
}

static int set_propagation(int mnt, const struct plan_mount *m, struct err *e)
{
	struct mount_attr attr = { .propagation = m->propagation };

	return set_attr(mnt, m->propagation_rec ? AT_RECURSIVE : 0, &attr, m, e);
}

/* The runtime itself trusts /proc and /sys: they are real directories of the root file system or
 * nothing is mounted there. */
static int open_strict(int root, const char *path)
{
	return sys_openat2(root, path, O_PATH | O_DIRECTORY, 0,
			   RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
}

static int open_strict_target(int root, const char *path, struct err *e)
{
	_cleanup_close_ int made = -EBADF;
	int fd = open_strict(root, path);

	if (fd == -ENOENT) {
		made = path_make_in(root, path, false, e);
		if (made < 0)
			return made;
		fd = open_strict(root, path);
	}
	if (fd == -ELOOP || fd == -ENOTDIR)
		return err_bad(e, "destination", "%s is not a directory reached without symlinks",
			       path);
	return fd < 0 ? err_sys(e, fd, "open", "%s", path) : fd;
}

/* Opens the target of a new file system and finds the mode a tmpfs takes over: that of the directory
 * it covers, if there is one. */
static int open_fs_target(const struct init_ctx *c, const struct plan_mount *m, char *mode,
			  size_t size, struct err *e)
{
	struct stat st;
	int fd, r;

	if (strcmp(m->fstype, "proc") == 0 || strcmp(m->fstype, "sysfs") == 0)
		return open_strict_target(c->root_fd, m->target, e);
	if (!m->inherit_mode)
		return path_make_in(c->root_fd, m->target, false, e);
	fd = path_open_in(c->root_fd, m->target, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return path_make_in(c->root_fd, m->target, false, e);
	r = sys_fstat(fd, &st);
	if (r < 0) {
		x_close(fd);
		return err_sys(e, r, "fstat", "%s", m->target);
	}
	fmt_str(mode, size, "%o", st.st_mode & 07777);
	return fd;
}

static int copy_up(int mnt, int target, const struct plan_mount *m, struct err *e)
{
	struct mount_attr readonly = { .attr_set = m->attr_set & MOUNT_ATTR_RDONLY };
	_cleanup_close_ int from = sys_openat(target, ".", O_RDONLY | O_DIRECTORY, 0);
	_cleanup_close_ int to = sys_openat(mnt, ".", O_RDONLY | O_DIRECTORY, 0);
	int r;

	if (from < 0 || to < 0)
		return err_sys(e, from < 0 ? from : to, "open", "%s", m->target);
	r = copy_up_dir(from, to, e);
	if (r < 0)
		return err_wrap(e, "copy up %s", m->target);
	return m->late_readonly ? 0 : set_attr(mnt, 0, &readonly, m, e);
}

/* Returns the mount. */
static int mount_fs(struct init_ctx *c, const struct plan_mount *m, struct err *e)
{
	char mode[8] = "";
	_cleanup_close_ int target = open_fs_target(c, m, mode, sizeof(mode), e);
	_cleanup_close_ int mnt = -EBADF;
	int r;

	if (target < 0)
		return target;
	mnt = make_fs(m, mode, e);
	if (mnt < 0)
		return mnt;
	r = m->copy_up ? copy_up(mnt, target, m, e) : 0;
	if (r == 0)
		r = set_propagation(mnt, m, e);
	if (r == 0)
		r = attach(mnt, target, m, e);
	return r < 0 ? r : take_fd(mnt);
}

/* A symbolic link itself, when it is what is to be covered. */
static int open_bind_target(const struct init_ctx *c, const struct plan_mount *m, struct err *e)
{
	int fd = m->target_nofollow ? path_open_in(c->root_fd, m->target, O_PATH | O_NOFOLLOW)
				    : -ENOENT;

	return fd < 0 ? path_make_in(c->root_fd, m->target, !m->source_is_dir, e) : fd;
}

/* The host has made and attributed the tree. */
static int mount_bind(struct init_ctx *c, const struct plan_mount *m, struct err *e)
{
	_cleanup_close_ int target = open_bind_target(c, m, e);
	struct stat st;
	int r;

	if (target < 0)
		return target;
	r = attach(m->source_fd, target, m, e);
	if (r == -EINVAL && sys_fstat(target, &st) == 0 && S_ISDIR(st.st_mode) != m->source_is_dir)
		return err_bad(e, "destination", "%s: not a directory, or its source %s is not one",
			       m->target, m->source);
	return r;
}

static int remount(struct init_ctx *c, const struct plan_mount *m, struct err *e)
{
	struct mount_attr attr = { .attr_set = m->attr_set, .attr_clr = m->attr_clr };
	struct mount_attr rec = { .attr_set = m->rec_attr_set, .attr_clr = m->rec_attr_clr };
	_cleanup_close_ int fd = path_open_in(c->root_fd, m->target, O_PATH);
	int r;

	if (fd < 0)
		return err_sys(e, fd, "open", "%s", m->target);
	r = set_attr(fd, AT_RECURSIVE, &rec, m, e);
	if (r == 0)
		r = set_attr(fd, 0, &attr, m, e);
	if (r == 0)
		r = set_propagation(fd, m, e);
	return r == -EINVAL ? err_bad(e, "destination", "%s is not a mount point", m->target) : r;
}

/* Without a cgroup namespace of its own the container sees its own group and nothing else; writable
 * only when asked for in so many words. */
static int mount_cgroup(struct init_ctx *c, const struct plan_mount *m, struct err *e)
{
	struct mount_attr attr = { .attr_set = m->attr_set, .propagation = MS_PRIVATE };
	_cleanup_close_ int target = path_make_in(c->root_fd, m->target, false, e);
	_cleanup_close_ int tree = -EBADF;
	int r;

	if (target < 0)
		return target;
	tree = sys_open_tree(AT_FDCWD, m->source, OPEN_TREE_CLONE);
	if (tree < 0)
		return err_sys(e, tree, "open_tree", "%s", m->source);
	r = set_attr(tree, 0, &attr, m, e);
	return r < 0 ? r : attach(tree, target, m, e);
}

static int make_symlink(struct init_ctx *c, const struct plan_mount *m, struct err *e)
{
	const char *name;
	_cleanup_close_ int dir = path_open_parent_in(c->root_fd, m->target, true, &name, e);
	char text[PATH_MAX];
	ssize_t n;
	int r;

	if (dir < 0)
		return dir;
	r = sys_symlinkat(m->link, dir, name);
	if (r != -EEXIST)
		return r < 0 ? err_sys(e, r, "symlink", "%s", m->target) : 0;
	n = readlinkat(dir, name, text, sizeof(text));
	if (n >= 0 && (size_t)n == strlen(m->link) && memcmp(text, m->link, (size_t)n) == 0)
		return 0;
	return err_bad(e, "destination", "%s is there, and is no symbolic link to %s", m->target,
		       m->link);
}

int mounts_attach(struct init_ctx *c, const struct plan_mount *m, struct err *e)
{
	int r;

	if (m->kind == PLAN_MOUNT_FS)
		return mount_fs(c, m, e);
	if (m->kind != PLAN_MOUNT_BIND)
		return err_kind(e, ERR_BUG, "mount of kind %d", m->kind);
	r = mount_bind(c, m, e);
	return r < 0 ? r : m->source_fd;
}

static int mount_one(struct init_ctx *c, const struct plan_mount *m, struct err *e)
{
	int mnt;

	switch (m->kind) {
	case PLAN_MOUNT_FS:
		mnt = mount_fs(c, m, e);
		x_close(mnt);
		return mnt < 0 ? mnt : 0;
	case PLAN_MOUNT_BIND:
		return mount_bind(c, m, e);
	case PLAN_MOUNT_SYMLINK:
		return make_symlink(c, m, e);
	case PLAN_MOUNT_REMOUNT:
		return remount(c, m, e);
	case PLAN_MOUNT_CGROUP:
		return mount_cgroup(c, m, e);
	}
	return err_kind(e, ERR_BUG, "mount of kind %d", m->kind);
}

int mounts_apply(struct init_ctx *c, struct err *e)
{
	const struct plan_rootfs *r = &c->plan->rootfs;

	for (size_t i = 0; i < r->n_mounts; i++)
		if (mount_one(c, &r->mounts[i], e) < 0)
			return err_at(e, "mounts[%zu]", r->mounts[i].index);
	return 0;
}
