/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec: another process in a running container. The other side is init/init_exec.c. The container's
 * namespaces are entered through the pidfd of its init, whose start time was compared: never through
 * a number that may have been reused.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/path.h"
#include "host/affinity.h"
#include "host/cgroup.h"
#include "host/cgroup_systemd.h"
#include "host/host.h"
#include "host/intelrdt.h"
#include "libcontainer.h"
#include "life/console.h"
#include "life/enter.h"
#include "life/exec_process.h"
#include "life/pidfd_socket.h"
#include "life/record.h"
#include "life/seccomp_agent.h"
#include "life/spawn.h"
#include "plan/sync.h"
#include "spec/spec_check.h"
#include "sys/sys.h"

struct exec {
	struct lc_ctx *ctx;
	const struct lc_exec_opts *opts;
	struct statedir dir;
	struct record record;
	struct plan plan;
	struct spawn spawn;
	const char *group; /* the container's, or the one below it that --cgroup names */
	int init;	   /* pidfd */
	int console, owned_console;
	int pidfd_socket; /* owned, -EBADF: nobody asks for it */
};

static int check_status(const struct exec *x, struct err *e)
{
	switch (record_status(&x->dir, &x->record, x->ctx->cgroup_root)) {
	case LC_CREATED:
	case LC_RUNNING:
		return 0;
	case LC_PAUSED:
		if (x->opts->ignore_paused)
			return 0;
		return err_kind(
			e, ERR_STATE,
			"cannot exec in a paused container (use --ignore-paused to override)");
	case LC_CREATING:
	case LC_STOPPED:
		break;
	}
	return err_kind(e, ERR_STATE,
			"cannot exec in a container that is not running: container not running");
}

/* What runs: process.json, or the container's own process with the options applied. */
static int compile(struct exec *x, struct err *e)
{
	struct host_env h = {
		.id = x->record.id,
		.bundle = x->record.bundle,
		.bundle_fd = AT_FDCWD,
		.preserve_fds = x->opts->preserve_fds,
		.no_new_keyring = true, /* it joins the session of the container's processes */
		.rootless = x->ctx->rootless,
		.seccomp_cache = statedir_seccomp_cache(x->ctx->root, x->plan.arena),
	};
	struct spec_process *process;
	struct spec *spec;
	int r = spec_load_config(x->dir.dir_fd, STATEDIR_CONFIG, x->plan.arena, &spec, NULL, e);

	if (r == 0)
		r = exec_process(x->opts, spec, x->plan.arena, &process, e);
	if (r == 0)
		r = spec_check_process(process, "", NULL, e);
	if (r == 0)
		r = process_plan(&h, spec, process, &x->plan.process, x->plan.arena, e);
	if (r == 0)
		r = plan_open_proc(&x->plan.proc_fd, e);
	x->plan.id = x->record.id;
	x->plan.has_process = true;
	if (r == 0)
		enter_plan(x->ctx, &x->record, &x->plan);
	return r;
}

/* A group that passes controllers on holds no processes itself (cgroups(7), "no internal processes"):
 * init has gone, or was delegated, to one below it then. */
static int group_of_init(const struct exec *x, char path[PATH_MAX], struct err *e)
{
	const char *top = x->record.cgroup_path;
	char init[16];
	int r;

	fmt_str(init, sizeof(init), "%lld", (long long)x->record.init.pid);
	r = cgroup_path_of(init, path, e);
	if (r < 0)
		return r;
	if (strncmp(path, top, strlen(top)) != 0 || !strchr("/", path[strlen(top)]))
		return err_kind(e, ERR_STATE, "init is not in cgroup %s any more", top);
	return 0;
}

static int enter_group_of_init(struct exec *x, struct err *e)
{
	char path[PATH_MAX];
	int r = group_of_init(x, path, e);

	if (r < 0)
		return r;
	x_close(x->spawn.cgroup_fd);
	x->spawn.cgroup_fd = cgroup_open(x->ctx->cgroup_root, path, e);
	return x->spawn.cgroup_fd < 0 ? x->spawn.cgroup_fd : 0;
}

