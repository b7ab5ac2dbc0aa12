/* SPDX-License-Identifier: Apache-2.0 */
/* Bind mounts: the source is cloned and finished by the runtime, with its rights and its view of the
 * host; init only attaches it. */
#include "host/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "sys/sys.h"

/* As with mount(8), rw, suid, dev and exec lift nothing that the source's own mount forbids; only
 * the recursive options do. How access times are kept may change both ways. */
#define CLEARABLE (MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME)

static int set_attr(int tree, unsigned flags, const struct mount_attr *attr, const char *source,
		    struct err *e)
{
	int r = 0;

	if (attr->attr_set || attr->attr_clr || attr->propagation)
		r = sys_mount_setattr(tree, "", AT_EMPTY_PATH | flags, attr);
	if (r < 0 && attr->attr_set & MOUNT_ATTR_IDMAP)
		return err_sys(e, r, "mount_setattr",
			       "id map on %s (its file system must allow it)", source);
	return r < 0 ? err_sys(e, r, "mount_setattr", "%s", source) : 0;
}

/* Nothing mounted in the container may reach the host, except where both rootfsPropagation and the
 * mount say shared: so the base comes first, whatever the options add. */
static int set_propagation(int tree, uint64_t base, const struct mount_opts *opts,
			   const char *source, struct err *e)
{
	struct mount_attr first = { .propagation = base },
			  then = { .propagation = opts->propagation };
	bool replaced = opts->propagation_rec && opts->propagation != MS_SHARED;
	int r = replaced ? 0 : set_attr(tree, AT_RECURSIVE, &first, source, e);

	if (r < 0)
		return r;
	return set_attr(tree, opts->propagation_rec ? AT_RECURSIVE : 0, &then, source, e);
}

static int set_idmap(int tree, const struct plan *p, const struct spec_mount *sm,
		     const struct mount_opts *opts, struct err *e)
{
	_cleanup_close_ int userns = idmap_mount_open(p, sm, e);
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns };

	if (userns < 0)
		return userns;
	return set_attr(tree, opts->ridmap ? AT_RECURSIVE : 0, &attr, sm->source, e);
}

static int set_attributes(int tree, const struct plan *p, const struct spec_mount *sm,
			  const struct mount_opts *opts, uint64_t base, struct err *e)
{
	struct mount_attr rec = { .attr_set = opts->rec_attr_set, .attr_clr = opts->rec_attr_clr };
	struct mount_attr top = { .attr_set = opts->attr_set,
				  .attr_clr = opts->attr_clr & CLEARABLE };
	int r = set_propagation(tree, base, opts, sm->source, e);

	if (r == 0)
		r = set_attr(tree, AT_RECURSIVE, &rec, sm->source, e);
	if (r == 0)
		r = set_attr(tree, 0, &top, sm->source, e);
	return r == 0 && opts->idmap ? set_idmap(tree, p, sm, opts, e) : r;
}

/* What /proc shows decides what every later step believes about the container. */
static int check_proc(int tree, const struct plan_mount *m, struct err *e)
{
	struct statfs fs;

	if (strcmp(m->target, "/proc") != 0)
		return 0;
	if (fstatfs(tree, &fs) < 0)
		return err_sys(e, errno, "fstatfs", "%s", m->source);
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_bad(e, "source", "%s is not procfs and cannot cover /proc", m->source);
	return 0;
}

int bind_mount_open(const struct host_env *h, const struct spec *s, const struct plan *p,
		    const struct spec_mount *sm, const struct mount_opts *opts,
		    struct plan_mount *m, struct err *e)
{
	unsigned flags = OPEN_TREE_CLONE | (opts->recursive_bind ? AT_RECURSIVE : 0) |
			 (opts->source_nofollow ? AT_SYMLINK_NOFOLLOW : 0);
	_cleanup_close_ int tree = sys_open_tree(h->bundle_fd, sm->source, flags);
	struct stat st;
	int r;

	if (tree < 0) {
		err_sys(e, tree, "open_tree", "%s", sm->source);
		return err_at(e, "source");
	}
	r = sys_fstat(tree, &st);
	if (r < 0)
		return err_sys(e, r, "fstat", "%s", sm->source);
	r = check_proc(tree, m, e);
	if (r == 0)
		r = set_attributes(tree, p, sm, opts, rootfs_base_propagation(s), e);
	if (r < 0)
		return r;
	m->source_is_dir = S_ISDIR(st.st_mode);
	m->source_fd = take_fd(tree);
	return 0;
}
