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
#include "life/create.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "host/affinity.h"
#include "host/cgroup.h"
#include "host/cgroup_systemd.h"
#include "host/intelrdt.h"
#include "life/console.h"
#include "life/destroy.h"
#include "life/scope.h"
#include "life/notify.h"
#include "life/pidfd_socket.h"
#include "life/unix_socket.h"
#include "plan/plan_dump.h"
#include "plan/sync.h"
#include "sys/sys.h"

static int connect_console(struct create *c, struct err *e)
{
	c->console = c->opts->terminal_fd;
	if (!c->opts->console_socket)
		return 0;
	c->owned_console = console_connect(c->opts->console_socket, e);
	c->console = c->owned_console;
	return c->owned_console < 0 ? c->owned_console : 0;
}

static int connect_pidfd_socket(struct create *c, struct err *e)
{
	const char *path = c->opts->pidfd_socket;
	int r = 0;

	if (!path)
		r = spec_annotation_path(c->bundle.spec, "run.oci.pidfd_receiver", &path, e);
	return r < 0 ? r : pidfd_socket_connect(path, &c->pidfd_socket, e);
}

/* Whatever init is in that a later exec would otherwise miss. */
static uint64_t own_namespaces(const struct plan_namespaces *ns)
{
	uint64_t flags = (uint64_t)ns->new_flags | (ns->new_time ? CLONE_NEWTIME : 0);

	for (size_t i = 0; i < ns->n_join; i++)
		flags |= (uint64_t)ns->join[i].type;
	return flags;
}

