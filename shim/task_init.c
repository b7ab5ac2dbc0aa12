/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a container: the cells of the table for its init. A function that starts a worker
 * or settles does so last, as either may free the process. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "bundle.h"
#include "events.h"
#include "libcontainer.h"
#include "oci.h"
#include "task.h"

/* ---- create ---- */

static void on_oom(struct lc_oom_watch *w)
{
	events_oom(container_of(w, struct task, oom));
}

/* Without a group of its own there are no figures to tell. */
static void open_cgroup(struct task *t)
{
	const struct lc_ctx ctx = { .root = t->state_dir };
	struct err e;

	t->cgroup = lc_cgroup_open(&ctx, t->init.id, t->init.pid, &e);
	if (t->cgroup >= 0)
		lc_oom_add(t->shim->loop, &t->oom, t->cgroup, on_oom);
	else
		proc_log(&t->init, "cgroup", &e);
}

static int save_options(const struct task *t, struct err *e)
{
	_cleanup_close_ int dir = open(t->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return err_sys(e, errno, "open", "bundle %s", t->bundle);
	return bundle_save_options(dir, &t->options, e);
}

void init_make(struct proc *p)
{
	if (save_options(p->task, &p->worker.err) < 0)
		task_event(p, EV_FAILED, take_ptr(p->pending));
	else if (init_is_restored(p))
		proc_work(p, oci_prepare, NULL);
	else
		proc_make(p, oci_create);
}

void init_begin(struct proc *p)
{
	struct err e;

	p->pid = p->worker.made;
	if (proc_start_io(p, &e) < 0)
		proc_log(p, "streams", &e);
	open_cgroup(p->task);
}

void init_created(struct proc *p, struct request *r)
{
	Task__CreateResponse m = TASK__CREATE_RESPONSE__INIT;

	if (init_is_restored(p)) {
		init_prepared(p, r);
		return;
	}
	p->state = PROC_CREATED;
	init_begin(p);
	m.pid = (uint32_t)p->pid;
	request_reply(r, &m.base);
	events_created(p->task);
	proc_watch(p, p->pid);
}

void init_create_failed(struct proc *p, struct request *r)
{
	request_fail_runtime(r, "create", &p->worker.err);
	task_free(p->task);
}

/* ---- start ---- */

void init_start(struct proc *p, struct request *r)
{
	p->state = PROC_STARTING;
	p->pending = r;
	proc_work(p, oci_start, NULL);
}

void init_started(struct proc *p, struct request *r)
{
	Task__StartResponse m = TASK__START_RESPONSE__INIT;

	p->state = PROC_RUNNING;
	m.pid = (uint32_t)p->pid;
	request_reply(r, &m.base);
	events_started(p);
	task_settle(p->task);
}

void init_start_failed(struct proc *p, struct request *r)
{
	p->state = PROC_CREATED;
	request_fail_runtime(r, "start", &p->worker.err);
	task_settle(p->task);
}

/* ---- pause and resume ---- */

void init_pause(struct proc *p, struct request *r)
{
	p->state = PROC_PAUSING;
	p->pending = r;
	proc_work(p, oci_pause, NULL);
}

void init_paused(struct proc *p, struct request *r)
{
	p->state = PROC_PAUSED;
	request_reply_empty(r);
	events_paused(p->task);
	task_settle(p->task);
}

void init_pause_failed(struct proc *p, struct request *r)
{
	p->state = PROC_RUNNING;
	request_fail_runtime(r, "pause", &p->worker.err);
	task_settle(p->task);
}

void init_resume(struct proc *p, struct request *r)
{
	p->state = PROC_RESUMING;
	p->pending = r;
	proc_work(p, oci_resume, NULL);
}

void init_resumed(struct proc *p, struct request *r)
{
	p->state = PROC_RUNNING;
	request_reply_empty(r);
	events_resumed(p->task);
	task_settle(p->task);
}

void init_resume_failed(struct proc *p, struct request *r)
{
	p->state = PROC_PAUSED;
	request_fail_runtime(r, "resume", &p->worker.err);
	task_settle(p->task);
}

/* ---- what changes no state ---- */

/* A request served by a worker beside whatever else goes on. */
struct errand {
	struct worker worker;
	struct request *request;
	const char *verb;
	void (*tell)(struct request *r);
};

static void on_errand_done(struct worker *w)
{
	struct errand *x = container_of(w, struct errand, worker);

	w->master = x_close(w->master);
	if (w->result >= 0 && x->tell)
		x->tell(x->request);
	if (w->result < 0)
		request_fail_runtime(x->request, x->verb, &w->err);
	else
		request_reply_empty(x->request);
	free(x);
}

void task_run_errand(struct request *r, const char *verb, worker_fn run, struct oci_call *call,
		     void (*tell)(struct request *r))
{
	struct worker_task task = { .run = run, .arg = call };
	struct errand *x = calloc(1, sizeof(*x));
	struct err e;
	int ret = x ? 0 : err_nomem(&e);

	if (x) {
		x->request = r;
		x->verb = verb;
		x->tell = tell;
		ret = worker_start(&x->worker, r->shim->reaper, &task, on_errand_done, &e);
	}
	if (ret < 0) {
		free(x);
		request_fail_error(r, &e);
	}
}

void init_update(struct proc *p, struct request *r)
{
	const Task__UpdateRequest *m = r->message;
	struct oci_call call = { .task = p->task };

	if (m->resources)
		call.resources = arena_strndup(r->arena, (const char *)m->resources->value.data,
					       m->resources->value.len);
	if (call.resources)
		task_run_errand(r, "update", oci_update, &call, NULL);
	else
		request_fail(r, TTRPC_INVALID_ARGUMENT, "update without resources");
}

/* Every process: by the cgroup where there is one. */
static void kill_all(struct proc *p, int sig, struct request *r)
{
	struct oci_call call = { .task = p->task, .signal = sig };
	struct err e;

	if (p->task->cgroup < 0)
		task_run_errand(r, "kill", oci_kill_all, &call, NULL);
	else if (lc_cgroup_signal(p->task->cgroup, sig, &e) < 0)
		request_fail_error(r, &e);
	else
		request_reply_empty(r);
}

void init_kill(struct proc *p, struct request *r)
{
	const Task__KillRequest *m = r->message;

	if (m->all)
		kill_all(p, (int)m->signal, r);
	else
		proc_kill(p, r);
}

/* ---- exit ---- */

/* Nothing of a container outlives its init; in a pid namespace of its own nothing can. */
static void kill_rest(struct task *t)
{
	struct err e;

	if (t->cgroup >= 0 && lc_cgroup_signal(t->cgroup, SIGKILL, &e) < 0 && e.errnum != ENOENT &&
	    e.errnum != ENODEV)
		proc_log(&t->init, "kill", &e);
	for (struct proc *p = t->execs; p; p = p->next)
		if (p->state == PROC_RUNNING)
			(void)kill(p->pid, SIGKILL); /* ours, not waited for: it is there */
}

static bool has_live_execs(const struct task *t)
{
	for (const struct proc *p = t->execs; p; p = p->next)
		if (p->state == PROC_STARTING || p->state == PROC_RUNNING)
			return true;
	return false;
}

/* For `delete`, should we be gone by then. */
static void save_exit(const struct proc *p)
{
	const struct bundle_exit x = { .pid = p->pid, .status = p->status, .at = p->ended_at };
	_cleanup_close_ int dir = open(p->task->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct err e;

	if (dir < 0)
		return; /* the bundle is gone, and with it everybody who might ask */
	if (bundle_save_exit(dir, &x, &e) < 0)
		proc_log(p, "exit status", &e);
}

static void tell_exit(struct proc *p)
{
	save_exit(p);
	proc_tell_exit(p);
	shim_changed(p->task->shim);
}

/* The exit of init is the last: those of execs come first, and what a worker is busy with. */
void init_exit(struct proc *p, struct request *r)
{
	(void)r; /* an exit is no request */
	lc_oom_check(&p->task->oom);
	kill_rest(p->task);
	p->exit_held = true;
	task_settle(p->task);
}

/* ---- delete ---- */

static void on_drained(void *data)
{
	proc_work(data, oci_delete, NULL);
}

void init_delete(struct proc *p, struct request *r)
{
	proc_add_deleter(p, r);
	p->state = PROC_DELETING;
	if (!p->ended)
		(void)kill(p->pid,
			   SIGKILL); /* created, never started: its streams would never end */
	proc_drain(p, on_drained);
}

void init_deleted(struct proc *p, struct request *r)
{
	(void)r; /* there may be several: proc->deleters */
	p->task->removed = true;
	task_settle(p->task);
}

void init_delete_failed(struct proc *p, struct request *r)
{
	(void)r; /* as above */
	proc_fail_deleters(p, "delete", &p->worker.err);
	p->state = p->ended ? PROC_STOPPED : PROC_CREATED;
}

static bool is_busy(const struct proc *p)
{
	return p->state == PROC_STARTING || p->state == PROC_RESTORING ||
	       p->state == PROC_PAUSING || p->state == PROC_RESUMING;
}

void task_settle(struct task *t)
{
	struct proc *p = &t->init;

	if (has_live_execs(t) || is_busy(p))
		return;
	if (p->exit_held) {
		p->exit_held = false;
		tell_exit(p);
	}
	if (t->removed && p->ended) {
		events_deleted(t);
		task_free(t);
	}
}