static int open_cgroup(struct exec *x, struct err *e)
{
	const char *path = x->record.cgroup_path, *sub = x->opts->cgroup;

	if (!path)
		return sub ? err_bad(e, "", "--cgroup: the container has no cgroup") : 0;
	if (!sub && x->record.delegated)
		return enter_group_of_init(x, e);
	if (sub) {
		char clean[512];

		if (strstr(sub, "..") || path_clean(sub, clean, sizeof(clean)) < 0)
			return err_bad(e, "",
				       "--cgroup %s: not a path below the container's cgroup", sub);
		path = arena_printf(x->plan.arena, "%s%s", path, clean);
		if (!path)
			return err_nomem(e);
	}
	x->group = path;
	x->spawn.cgroup_fd = cgroup_open(x->ctx->cgroup_root, path, e);
	return x->spawn.cgroup_fd < 0 ? x->spawn.cgroup_fd : 0;
}

static int connect_console(struct exec *x, struct err *e)
{
	x->console = x->opts->terminal_fd;
	if (x->plan.process.terminal && x->opts->console_socket)
		x->console = x->owned_console = console_connect(x->opts->console_socket, e);
	else if (x->plan.process.terminal && x->console < 0)
		return err_bad(
			e, "",
			"cannot allocate a terminal for a detached process without --console-socket");
	else
		return 0;
	return x->console < 0 ? x->console : 0;
}

static int converse(struct exec *x, struct err *e)
{
	_cleanup_close_ int master = -EBADF;
	int r = sync_receive(x->spawn.sync, NULL, &master, e);

	if (r == SYNC_TERMINAL) {
		r = console_send(x->console, master, e);
		if (r < 0)
			return r;
		return sync_expect(x->spawn.sync, SYNC_READY, NULL, e);
	}
	if (r < 0 || r == SYNC_READY)
		return r < 0 ? r : 0;
	return err_kind(e, ERR_BUG, "unexpected message %d from the process", r);
}

static int serve_listener(struct exec *x, struct err *e)
{
	enum lc_status status = record_status(&x->dir, &x->record, x->ctx->cgroup_root);
	_cleanup_close_ int listener = -EBADF;
	int r = sync_expect(x->spawn.sync, SYNC_LISTENER, &listener, e);

	return r == 0 ? seccomp_agent_serve(&x->dir, &x->record, status, x->spawn.pid, listener,
					    x->spawn.sync, e)
		      : r;
}

/* The descriptor of the other side closes with the program's start: end of file is success. */
static int await_program(struct exec *x, struct err *e)
{
	int r = x->plan.process.seccomp.listener ? serve_listener(x, e) : 0;

	if (r < 0)
		return r;
	r = sync_receive(x->spawn.sync, NULL, NULL, e);

	if (r == -ECONNRESET && e->kind == ERR_SYS) {
		*e = (struct err){};
		return 0;
	}
	return r < 0 ? r : err_kind(e, ERR_BUG, "unexpected message %d from the process", r);
}

/* A class of service that somebody has removed has let go of the container, too. */
static int enter_class(const struct exec *x, struct err *e)
{
	const struct record *rec = &x->record;
	int r = intelrdt_enter(rec->rdt_group, rec->rdt_monitor, x->spawn.pid, e);

	return r == -ENOENT ? 0 : r;
}

/* What nobody has asked for is our caller's. */
static int final_affinity(const struct exec *x, struct err *e)
{
	const struct plan_process *pp = &x->plan.process;

	if (!pp->initial_affinity && !pp->final_affinity)
		return affinity_reset(x->spawn.pid, e);
	return affinity_set(x->spawn.pid, pp->final_affinity, "execCPUAffinity.final", e);
}

static int finish(struct exec *x, struct err *e)
{
	const struct plan_process *pp = &x->plan.process;
	int r = rlimits_apply(pp, x->spawn.pid, e);

	if (r == 0)
		r = sched_apply(pp, x->spawn.pid, x->plan.proc_fd, e);
	if (r == 0)
		r = enter_class(x, e);
	if (r == 0)
		r = final_affinity(x, e);
	if (r == 0)
		r = spawn_write_pid(x->spawn.pid, x->opts->pid_file, e);
	if (r == 0)
		r = pidfd_socket_send(x->pidfd_socket, x->spawn.pidfd, "setns", e);
	if (r == 0)
		r = sync_send(x->spawn.sync, SYNC_RECORDED, 0, -EBADF, e);
	return r == 0 ? await_program(x, e) : r;
}

