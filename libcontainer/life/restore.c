/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore: create and start in one, only that CRIU makes the processes.
 *
 *	1 read, check and compile; open the images: nothing has changed yet
 *	2 take the id, write the intent; the cgroup with all limits
 *	3 CRIU, in the cgroup and in a mount namespace of its own, so that `delete --force` finds all
 *	  of it; at its steps the hooks, the terminal, the final record
 *	4 the poststart hooks
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "base/path.h"
#include "host/cgroup.h"
#include "host/intelrdt.h"
#include "host/criu.h"
#include "host/mounts.h"
#include "libcontainer.h"
#include "life/console.h"
#include "life/create.h"
#include "life/external.h"
#include "life/images.h"
#include "life/scope.h"
#include "sys/sys.h"

#define LABEL_MAX 4096

struct restore {
	struct create create;
	const struct lc_restore_opts *opts;
	struct images images;
	struct images_stdio stdio;
	int streams[3]; /* of the container, for CRIU */
	char program[PATH_MAX];
	pid_t pid;
};

static void restore_done(struct restore *t)
{
	for (int fd = 0; fd < 3; fd++)
		x_close(t->streams[fd]);
	images_close(&t->images);
	create_done(&t->create);
}

/* ---- where it is restored to ---- */

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && path[n] == '/';
}

/* Only what lies in the root file system itself: the rest is in images, or the host's. */
static bool is_on_rootfs(const struct plan_rootfs *fs, const struct plan_mount *m)
{
	for (size_t i = 0; i < fs->n_mounts; i++)
		if (is_below(m->target, fs->mounts[i].target))
			return false;
	return m->kind != PLAN_MOUNT_REMOUNT && m->kind != PLAN_MOUNT_SYMLINK &&
	       strcmp(m->target, "/") != 0;
}

/* CRIU makes no mount points, and the root file system may be a fresh one. */
static int make_targets(const struct plan_rootfs *fs, struct err *e)
{
	_cleanup_close_ int root = sys_openat(AT_FDCWD, fs->path, O_PATH | O_DIRECTORY, 0);

	if (root < 0)
		return err_sys(e, root, "open", "%s", fs->path);
	for (size_t i = 0; i < fs->n_mounts; i++) {
		const struct plan_mount *m = &fs->mounts[i];
		bool file = m->kind == PLAN_MOUNT_BIND && !m->source_is_dir;
		_cleanup_close_ int fd = -EBADF;

		if (!is_on_rootfs(fs, m))
			continue;
		fd = path_make_in(root, m->target, file, e);
		if (fd < 0)
			return err_at(e, "mounts[%zu]", m->index);
	}
	return 0;
}

/* The images are readable for root alone, and CRIU reads most of them as root of the container's user
 * namespace: so they come by a mount on which they are that root's. Their group remains: CRIU's child
 * reads the first ones when the namespace has no maps yet, and is nobody else but in that group. Where
 * the file system has no such mounts CRIU sees them as they are. */
#define SAME_GIDS "0 0 4294967295"

static int images_userns(const struct plan *p, struct err *e)
{
	const struct spec_mount whole = {};

	return p->ns.uid_map ? idmap_userns_open(p->proc_fd, p->ns.uid_map, SAME_GIDS, e)
			     : idmap_mount_open(p, &whole, e);
}

static int map_images(struct restore *t, struct err *e)
{
	const struct bundle *b = &t->create.bundle;
	_cleanup_close_ int tree = -EBADF, userns = -EBADF;
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };

	if (!spec_has_userns(b->spec))
		return 0;
	userns = images_userns(&b->plan, e);
	if (userns < 0)
		return userns;
	attr.userns_fd = (uint64_t)userns;
	tree = sys_open_tree(t->images.fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr) < 0)
		return 0;
	x_close(t->images.fd);
	t->images.fd = take_fd(tree);
	return 0;
}

/* What a mount of cgroups is in a container that sees the host's tree; "" where there is none. */
static const char *cgroup_dir(const struct create *c, struct arena *arena)
{
	char root[PATH_MAX];
	struct err ignored;
	_cleanup_close_ int fd = cgroup_open_root(c->ctx->cgroup_root, root, &ignored);
	const char *path = c->bundle.plan.cgroup.path;

	return fd < 0 ? "" : arena_printf(arena, "%s%s", root, path ? path : "");
}

