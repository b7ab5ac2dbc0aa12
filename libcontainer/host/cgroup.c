/* SPDX-License-Identifier: Apache-2.0 */
/* Where a container's cgroup is: the cgroup2 mount, and the path below it. */
#include "host/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sched.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/path.h"
#include "host/cgroup_fs.h"
#include "host/cgroup_systemd.h"
#include "host/host.h"
#include "host/mount_tree.h"
#include "sys/sys.h"

#define DELEGATE "run.oci.delegate-cgroup"

/* -ENOENT when there is something else at path. */
static int open_cgroup2(const char *path)
{
	_cleanup_close_ int fd = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
	struct statfs fs;

	if (fd < 0)
		return fd;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return fs.f_type == CGROUP2_SUPER_MAGIC ? take_fd(fd) : -ENOENT;
}

static int open_given_root(const char *root, struct err *e)
{
	int fd = sys_openat(AT_FDCWD, root, O_PATH | O_DIRECTORY, 0);

	return fd < 0 ? err_sys(e, fd, "open", "%s", root) : fd;
}

static int find_root(char *path, struct err *e)
{
	static const char *const usual[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	int fd, r;

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		fd = open_cgroup2(usual[i]);
		if (fd >= 0) {
			fmt_str(path, PATH_MAX, "%s", usual[i]);
			return fd;
		}
	}
	r = mount_tree_find_fstype("cgroup2", path, PATH_MAX, e);
	if (r < 0)
		return r;
	fd = open_cgroup2(path);
	return fd < 0 ? err_sys(e, fd, "open", "%s", path) : fd;
}

int cgroup_open_root(const char *root, char *ret_path, struct err *e)
{
	char found[PATH_MAX];
	int fd = root ? open_given_root(root, e) : find_root(found, e);

	if (fd >= 0 && ret_path)
		fmt_str(ret_path, PATH_MAX, "%s", root ? root : found);
	return fd;
}