static int attach(void *exec, pid_t pid, struct err *e)
{
	const struct exec *x = exec;
	const struct plan_systemd unit = record_unit(&x->record);
	char path[PATH_MAX];
	int r = x->opts->cgroup ? 0 : group_of_init(x, path, e);

	return r < 0 ? r : cgroup_systemd_attach(&unit, pid, x->opts->cgroup ? x->group : path, e);
}

/* From a session of its own a user may not move processes into what its manager runs (cgroups(7),
 * "Delegation containment"): the manager may. */
static int spawn_in_cgroup(struct exec *x, struct err *e)
{
	int r = spawn_child(&x->spawn, e);

	if (r == -EBUSY && x->record.cgroup_path && !x->opts->cgroup) {
		spawn_release(&x->spawn);
		r = enter_group_of_init(x, e);
		return r < 0 ? r : spawn_child(&x->spawn, e);
	}
	if (r != -EACCES || !x->record.unit)
		return r;
	spawn_release(&x->spawn);
	x->spawn.cgroup_fd = x_close(x->spawn.cgroup_fd);
	x->spawn.place = attach;
	x->spawn.place_data = x;
	return spawn_child(&x->spawn, e);
}

/* The initial affinity holds before the cgroup is entered: the clone inherits it from us. */
static int spawn_with_affinity(struct exec *x, struct err *e)
{
	const char *initial = x->plan.process.initial_affinity;
	struct cpulist own;
	int r;

	if (!initial || !*initial)
		return spawn_in_cgroup(x, e);
	r = affinity_save(&own, e);
	if (r == 0)
		r = affinity_set(0, initial, "execCPUAffinity.initial", e);
	if (r < 0)
		return r;
	r = spawn_in_cgroup(x, e);
	return affinity_restore(&own, e) < 0 && r == 0 ? err_errno(e) : r;
}

static int run(struct exec *x, struct err *e)
{
	int r;

	x->spawn.plan = &x->plan;
	x->spawn.main = init_exec_main;
	x->spawn.target = x->init;
	x->spawn.close_fds[0] = x->dir.dir_fd;
	x->spawn.close_fds[1] = x->dir.root_fd;
	x->spawn.close_fds[2] = x->owned_console;
	x->spawn.close_fds[3] = x->pidfd_socket;
	r = arena_seal(x->plan.arena);
	if (r < 0)
		return err_sys(e, r, "mprotect", "the plan");
	r = spawn_with_affinity(x, e);
	if (r == 0)
		r = converse(x, e);
	if (r == 0)
		r = finish(x, e);
	if (r < 0) {
		spawn_explain(&x->spawn, e);
		spawn_kill(&x->spawn);
	}
	return r;
}

static void exec_done(struct exec *x)
{
	x_close(x->spawn.cgroup_fd);
	x_close(x->owned_console);
	x_close(x->pidfd_socket);
	x_close(x->init);
	spawn_release(&x->spawn);
	statedir_close(&x->dir);
	plan_done(&x->plan);
}

int lc_exec(struct lc_ctx *ctx, const char *id, const struct lc_exec_opts *o, pid_t *ret_pid,
	    struct err *e)
{
	_cleanup_(exec_done) struct exec x = {
		.ctx = ctx,
		.opts = o,
		.dir = STATEDIR_EMPTY,
		.spawn = SPAWN_EMPTY,
		.init = -EBADF,
		.owned_console = -EBADF,
		.pidfd_socket = -EBADF,
	};
	int r = plan_init(&x.plan, e);

	if (r == 0)
		r = statedir_open(ctx->root, id, STATEDIR_UNLOCKED, &x.dir, e);
	if (r == 0)
		r = record_read(&x.dir, id, x.plan.arena, &x.record, e);
	if (r == 0)
		r = check_status(&x, e);
	if (r < 0)
		return r;
	x.init = record_open_init(&x.record, e);
	r = x.init < 0 ? x.init : compile(&x, e);
	if (r == 0)
		r = open_cgroup(&x, e);
	if (r == 0)
		r = connect_console(&x, e);
	if (r == 0)
		r = pidfd_socket_connect(o->pidfd_socket, &x.pidfd_socket, e);
	if (r == 0)
		r = run(&x, e);
	if (r == 0)
		*ret_pid = x.spawn.pid;
	return r;
}
