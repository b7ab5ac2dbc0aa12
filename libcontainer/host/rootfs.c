/* SPDX-License-Identifier: Apache-2.0 */
/* The root file system: found and cloned by the runtime, so that init needs no right to reach it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "host/host.h"
#include "host/mounts.h"
#include "host/paths.h"
#include "sys/sys.h"

uint64_t rootfs_base_propagation(const struct spec *s)
{
	switch (s->linux_.rootfs_propagation & ~(uint64_t)MS_REC) {
	case MS_SHARED:
		return spec_has_userns(s) ? MS_SLAVE : 0;
	case MS_PRIVATE:
	case MS_UNBINDABLE:
		return MS_PRIVATE;
	default:
		return MS_SLAVE;
	}
}

/* The directory's path as the kernel knows it. */
static int resolved_path(const struct plan *p, int dir, const char **ret, struct err *e)
{
	char link[32], path[PATH_MAX];
	ssize_t n;

	fmt_str(link, sizeof(link), "self/fd/%d", dir);
	n = readlinkat(p->proc_fd, link, path, sizeof(path) - 1);
	if (n < 0)
		return err_sys(e, errno, "readlink", "/proc/%s", link);
	*ret = arena_strndup(p->arena, path, (size_t)n);
	return *ret ? 0 : err_nomem(e);
}

/* Where the path leads if no part of it is a symlink: enough for a dry run. */
static int lexical_path(const struct host_env *h, const char *path, struct plan *p, struct err *e)
{
	const char *whole =
		path[0] == '/' ? path : arena_printf(p->arena, "%s/%s", h->bundle, path);

	return whole ? paths_clean(whole, &p->rootfs.path, p->arena, e) : err_nomem(e);
}

/* pivot_root(2) takes no shared root; the rest of the tree keeps what rootfsPropagation wants. */
static int set_propagation(int tree, uint64_t base, const char *path, struct err *e)
{
	struct mount_attr all = { .propagation = base }, top = { .propagation = MS_PRIVATE };
	int r;

	if (base)
		r = sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &all);
	else
		r = sys_mount_setattr(tree, "", AT_EMPTY_PATH, &top);
	return r < 0 ? err_sys(e, r, "mount_setattr", "propagation of %s", path) : 0;
}

static int clone_tree(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	_cleanup_close_ int dir = sys_openat(h->bundle_fd, s->root.path, O_PATH | O_DIRECTORY, 0);
	_cleanup_close_ int tree = -EBADF;
	int r;

	if (dir < 0)
		return err_sys(e, dir, "open", "root file system %s", s->root.path);
	r = resolved_path(p, dir, &p->rootfs.path, e);
	if (r < 0)
		return r;
	tree = sys_open_tree(dir, "", OPEN_TREE_CLONE | AT_RECURSIVE | AT_EMPTY_PATH);
	if (tree < 0)
		return err_sys(e, tree, "open_tree", "%s", p->rootfs.path);
	r = set_propagation(tree, rootfs_base_propagation(s), p->rootfs.path, e);
	if (r < 0)
		return r;
	p->rootfs.tree_fd = take_fd(tree);
	return 0;
}

int rootfs_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	struct plan_rootfs *rootfs = &p->rootfs;
	int r;

	rootfs->readonly = s->root.readonly;
	rootfs->propagation = s->linux_.rootfs_propagation;
	rootfs->no_pivot = h->no_pivot;
	rootfs->joined_mount_ns = !(p->ns.new_flags & CLONE_NEWNS);
	rootfs->console = s->process && s->process->terminal;
	r = h->dry_run ? lexical_path(h, s->root.path, p, e) : clone_tree(h, s, p, e);
	return r < 0 ? err_at(e, "root.path") : 0;
}