/* ---- CRIU's steps ---- */

/* A criu that was built without SELinux gives the program our own label. */
static int check_label(const struct plan *p, pid_t pid, struct err *e)
{
	char path[64], own[LABEL_MAX] = "", label[LABEL_MAX] = "";
	ssize_t n;

	if (!p->process.selinux)
		return 0;
	fmt_str(path, sizeof(path), "%d/attr/current", (int)pid);
	n = file_read_buf(p->proc_fd, "self/attr/current", own, sizeof(own));
	if (n >= 0)
		n = file_read_buf(p->proc_fd, path, label, sizeof(label));
	if (n < 0)
		return err_sys(e, (int)n, "read", "/proc/%s", path);
	if (strcmp(label, own) != 0 || strcmp(label, p->process.selinux) == 0)
		return 0;
	err_kind(e, ERR_UNSUPPORTED, "criu has restored \"%s\": it knows no SELinux", label);
	return err_at(e, "process.selinuxLabel");
}

/* Nothing has run yet: from here on the container is what it will be. */
static int on_restored(struct restore *t, pid_t pid, struct err *e)
{
	int r = check_label(&t->create.bundle.plan, pid, e);

	t->pid = pid;
	return r < 0 ? r : create_record_init(&t->create, pid, e);
}

/* The first process is there, and will hand its class of service down to the others. Its network
 * namespace is empty yet. */
static int on_namespaces(struct restore *t, pid_t pid, struct err *e)
{
	const struct plan *p = &t->create.bundle.plan;
	int r = intelrdt_apply(&p->rdt, pid, e);

	if (r == 0 && p->n_netdevs)
		r = netdev_apply(p, pid, &t->create.netdevs, e);
	return r == 0 ? create_run_hooks(&t->create, pid, e) : r;
}

static int on_step(void *data, const char *name, pid_t pid, int fd, struct err *e)
{
	struct restore *t = data;

	if (strcmp(name, "setup-namespaces") == 0)
		return on_namespaces(t, pid, e);
	if (strcmp(name, "orphan-pts-master") == 0)
		return console_send(t->create.console, fd, e);
	if (strcmp(name, "post-restore") == 0)
		return on_restored(t, pid, e);
	return 0;
}

/* ---- the story ---- */

/* CRIU looks for a file by its path without the leading slash, and cuts the first character of every
 * other name, too. By that one it takes whatever descriptor is there; by the whole name, only a file
 * of the same type and mode. */
static const char *inherited_name(const char *name)
{
	return strncmp(name, "file[", 5) == 0 ? name + 1 : name;
}

/* CRIU takes the first descriptor of a name: a terminal may have been all three streams then, and be only
 * one now. */
static bool is_inherited(const char *name, int fd)
{
	return name[0] && (!images_is_terminal(name) || isatty(fd));
}

