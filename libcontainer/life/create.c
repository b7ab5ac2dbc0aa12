/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create: from a bundle to an init that waits for start.
 *
 *	1 read, check and compile: nothing has changed yet
 *	2 take the id, write the intent: from here a crash is cleaned up by `delete --force`
 *	3 the cgroup
 *	4 the clone (life/spawn.c)
 *	5 while init works: limits, device program, our copy of config.json
 *	6 a conversation with init (init/init.c)
 *	7 what only we may do to it (rlimits, priority), the final record, the pid file
 *	8 SYNC_RECORDED: init is on its own
 *
 * The error path is `delete --force`: there is one way to clean up.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "host/cgroup.h"
#include "libcontainer.h"
#include "life/bundle.h"
#include "life/console.h"
#include "life/destroy.h"
#include "life/spawn.h"
#include "plan/plan_dump.h"
#include "plan/sync.h"
#include "sys/sys.h"

struct create {
	struct lc_ctx *ctx;
	const char *id;
	const struct lc_create_opts *opts;
	struct bundle bundle;
	struct statedir dir;
	struct record record;
	struct spawn spawn;
	int console; /* where the pty master goes, borrowed or owned_console */
	int owned_console;
};

static int connect_console(struct create *c, struct err *e)
{
	c->console = c->opts->terminal_fd;
	if (!c->opts->console_socket)
		return 0;
	c->owned_console = console_connect(c->opts->console_socket, e);
	c->console = c->owned_console;
	return c->owned_console < 0 ? c->owned_console : 0;
}

/* Whatever init is in that a later exec would otherwise miss. */
static uint64_t own_namespaces(const struct plan_namespaces *ns)
{
	uint64_t flags = (uint64_t)ns->new_flags | (ns->new_time ? CLONE_NEWTIME : 0);

	for (size_t i = 0; i < ns->n_join; i++)
		flags |= (uint64_t)ns->join[i].type;
	return flags;
}

static int write_intent(struct create *c, struct err *e)
{
	const struct plan *p = &c->bundle.plan;
	const struct spec *s = c->bundle.spec;

	c->record = (struct record){
		.id = c->id,
		.bundle = c->bundle.path,
		.rootfs = p->rootfs.path,
		.oci_version = s->oci_version,
		.cgroup_path = p->cgroup.path,
		.namespaces = own_namespaces(&p->ns),
		.has_poststart = p->hooks[PLAN_POSTSTART].n > 0,
		.has_poststop = p->hooks[PLAN_POSTSTOP].n > 0,
		.annotations = { s->annotations.items, s->annotations.n },
	};
	int r = record_stamp(&c->record, p->arena, e);

	return r < 0 ? r : record_write(&c->dir, &c->record, e);
}

/* The fifo is opened by init, which may be an unprivileged user of a user namespace. */
static int make_fifo(struct create *c, struct err *e)
{
	int r = sys_mkfifoat(c->dir.dir_fd, STATEDIR_FIFO, 0622);

	if (r == 0)
		r = sys_fchmodat(c->dir.dir_fd, STATEDIR_FIFO, 0622);
	if (r < 0)
		return err_sys(e, r, "mkfifo", STATEDIR_FIFO);
	c->spawn.fifo_fd = sys_openat(c->dir.dir_fd, STATEDIR_FIFO, O_PATH | O_NOFOLLOW, 0);
	if (c->spawn.fifo_fd < 0)
		return err_sys(e, c->spawn.fifo_fd, "open", STATEDIR_FIFO);
	return 0;
}

static int make_cgroup(struct create *c, struct err *e)
{
	struct plan_cgroup *cg = &c->bundle.plan.cgroup;
	int r;

	if (!cg->path)
		return 0;
	c->spawn.cgroup_fd = cgroup_create(c->ctx->cgroup_root, cg, e);
	if (c->spawn.cgroup_fd < 0)
		return c->spawn.cgroup_fd;
	r = sys_symlinkat(cg->path, c->dir.dir_fd, STATEDIR_CGROUP);
	return r < 0 ? err_sys(e, r, "symlink", STATEDIR_CGROUP) : 0;
}

/* Init needs none of this for its own work, and the program waits for all of it. */
static int work_beside_init(struct create *c, struct err *e)
{
	const char *text = c->bundle.text;
	int r = 0;

	if (c->spawn.cgroup_fd >= 0)
		r = cgroup_apply(c->spawn.cgroup_fd, &c->bundle.plan.cgroup, e);
	if (r < 0)
		return r;
	return file_write_new_at(c->dir.dir_fd, STATEDIR_CONFIG, text, strlen(text), 0600, e);
}

static int run_hooks(struct create *c, struct err *e)
{
	const struct plan *p = &c->bundle.plan;
	int r = hooks_run(p, PLAN_PRESTART, c->spawn.pid, "creating", false, e);

	if (r == 0)
		r = hooks_run(p, PLAN_CREATE_RUNTIME, c->spawn.pid, "creating", false, e);
	return r == 0 ? sync_send(c->spawn.sync, SYNC_HOOKS_RAN, 0, -EBADF, e) : r;
}

