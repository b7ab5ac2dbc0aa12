/* SPDX-License-Identifier: Apache-2.0 */
/* The same list for both ways: each target in the container is named by its path in config.json. A
 * dump maps where it really is to that name; a restore maps the name to what is mounted there. */
#include "life/external.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/path.h"
#include "host/mount_tree.h"
#include "sys/sys.h"

#define HOST_NULL "/dev/null"

struct external {
	const char *target; /* as the configuration says */
	const char *source; /* absolute, on this host */
	bool tree;	    /* with what is mounted below */
	bool only_file;	    /* a mask: that of a directory is a file system of its own */
};

struct list {
	struct external *items;
	size_t n;
};

/* ---- what there is ---- */

static int check_idmap(const struct plan_mount *m, struct err *e)
{
	if (!m->idmapped)
		return 0;
	err_kind(e, ERR_UNSUPPORTED, "CRIU cannot restore an idmapped mount");
	return err_at(e, "mounts[%zu]", m->index);
}

/* NULL: no memory. */
static const char *source_of(const struct plan *p, const struct spec *s, const struct plan_mount *m,
			     const char *cgroup)
{
	const char *source = s->mounts.items[m->index].source;

	if (m->kind == PLAN_MOUNT_CGROUP)
		return cgroup;
	return source[0] == '/' ? source : arena_printf(p->arena, "%s/%s", p->bundle, source);
}

static int add_mounts(const struct plan *p, const struct spec *s, const char *cgroup,
		      struct list *l, struct err *e)
{
	for (size_t i = 0; i < p->rootfs.n_mounts; i++) {
		const struct plan_mount *m = &p->rootfs.mounts[i];
		struct external *x = &l->items[l->n];

		if (check_idmap(m, e) < 0)
			return err_errno(e);
		if (m->kind != PLAN_MOUNT_BIND && m->kind != PLAN_MOUNT_CGROUP)
			continue;
		*x = (struct external){ .target = m->target,
					.source = source_of(p, s, m, cgroup),
					.tree = m->kind == PLAN_MOUNT_BIND && m->recursive };
		if (!x->source)
			return err_nomem(e);
		l->n++;
	}
	return 0;
}

static int list_all(const struct plan *p, const struct spec *s, const char *cgroup, struct list *l,
		    struct arena *arena, struct err *e)
{
	const struct plan_rootfs *fs = &p->rootfs;

	l->items = arena_array_of(arena, struct external,
				  fs->n_mounts + fs->n_masked + fs->n_devices + 1);
	if (!l->items)
		return err_nomem(e);
	for (size_t i = 0; i < fs->n_masked; i++)
		l->items[l->n++] = (struct external){ .target = fs->masked[i],
						      .source = HOST_NULL,
						      .only_file = true };
	for (size_t i = 0; i < fs->n_devices; i++) /* mounts where mknod(2) is not allowed */
		l->items[l->n++] = (struct external){ .target = fs->devices[i].path,
						      .source = fs->devices[i].path };
	return add_mounts(p, s, cgroup, l, e);
}

/* ---- their names ---- */

static int add_name(struct criu_job *j, size_t *cap, const char *text, struct arena *arena,
		    struct err *e)
{
	const char **more =
		text ? arena_grow(arena, j->external, cap, j->n_external + 1, sizeof(text)) : NULL;

	if (!more)
		return err_nomem(e);
	j->external = more;
	j->external[j->n_external++] = text;
	return 0;
}

static int add_mount(struct criu_job *j, size_t *cap, const char *key, const char *value,
		     struct arena *arena, struct err *e)
{
	return add_name(j, cap, arena_printf(arena, "mnt[%s]:%s", key, value), arena, e);
}

/* What is mounted below `dir` of the table is called `name` and the rest of its path: key and value
 * when it is dumped, value and key when it is restored. */
static int add_below(struct criu_job *j, size_t *cap, const char *table, const char *dir,
		     const char *name, bool dump, struct arena *arena, struct err *e)
{
	const char **paths;
	size_t n;
	int r = mount_tree_below(table, dir, arena, &paths, &n, e);

	for (size_t i = 0; i < n && r == 0; i++) {
		const char *full = arena_printf(arena, "%s%s", name, paths[i] + strlen(dir));

		r = !full  ? err_nomem(e)
		    : dump ? add_mount(j, cap, paths[i], full, arena, e)
			   : add_mount(j, cap, full, paths[i], arena, e);
	}
	return r;
}

/* ---- dump ---- */

/* Where a target really is: the image's symlinks were followed when it was mounted. Returns 0 when it
 * is not there. */
static int resolve(int root, const struct external *x, char ret[PATH_MAX], struct err *e)
{
	_cleanup_close_ int fd = path_open_in(root, x->target, O_PATH);
	char link[64];
	struct stat st;
	ssize_t n;
	int r;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	r = fd < 0 ? fd : sys_fstat(fd, &st);
	if (r < 0)
		return err_sys(e, r, "open", "%s of the container", x->target);
	if (x->only_file && S_ISDIR(st.st_mode))
		return 0;
	fmt_str(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret, PATH_MAX - 1);
	if (n < 0)
		return err_sys(e, errno, "readlink", "%s of the container", x->target);
	ret[n] = '\0';
	return 1;
}

static int dump_mount(struct criu_job *j, size_t *cap, int root, const struct external *x,
		      struct arena *arena, struct err *e)
{
	char path[PATH_MAX], table[64];
	int r = resolve(root, x, path, e);