int create_write_intent(struct create *c, struct err *e)
{
	const struct plan *p = &c->bundle.plan;
	const struct spec *s = c->bundle.spec;

	c->record = (struct record){
		.id = c->id,
		.bundle = c->bundle.path,
		.rootfs = p->rootfs.path,
		.oci_version = s->oci_version,
		.cgroup_path = p->cgroup.systemd ? NULL : p->cgroup.path,
		.unit = p->cgroup.systemd ? p->cgroup.systemd->unit : NULL,
		.unit_user = p->cgroup.systemd && p->cgroup.systemd->user,
		.delegated = p->cgroup.delegate != NULL,
		.rdt_group = p->rdt.clos,
		.rdt_made = p->rdt.make,
		.rdt_monitor = p->rdt.monitor,
		.namespaces = own_namespaces(&p->ns),
		.has_poststart = p->hooks[PLAN_POSTSTART].n > 0,
		.has_poststop = p->hooks[PLAN_POSTSTOP].n > 0,
		.has_notify = p->rootfs.notify != NULL,
		.has_listener = p->process.seccomp.listener,
		.stdio = IMAGES_NO_STDIO,
		.annotations = { s->annotations.items, s->annotations.n },
	};
	int r = record_stamp(&c->record, p->arena, e);

	if (r == 0 && !p->process.terminal)
		r = images_name_stdio(p->arena, &c->record.stdio, e);
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

/* Where init and start will meet. */
static int make_start_socket(struct create *c, struct err *e)
{
	if (!c->record.has_listener)
		return 0;
	c->spawn.start_fd = unix_socket_listen_at(c->dir.dir_fd, STATEDIR_START, e);
	return c->spawn.start_fd < 0 ? c->spawn.start_fd : 0;
}

/* A group that was there may have a use of memory that its last processes have left. */
static int check_usage(const struct create *c, struct err *e)
{
	const struct spec_resources *r = c->bundle.spec->linux_.resources;

	if (r && cgroup_check_usage(c->spawn.cgroup_fd, r, e) < 0)
		return err_at(e, "linux.resources");
	return 0;
}

int create_make_cgroup(struct create *c, struct err *e)
{
	struct plan_cgroup *cg = &c->bundle.plan.cgroup;
	int r;

	if (!cg->path)
		return 0;
	if (cg->systemd)
		return scope_make_kept(c, e);
	c->spawn.cgroup_fd = cgroup_create(c->ctx->cgroup_root, cg, e);
	if (c->spawn.cgroup_fd < 0)
		return c->spawn.cgroup_fd;
	r = check_usage(c, e);
	if (r < 0)
		return r;
	r = sys_symlinkat(cg->path, c->dir.dir_fd, STATEDIR_CGROUP);
	return r < 0 ? err_sys(e, r, "symlink", STATEDIR_CGROUP) : 0;
}

/* The record speaks of the class as ours since the intent; it is only if we were the first. */
int create_make_rdt(struct create *c, struct err *e)
{
	struct plan_rdt *rdt = &c->bundle.plan.rdt;
	int r = intelrdt_make(rdt, e);

	if (r < 0 || c->record.rdt_made == rdt->made)
		return r;
	c->record.rdt_made = rdt->made;
	return record_write(&c->dir, &c->record, e);
}

int create_set_limits(struct create *c, struct err *e)
{
	const struct plan_cgroup *cg = &c->bundle.plan.cgroup;
	const char *text = c->bundle.text;
	int r = 0;

	if (c->spawn.cgroup_fd >= 0)
		r = cgroup_apply(c->spawn.cgroup_fd, cg, e);
	if (r == 0 && cg->systemd)
		r = cgroup_systemd_settle(cg->systemd, e);
	if (r < 0)
		return r;
	return file_write_new_at(c->dir.dir_fd, STATEDIR_CONFIG, text, strlen(text), 0600, e);
}

int create_run_hooks(const struct create *c, pid_t pid, struct err *e)
{
	const struct plan *p = &c->bundle.plan;
	int r = hooks_run(p, PLAN_PRESTART, pid, e);

	return r == 0 ? hooks_run(p, PLAN_CREATE_RUNTIME, pid, e) : r;
}

static int run_hooks(struct create *c, struct err *e)
{
	int r = create_run_hooks(c, c->spawn.pid, e);

	return r == 0 ? sync_send(c->spawn.sync, SYNC_HOOKS_RAN, 0, -EBADF, e) : r;
}

static int move_netdevs(struct create *c, struct err *e)
{
	int r = netdev_apply(&c->bundle.plan, c->spawn.pid, &c->netdevs, e);

	return r == 0 ? sync_send(c->spawn.sync, SYNC_NETDEVS_MOVED, 0, -EBADF, e) : r;
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
		case SYNC_MOVE_NETDEVS:
			r = move_netdevs(c, e);
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

int create_record_init(struct create *c, pid_t pid, struct err *e)
{
	int r;

	c->record.init.pid = pid;
	c->record.init.start = record_start_time(pid);
	r = record_write(&c->dir, &c->record, e);
	return r == 0 ? spawn_write_pid(pid, c->opts->pid_file, e) : r;
}

static int finish(struct create *c, struct err *e)
{
	const struct plan *p = &c->bundle.plan;
	int r = rlimits_apply(&p->process, c->spawn.pid, e);

	if (r == 0)
		r = sched_apply(&p->process, c->spawn.pid, p->proc_fd, e);
	if (r == 0)
		r = affinity_reset(c->spawn.pid, e);
	if (r < 0)
		return r;
	r = create_record_init(c, c->spawn.pid, e);
	if (r == 0)
		r = pidfd_socket_send(c->pidfd_socket, c->spawn.pidfd, "standard", e);
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
	int r = create_write_intent(c, e);

	if (r == 0)
		r = make_fifo(c, e);
	if (r == 0)
		r = make_start_socket(c, e);
	if (r == 0)
		r = notify_prepare(&c->dir, &c->bundle.plan, e);
	if (r == 0 && !c->bundle.plan.cgroup.systemd)
		r = create_make_cgroup(c, e);
	if (r == 0)
		r = create_make_rdt(c, e);
	if (r == 0)
		r = seal(c, e);
	c->spawn.plan = &c->bundle.plan;
	c->spawn.main = init_main;
	c->spawn.place = c->bundle.plan.cgroup.systemd ? scope_make : NULL;
	c->spawn.place_data = c;
	c->spawn.close_fds[0] = c->dir.dir_fd;
	c->spawn.close_fds[1] = c->dir.root_fd;
	c->spawn.close_fds[2] = c->owned_console;
	c->spawn.close_fds[3] = c->pidfd_socket;
	if (r == 0)
		r = spawn_child(&c->spawn, e);
	if (r == 0)
		r = create_set_limits(c, e);
	if (r == 0)
		r = cgroup_delegate(c->ctx->cgroup_root, &c->bundle.plan.cgroup, c->spawn.pid, e);
	if (r == 0)
		r = intelrdt_apply(&c->bundle.plan.rdt, c->spawn.pid, e);
	if (r == 0)
		r = converse(c, e);
	if (r == 0)
		r = finish(c, e);
	if (r < 0)
		spawn_explain(&c->spawn, e);
	return r;
}

void create_undo(struct create *c)
{
	const struct plan_cgroup *cg = &c->bundle.plan.cgroup;
	struct err ignored;

	scope_let_go(c);
	spawn_kill(&c->spawn);
	netdev_undo(&c->netdevs);
	if (!c->bundle.plan.rdt.made)
		c->record.rdt_made = false;
	if (!c->bundle.plan.rdt.monitored)
		c->record.rdt_monitor = NULL;
	if (!cg->created) /* not ours: it was there, or never came to be */
		c->record.cgroup_path = c->record.unit = NULL;
	(void)destroy(c->ctx, &c->dir, &c->record, &ignored);
	if (cg->created && !cg->systemd)
		cgroup_unmake(c->ctx->cgroup_root, cg);
}

void create_done(struct create *c)
{
	scope_let_go(c);
	x_close(c->spawn.cgroup_fd);
	x_close(c->spawn.fifo_fd);
	x_close(c->spawn.start_fd);
	x_close(c->owned_console);
	x_close(c->pidfd_socket);
	netdev_done(&c->netdevs);
	statedir_close(&c->dir);
	bundle_done(&c->bundle);
}

int create_open(struct create *c, struct err *e)
{
	int r = notify_check(c->ctx->notify, e);

	if (r == 0)
		r = bundle_open(c->opts->bundle, &c->bundle, e);
	if (r == 0)
		r = bundle_plan(&c->bundle, c->ctx, c->id, c->opts, false, e);
	if (r == 0)
		r = connect_console(c, e);
	if (r == 0)
		r = connect_pidfd_socket(c, e);
	return r == 0 ? statedir_create(c->ctx->root, c->id, &c->dir, e) : r;
}

int lc_create(struct lc_ctx *ctx, const char *id, const struct lc_create_opts *o, pid_t *ret_pid,
	      struct err *e)
{
	_cleanup_create_ struct create c = CREATE_EMPTY;
	int r;

	c.ctx = ctx;
	c.id = id;
	c.opts = o;
	r = create_open(&c, e);
	if (r < 0)
		return r;
	r = make_container(&c, e);
	if (r < 0) {
		create_undo(&c);
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