static int map_ids(struct create *c, struct err *e)
{
	const struct plan *p = &c->bundle.plan;
	int r = idmap_apply(&p->ns, c->spawn.pid, p->proc_fd, e);

	return r == 0 ? sync_send(c->spawn.sync, SYNC_IDS_MAPPED, 0, -EBADF, e) : r;
}

/* Answers init until it is ready. */
static int converse(struct create *c, struct err *e)
{
	for (;;) {
		_cleanup_close_ int fd = -EBADF;
		int r = sync_receive(c->spawn.sync, NULL, &fd, e);

		switch (r) {
		case SYNC_MAP_IDS:
			r = map_ids(c, e);
			break;
		case SYNC_RUN_HOOKS:
			r = run_hooks(c, e);
			break;
		case SYNC_TERMINAL:
			r = console_send(c->console, fd, e);
			break;
		case SYNC_READY:
			return 0;
		default:
			if (r >= 0)
				r = err_kind(e, ERR_BUG, "unexpected message %d from init", r);
		}
		if (r < 0)
			return r;
	}
}

static int finish(struct create *c, struct err *e)
{
	const struct plan *p = &c->bundle.plan;
	int r = rlimits_apply(&p->process, c->spawn.pid, e);

	if (r == 0)
		r = sched_apply(&p->process, c->spawn.pid, p->proc_fd, e);
	if (r < 0)
		return r;
	c->record.init.pid = c->spawn.pid;
	c->record.init.start = record_start_time(c->spawn.pid);
	r = record_write(&c->dir, &c->record, e);
	if (r == 0)
		r = spawn_write_pid(&c->spawn, c->opts->pid_file, e);
	if (r == 0)
		r = sync_send(c->spawn.sync, SYNC_RECORDED, 0, -EBADF, e);
	return r;
}

/* What init could write by mistake it cannot write: a stray store crashes at once. */
static int seal(struct create *c, struct err *e)
{
	int r = arena_seal(c->bundle.plan.arena);

	return r < 0 ? err_sys(e, r, "mprotect", "the plan") : 0;
}

static int make_container(struct create *c, struct err *e)
{
	int r = write_intent(c, e);

	if (r == 0)
		r = make_fifo(c, e);
	if (r == 0)
		r = make_cgroup(c, e);
	if (r == 0)
		r = seal(c, e);
	c->spawn.plan = &c->bundle.plan;
	c->spawn.main = init_main;
	c->spawn.close_fds[0] = c->dir.dir_fd;
	c->spawn.close_fds[1] = c->dir.root_fd;
	c->spawn.close_fds[2] = c->owned_console;
	if (r == 0)
		r = spawn_child(&c->spawn, e);
	if (r == 0)
		r = work_beside_init(c, e);
	if (r == 0)
		r = converse(c, e);
	if (r == 0)
		r = finish(c, e);
	if (r < 0)
		spawn_explain(&c->spawn, e);
	return r;
}

/* The first error is what the user is told. */
static void undo(struct create *c)
{
	struct err ignored;

	spawn_kill(&c->spawn);
	if (!c->bundle.plan.cgroup.created)
		c->record.cgroup_path = NULL; /* not ours: it was there, or never came to be */
	(void)destroy(c->ctx, &c->dir, &c->record, &ignored);
	if (c->bundle.plan.cgroup.created)
		cgroup_unmake(c->ctx->cgroup_root, &c->bundle.plan.cgroup);
}

static void create_done(struct create *c)
{
	x_close(c->spawn.cgroup_fd);
	x_close(c->spawn.fifo_fd);
	x_close(c->owned_console);
	statedir_close(&c->dir);
	bundle_done(&c->bundle);
}

int lc_create(struct lc_ctx *ctx, const char *id, const struct lc_create_opts *o, pid_t *ret_pid,
	      struct err *e)
{
	_cleanup_(create_done) struct create c = {
		.ctx = ctx,
		.id = id,
		.opts = o,
		.bundle = BUNDLE_EMPTY,
		.dir = STATEDIR_EMPTY,
		.spawn = SPAWN_EMPTY,
		.owned_console = -EBADF,
	};
	int r = bundle_open(o->bundle, &c.bundle, e);

	if (r == 0)
		r = bundle_plan(&c.bundle, ctx, id, o, false, e);
	if (r == 0)
		r = connect_console(&c, e);
	if (r == 0)
		r = statedir_create(ctx->root, id, &c.dir, e);
	if (r < 0)
		return r;
	r = make_container(&c, e);
	if (r < 0) {
		undo(&c);
		return r;
	}
	*ret_pid = c.spawn.pid;
	spawn_release(&c.spawn);
	return 0;
}

int lc_plan(struct lc_ctx *ctx, const char *id, const struct lc_create_opts *o, struct buf *out,
	    struct err *e)
{
	_cleanup_bundle_ struct bundle b = BUNDLE_EMPTY;
	int r = bundle_open(o->bundle, &b, e);

	if (r == 0)
		r = bundle_plan(&b, ctx, id, o, true, e);
	if (r < 0)
		return r;
	plan_dump(&b.plan, creds_capability_names(), out);
	return buf_ok(out) < 0 ? err_nomem(e) : 0;
}
