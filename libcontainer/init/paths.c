/* SPDX-License-Identifier: Apache-2.0 */
/* Masked and read-only paths, before the pivot: what masks them comes from the host, never from the
 * container's own /dev. A path that does not exist needs no protection; everything else that goes
 * wrong is an error. */
#include "init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "sys/sys.h"

/* Covers for masked paths: the host's null device, and one empty directory, made when the first one
 * is needed. Each is attached as a clone. */
struct covers {
	int null_fd, empty_fd;
	const char *label; /* of the empty directory, or NULL */
};

static void covers_done(struct covers *v)
{
	x_close(v->null_fd);
	x_close(v->empty_fd);
}

static bool is_missing(int fd)
{
	return fd == -ENOENT || fd == -ENOTDIR;
}

static int clone_onto(int from, int target, const char *path, struct err *e)
{
	_cleanup_close_ int tree = sys_open_tree(from, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	int r;

	if (tree < 0)
		return err_sys(e, tree, "open_tree", "cover for %s", path);
	r = sys_move_mount(tree, target, "");
	return r < 0 ? err_sys(e, r, "move_mount", "cover %s", path) : 0;
}

static int open_null(struct covers *v, struct err *e)
{
	_cleanup_close_ int fd = sys_openat(AT_FDCWD, "/dev/null", O_PATH | O_NOFOLLOW, 0);
	struct stat st;
	int r;

	if (fd < 0)
		return err_sys(e, fd, "open", "/dev/null of the host");
	r = sys_fstat(fd, &st);
	if (r < 0)
		return err_sys(e, r, "fstat", "/dev/null of the host");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_kind(e, ERR_DENIED, "/dev/null of the host is not the null device");
	v->null_fd = take_fd(fd);
	return 0;
}

static int mask_file(struct covers *v, int target, const char *path, struct err *e)
{
	int r = v->null_fd < 0 ? open_null(v, e) : 0;

	return r < 0 ? r : clone_onto(v->null_fd, target, path, e);
}

/* Room for nothing but its root directory, even when somebody may remount it. */
static int make_empty(const char *label, struct err *e)
{
	const struct plan_fs_option options[] = { { "nr_blocks", "1" },
						  { "nr_inodes", "2" },
						  { "context", label } };
	_cleanup_close_ int fs = sys_fsopen("tmpfs");
	int r = fs;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(options); i++)
		if (options[i].value)
			r = sys_fsconfig(fs, FSCONFIG_SET_STRING, options[i].key, options[i].value,
					 0);
	if (r >= 0)
		r = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r >= 0)
		r = sys_fsmount(fs, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					    MOUNT_ATTR_NOEXEC);
	return r < 0 ? err_sys(e, r, "mount", "empty tmpfs for masked directories") : r;
}

/* The first is attached itself: a detached mount cannot be cloned (before Linux 6.15). */
static int mask_dir(struct covers *v, int target, const char *path, struct err *e)
{
	int r;

	if (v->empty_fd >= 0)
		return clone_onto(v->empty_fd, target, path, e);
	v->empty_fd = make_empty(v->label, e);
	if (v->empty_fd < 0)
		return v->empty_fd;
	r = sys_move_mount(v->empty_fd, target, "");
	return r < 0 ? err_sys(e, r, "move_mount", "cover %s", path) : 0;
}

static int mask(struct init_ctx *c, struct covers *v, const char *path, struct err *e)
{
	_cleanup_close_ int target = path_open_in(c->root_fd, path, O_PATH);
	struct stat st;
	int r;

	if (is_missing(target))
		return 0;
	if (target < 0)
		return err_sys(e, target, "open", "%s", path);
	r = sys_fstat(target, &st);
	if (r < 0)
		return err_sys(e, r, "fstat", "%s", path);
	return S_ISDIR(st.st_mode) ? mask_dir(v, target, path, e) : mask_file(v, target, path, e);
}

static int make_readonly(struct init_ctx *c, const char *path, struct err *e)
{
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	_cleanup_close_ int target = path_open_in(c->root_fd, path, O_PATH);
	_cleanup_close_ int tree = -EBADF;
	int r;

	if (is_missing(target))
		return 0;
	if (target < 0)
		return err_sys(e, target, "open", "%s", path);
	tree = sys_open_tree(target, "", OPEN_TREE_CLONE | AT_RECURSIVE | AT_EMPTY_PATH);
	if (tree < 0)
		return err_sys(e, tree, "open_tree", "%s", path);
	r = sys_mount_setattr(tree, "", AT_EMPTY_PATH, &readonly);
	if (r < 0)
		return err_sys(e, r, "mount_setattr", "%s", path);
	r = sys_move_mount(tree, target, "");
	return r < 0 ? err_sys(e, r, "move_mount", "%s", path) : 0;
}

int paths_apply(struct init_ctx *c, struct err *e)
{
	const struct plan_rootfs *p = &c->plan->rootfs;
	_cleanup_(covers_done) struct covers v = { -EBADF, -EBADF, p->mount_label };

	for (size_t i = 0; i < p->n_masked; i++)
		if (mask(c, &v, p->masked[i], e) < 0)
			return err_at(e, "linux.maskedPaths[%zu]", i);
	for (size_t i = 0; i < p->n_readonly_paths; i++)
		if (make_readonly(c, p->readonly_paths[i], e) < 0)
			return err_at(e, "linux.readonlyPaths[%zu]", i);
	return 0;
}