	if (r <= 0)
		return r;
	r = add_mount(j, cap, path, x->target, arena, e);
	if (r < 0 || !x->tree)
		return r;
	fmt_str(table, sizeof(table), "/proc/%d/mounts", (int)j->pid);
	return add_below(j, cap, table, path, x->target, true, arena, e);
}

/* Network and pid namespaces that were joined: the others CRIU finds out about. */
static const struct {
	int type;
	const char *name, *file, *key;
} namespaces[EXTERNAL_INHERIT_MAX] = {
	{ CLONE_NEWNET, "net", "net", "extRootNetNS" },
	{ CLONE_NEWPID, "pid", "pid", "extRootPidNS" },
};

static const struct plan_join *joined(const struct plan *p, int type)
{
	for (size_t i = 0; i < p->ns.n_join; i++)
		if (p->ns.join[i].type == type)
			return &p->ns.join[i];
	return NULL;
}

static int dump_namespaces(const struct plan *p, struct criu_job *j, size_t *cap,
			   struct arena *arena, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		char path[64];
		struct stat st;
		int r;

		if (!joined(p, namespaces[i].type))
			continue;
		fmt_str(path, sizeof(path), "/proc/%d/ns/%s", (int)j->pid, namespaces[i].file);
		r = sys_fstatat(AT_FDCWD, path, &st, 0);
		if (r < 0)
			return err_sys(e, r, "stat", "%s", path);
		r = add_name(j, cap,
			     arena_printf(arena, "%s[%llu]:%s", namespaces[i].name,
					  (unsigned long long)st.st_ino, namespaces[i].key),
			     arena, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Pipes CRIU knows for what they are. A terminal of the outside it refuses unless it is named. */
static int dump_files(const struct images_stdio *stdio, struct criu_job *j, size_t *cap,
		      struct arena *arena, struct err *e)
{
	int r = 0;

	for (int fd = 0; fd < 3 && r == 0; fd++)
		if (strncmp(stdio->names[fd], "file[", 5) == 0 ||
		    (j->opts->shell_job && images_is_terminal(stdio->names[fd])))
			r = add_name(j, cap, stdio->names[fd], arena, e);
	return r;
}

int external_dump(const struct plan *p, const struct spec *s, const struct images_stdio *stdio,
		  struct criu_job *j, struct arena *arena, struct err *e)
{
	_cleanup_close_ int root = -EBADF;
	struct list l = {};
	char path[64];
	size_t cap = 0;
	int r = list_all(p, s, "", &l, arena, e);

	if (r < 0)
		return r;
	fmt_str(path, sizeof(path), "/proc/%d/root", (int)j->pid);
	root = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
	if (root < 0)
		return err_sys(e, root, "open", "%s", path);
	for (size_t i = 0; i < l.n && r == 0; i++)
		r = dump_mount(j, &cap, root, &l.items[i], arena, e);
	if (r == 0)
		r = dump_namespaces(p, j, &cap, arena, e);
	return r == 0 ? dump_files(stdio, j, &cap, arena, e) : r;
}

/* ---- restore ---- */

static int restore_mount(struct criu_job *j, size_t *cap, const struct external *x,
			 struct arena *arena, struct err *e)
{
	char source[PATH_MAX];
	int r = add_mount(j, cap, x->target, x->source, arena, e);

	if (r < 0 || !x->tree)
		return r;
	if (!realpath(x->source, source))
		return err_sys(e, errno, "open", "%s", x->source);
	return add_below(j, cap, "/proc/self/mounts", source, x->target, false, arena, e);
}

/* Those that CRIU joins by itself; the runtime's own need no joining. */
static int restore_namespace(const struct plan *p, const struct plan_join *join, struct criu_job *j,
			     struct criu_join *list, struct criu_inherit *inherit, struct err *e)
{
	const char *name = join->type == CLONE_NEWIPC	 ? "ipc"
			   : join->type == CLONE_NEWUTS	 ? "uts"
			   : join->type == CLONE_NEWUSER ? "user"
			   : join->type == CLONE_NEWTIME ? "time"
							 : NULL;

	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		if (namespaces[i].type == join->type) {
			inherit[j->n_inherit++] =
				(struct criu_inherit){ namespaces[i].key, join->fd };
			return 0;
		}
	if (p->ns.own & join->type)
		return 0;
	if (!name)
		return err_kind(e, ERR_UNSUPPORTED, "CRIU cannot restore into the namespace %s",
				join->path);
	list[j->n_join++] = (struct criu_join){ name, join->path };
	return 0;
}

int external_restore(const struct plan *p, const struct spec *s, const char *cgroup,
		     struct criu_job *j, struct criu_inherit *inherit, struct arena *arena,
		     struct err *e)
{
	struct criu_join *list = arena_array_of(arena, struct criu_join, p->ns.n_join + 1);
	struct list l = {};
	size_t cap = 0;
	int r = list ? list_all(p, s, cgroup, &l, arena, e) : err_nomem(e);

	for (size_t i = 0; i < l.n && r == 0; i++)
		r = restore_mount(j, &cap, &l.items[i], arena, e);
	for (size_t i = 0; i < p->ns.n_join && r == 0; i++)
		r = restore_namespace(p, &p->ns.join[i], j, list, inherit, e);
	j->join = list;
	return r;
}