int cgroup_fs_open(int root_fd, const char *path)
{
	return sys_openat2(root_fd, path + 1, O_RDONLY | O_DIRECTORY, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

int cgroup_open(const char *root, const char *path, struct err *e)
{
	_cleanup_close_ int root_fd = cgroup_open_root(root, NULL, e);
	int fd;

	if (root_fd < 0)
		return root_fd;
	fd = cgroup_fs_open(root_fd, path);
	return fd < 0 ? err_sys(e, fd, "open", "cgroup %s", path) : fd;
}

/* "system.slice:prefix:name", the form of the systemd driver. */
static bool is_systemd_form(const char *path)
{
	const char *colon = path[0] == '/' ? NULL : strchr(path, ':');

	return colon && strchr(colon + 1, ':');
}

static int path_plan(const struct host_env *h, const char *wanted, struct plan *p, struct err *e)
{
	char path[PATH_MAX];

	if (!wanted || !wanted[0]) {
		/* Directly below the mount: removing the group leaves no parent of ours behind. */
		p->cgroup.path = arena_printf(p->arena, "/hull-%s", h->id);
		return p->cgroup.path ? 0 : err_nomem(e);
	}
	if (is_systemd_form(wanted))
		return err_bad(e, "linux.cgroupsPath",
			       "%s is slice:prefix:name, the form that goes with --systemd-cgroup: "
			       "give a path such as /group/name",
			       wanted);
	if (path_clean(wanted, path, sizeof(path)) < 0)
		return err_bad(e, "linux.cgroupsPath", "is longer than a path may be");
	if (strcmp(path, "/") == 0)
		return err_bad(e, "linux.cgroupsPath",
			       "%s is the root of the tree: name a group below it", wanted);
	p->cgroup.path = arena_strdup(p->arena, path);
	return p->cgroup.path ? 0 : err_nomem(e);
}

/* No path, and one that does not begin at the root of the tree, leave the place to us. */
static bool is_relative(const char *path)
{
	return !path || path[0] != '/';
}

static bool mount_is_writable_cgroup(const struct spec_mount *m)
{
	char path[PATH_MAX];

	if (!m->type || strcmp(m->type, "cgroup") != 0)
		return false;
	if (path_clean(m->destination, path, sizeof(path)) < 0 ||
	    strcmp(path, "/sys/fs/cgroup") != 0)
		return false;
	for (size_t i = 0; i < m->options.n; i++)
		if (strcmp(m->options.items[i], "ro") == 0)
			return false;
	return true;
}

/* The host's id of a container's uid; false when the maps do not tell. */
static bool host_uid(const struct spec *s, uint32_t uid, uid_t *ret)
{
	if (!spec_has_userns(s)) {
		*ret = uid;
		return true;
	}
	for (size_t i = 0; i < s->linux_.uid_mappings.n; i++) {
		const struct spec_id_map *m = &s->linux_.uid_mappings.items[i];

		if (uid >= m->container_id && uid - m->container_id < m->size) {
			*ret = m->host_id + (uid - m->container_id);
			return true;
		}
	}
	return false;
}

/* A container that sees its own cgroup tree writable may manage it: the group is its user's. */
static void owner_plan(const struct spec *s, struct plan_cgroup *cg)
{
	const struct spec_namespace *ns = spec_find_namespace(s, CLONE_NEWCGROUP);
	bool writable = false;

	if (!ns || (ns->path && ns->path[0]) || !s->process)
		return;
	for (size_t i = 0; i < s->mounts.n; i++)
		writable |= mount_is_writable_cgroup(&s->mounts.items[i]);
	cg->own = writable && host_uid(s, s->process->user.uid, &cg->owner_uid);
}

/* What its processes make of the group below is not what limits them: that is above. */
static int delegate_plan(const struct spec *s, struct plan_cgroup *cg, struct arena *arena,
			 struct err *e)
{
	int r = cgroup_below_plan(s, DELEGATE, &cg->delegate, arena, e);

	if (r < 0 || !cg->delegate)
		return r;
	if (!cg->path) {
		err_kind(e, ERR_UNSUPPORTED, "the container has no cgroup of its own");
		return err_at(e, "annotations[\"" DELEGATE "\"]");
	}
	(void)host_uid(s, 0, &cg->delegate_uid); /* else it stays ours */
	return 0;
}

/* Without a group nothing can be limited: whoever asks for both is told so. */
static int refuse_limits(const struct plan_cgroup *cg, struct err *e)
{
	for (size_t i = 0; i < cg->n_writes; i++)
		if (!cg->writes[i].optional)
			return err_bad(e, cg->writes[i].where,
				       "cannot be set with --cgroup-manager disabled");
	return 0;
}

static int group_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	static const struct spec_resources none;
	const struct spec_resources *res = s->linux_.resources ? s->linux_.resources : &none;
	struct plan_cgroup limits = { 0 };
	int r;

	r = cgroup_limits_plan(res, "linux.resources", &limits, p->arena, e);
	if (r < 0)
		return r;
	if (h->cgroup_disabled)
		return refuse_limits(&limits, e);
	p->cgroup = limits;
	r = h->cgroup_systemd ? cgroup_systemd_plan(h, s, &p->cgroup, p->arena, e)
			      : path_plan(h, s->linux_.cgroups_path, p, e);
	if (r < 0)
		return r;
	owner_plan(s, &p->cgroup);
	if (h->rootless && !h->dry_run && !h->cgroup_systemd)
		return cgroup_rootless_plan(h, is_relative(s->linux_.cgroups_path), &p->cgroup,
					    p->arena, e);
	/* Without the initial user namespace's rights the kernel neither takes the program nor
	 * lets anybody make a device node. */
	return h->rootless ? 0 : cgroup_devices_plan(&s->linux_, &p->cgroup, p->arena, e);
}

int cgroup_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	int r = group_plan(h, s, p, e);

	return r < 0 ? r : delegate_plan(s, &p->cgroup, p->arena, e);
}