/* CRIU closes what it is handed, and with --shell-job it needs a standard input of its own: copies. */
static int add_stdio(struct restore *t, struct criu_job *j, struct criu_inherit *inherit,
		     struct err *e)
{
	for (int fd = 0; fd < 3; fd++) {
		const char *name = t->stdio.names[fd];

		if (!is_inherited(name, fd))
			continue;
		t->streams[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (t->streams[fd] < 0)
			return err_sys(e, errno, "fcntl", "descriptor %d", fd);
		inherit[j->n_inherit++] =
			(struct criu_inherit){ .key = inherited_name(name), .fd = t->streams[fd] };
	}
	return 0;
}

static int run_criu(struct restore *t, struct err *e)
{
	struct create *c = &t->create;
	const struct plan *p = &c->bundle.plan;
	struct criu_inherit inherit[3 + EXTERNAL_INHERIT_MAX];
	char root[PATH_MAX];
	struct criu_job j = {
		.program = t->program,
		.opts = &t->opts->criu,
		.restore = t->opts,
		.images_fd = t->images.fd,
		.work_fd = t->images.work_fd,
		.work_path = t->images.work_path,
		.cgroup_fd = c->spawn.cgroup_fd,
		.cgroup = p->cgroup.path,
		.rootfs = p->rootfs.path,
		.keyring = p->process.session_keyring,
		.inherit = inherit,
		.step = on_step,
		.data = t,
	};
	int r = criu_config_file(c->bundle.spec, &j.config_file, e);

	if (r < 0)
		return r;
	if (!realpath(c->ctx->root, root))
		return err_sys(e, errno, "open", "state directory %s", c->ctx->root);
	j.root = arena_printf(p->arena, "%s/%s", root, c->id);
	if (!j.root)
		return err_nomem(e);
	r = add_stdio(t, &j, inherit, e);
	if (r == 0)
		r = external_restore(p, c->bundle.spec, cgroup_dir(c, p->arena), &j, inherit,
				     p->arena, e);
	return r == 0 ? criu_run(&j, NULL, e) : r;
}

/* CRIU makes groups and fills them; owners and controllers are ours to see to, once nothing else is in the
 * container's group itself. */
static int delegate(struct restore *t, struct err *e)
{
	struct create *c = &t->create;

	scope_let_go(c);
	if (t->opts->criu.cgroups_mode == LC_CGROUPS_IGNORE)
		return 0;
	return cgroup_delegate(c->ctx->cgroup_root, &c->bundle.plan.cgroup, 0, e);
}

static int make_container(struct restore *t, struct err *e)
{
	struct create *c = &t->create;
	int r = create_write_intent(c, e);

	if (r == 0)
		r = create_make_cgroup(c, e);
	if (r == 0)
		r = create_make_rdt(c, e);
	if (r == 0)
		r = create_set_limits(c, e);
	if (r == 0)
		r = make_targets(&c->bundle.plan.rootfs, e);
	if (r == 0)
		r = map_images(t, e);
	if (r == 0)
		r = run_criu(t, e);
	if (r == 0)
		r = delegate(t, e);
	if (r == 0)
		r = hooks_run(&c->bundle.plan, PLAN_POSTSTART, t->pid, e);
	return r;
}

/* The images' names for streams go to CRIU as they are: only such as a checkpoint writes. */
static int check_stdio(const struct images_stdio *s, struct err *e)
{
	for (int fd = 0; fd < 3; fd++) {
		const char *n = s->names[fd];

		if (n[0] && strncmp(n, "pipe:[", 6) != 0 && strncmp(n, "socket:[", 8) != 0 &&
		    strncmp(n, "file[", 5) != 0 && !images_is_terminal(n))
			return err_bad(e, "", "images: \"%s\" is no name of a stream", n);
	}
	return 0;
}

static int open_images(struct restore *t, struct arena *arena, struct err *e)
{
	int r = images_open(&t->opts->criu, false, arena, &t->images, e);

	if (r == 0)
		r = images_load_stdio(&t->images, arena, &t->stdio, e);
	return r == 0 ? check_stdio(&t->stdio, e) : r;
}

static int restore(struct restore *t, struct arena *arena, struct err *e)
{
	int r = open_images(t, arena, e);

	if (r == 0 && lsm_check(t->opts->lsm_profile, arena, e) < 0)
		r = err_wrap(e, "--lsm-profile");
	if (r == 0)
		r = create_open(&t->create, e);
	if (r < 0)
		return r;
	r = make_container(t, e);
	if (r < 0)
		create_undo(&t->create);
	return r;
}

int lc_restore(struct lc_ctx *ctx, const char *id, const struct lc_restore_opts *o, pid_t *ret_pid,
	       struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(restore_done) struct restore t = {
		.create = CREATE_EMPTY,
		.opts = o,
		.images = IMAGES_EMPTY,
		.streams = { -EBADF, -EBADF, -EBADF },
	};
	int r = arena ? criu_find(t.program, e) : err_nomem(e);

	t.create.ctx = ctx;
	t.create.id = id;
	t.create.opts = &o->create;
	if (r == 0)
		r = restore(&t, arena, e);
	if (r < 0) {
		images_undo(&t.images);
		return r;
	}
	*ret_pid = t.pid;
	return 0;
}
