/* SPDX-License-Identifier: Apache-2.0 */
/* What init processes and execs have in common. */
#include "proc.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "events.h"
#include "task.h"

#define DRAIN_MS 10000
/* The zero of Go's time, 0001-01-01: what the peers say of a process that has not ended. */
#define ZERO_TIME (-62135596800)

bool proc_is_exec(const struct proc *p)
{
	return p != &p->task->init;
}

int proc_open_io(struct proc *p, struct err *e)
{
	const struct task *t = p->task;
	struct io_spec spec = {
		.stdin_path = p->stdin_path,
		.stdout_path = p->stdout_path,
		.stderr_path = p->stderr_path,
		.terminal = p->terminal,
		.uid = t->options.io_uid,
		.gid = t->options.io_gid,
		.id = t->init.id,
		.ns = t->shim->ns,
	};
	int r = io_new(t->shim->loop, &spec, &p->io, e);

	if (r < 0)
		return r;
	if (p->width || p->height)
		(void)io_resize(p->io, p->width,
				p->height); /* remembered: there is no terminal yet */
	if (p->stdin_closed)
		io_close_stdin(p->io);
	return 0;
}

int proc_start_io(struct proc *p, struct err *e)
{
	if (!p->terminal)
		return io_start(p->io, e);
	if (p->worker.master < 0)
		return err_kind(e, ERR_BUG, "the runtime passed no terminal");
	return io_console(p->io, take_fd(p->worker.master), e);
}

static void on_done(struct worker *w)
{
	struct proc *p = container_of(w, struct proc, worker);

	if (w->result < 0 || !p->terminal)
		w->master = x_close(w->master);
	task_event(p, w->result < 0 ? EV_FAILED : EV_DONE, take_ptr(p->pending));
}

void proc_work(struct proc *p, worker_fn run, const int *stdio)
{
	struct worker_task task = { .run = run, .arg = p, .stdio = stdio };

	if (worker_start(&p->worker, p->task->shim->reaper, &task, on_done, &p->worker.err) < 0)
		task_event(p, EV_FAILED, take_ptr(p->pending));
}

static void on_io_ready(void *data, const struct err *e)
{
	struct proc *p = data;
	int stdio[3];

	if (e) {
		p->worker.err = *e;
		task_event(p, EV_FAILED, take_ptr(p->pending));
		return;
	}
	io_child_fds(p->io, stdio);
	proc_work(p, p->make, stdio);
}

void proc_make(struct proc *p, worker_fn run)
{
	p->make = run;
	io_when_ready(p->io, on_io_ready, p);
}

static void on_exit_of(struct reaper_watch *w, int status, const struct timespec *when)
{
	struct proc *p = container_of(w, struct proc, watch);

	p->ended = true;
	p->status = (uint32_t)status;
	p->ended_at = *when;
	if (p->io)
		io_exited(p->io);
	task_event(p, EV_EXIT, NULL);
}

void proc_watch(struct proc *p, pid_t pid)
{
	p->pid = pid;
	reaper_add(p->task->shim->reaper, &p->watch, pid, on_exit_of);
}

void proc_drain(struct proc *p, void (*done)(void *p))
{
	if (p->io)
		io_drain(p->io, DRAIN_MS, done, p);
	else
		done(p);
}

void proc_log(const struct proc *p, const char *what, const struct err *e)
{
	char text[640];

	err_text(e, text, sizeof(text));
	log_warning("%s: %s: %s", p->id, what, text);
}

void proc_kill(struct proc *p, struct request *r)
{
	const Task__KillRequest *m = r->message;

	if (p->ended)
		request_fail(r, TTRPC_NOT_FOUND, "process already finished: not found");
	else if (kill(p->pid, (int)m->signal) < 0)
		request_fail(r, TTRPC_UNKNOWN, "kill %s with signal %u: %s", p->id, m->signal,
			     strerror(errno));
	else
		request_reply_empty(r);
}

void proc_add_deleter(struct proc *p, struct request *r)
{
	r->next = p->deleters;
	p->deleters = r;
}

Google__Protobuf__Timestamp *proc_timestamp(const struct proc *p, Google__Protobuf__Timestamp *ret)
{
	google__protobuf__timestamp__init(ret);
	ret->seconds = p->ended ? p->ended_at.tv_sec : ZERO_TIME;
	ret->nanos = p->ended ? (int32_t)p->ended_at.tv_nsec : 0;
	return ret;
}

void proc_tell_exit(struct proc *p)
{
	if (p->state != PROC_DELETING)
		p->state = PROC_STOPPED;
	events_exited(p);
	proc_answer_waiters(p);
}

void proc_answer_waiters(struct proc *p)
{
	Task__WaitResponse m = TASK__WAIT_RESPONSE__INIT;
	Google__Protobuf__Timestamp at;
	struct request *next;

	m.exit_status = p->status;
	m.exited_at = proc_timestamp(p, &at);
	for (struct request *r = take_ptr(p->waiters); r; r = next) {
		next = r->next;
		request_reply(r, &m.base);
	}
}

static void answer_deleters(struct proc *p)
{
	Task__DeleteResponse m = TASK__DELETE_RESPONSE__INIT;
	Google__Protobuf__Timestamp at;
	struct request *next;

	m.pid = (uint32_t)p->pid;
	m.exit_status = p->status;
	m.exited_at = proc_timestamp(p, &at);
	for (struct request *r = take_ptr(p->deleters); r; r = next) {
		next = r->next;
		request_reply(r, &m.base);
	}
}

void proc_fail_deleters(struct proc *p, const char *verb, const struct err *e)
{
	struct request *next;

	for (struct request *r = take_ptr(p->deleters); r; r = next) {
		next = r->next;
		request_fail_runtime(r, verb, e);
	}
}

static Task__State own_status(const struct proc *p)
{
	switch (p->state) {
	case PROC_CREATED:
	case PROC_PREPARED:
	case PROC_RESTORING:
	case PROC_STARTING:
		return TASK__STATE__CREATED;
	case PROC_RUNNING:
		return TASK__STATE__RUNNING;
	case PROC_PAUSING:
		return TASK__STATE__PAUSING;
	case PROC_PAUSED:
	case PROC_RESUMING:
		return TASK__STATE__PAUSED;
	case PROC_STOPPED:
	case PROC_DELETING:
		return TASK__STATE__STOPPED;
	case PROC_CREATING:
	case PROC_N_STATES:
		break;
	}
	return TASK__STATE__UNKNOWN;
}

/* A process cannot run in a paused container. */
Task__State proc_status(const struct proc *p)
{
	Task__State own = own_status(p), inits = own_status(&p->task->init);

	if (own == TASK__STATE__RUNNING &&
	    (inits == TASK__STATE__PAUSED || inits == TASK__STATE__PAUSING))
		return inits;
	return own;
}

void proc_free(struct proc *p)
{
	proc_answer_waiters(p);
	answer_deleters(p);
	reaper_remove(p->task->shim->reaper, &p->watch);
	p->io = io_free(p->io);
	arena_free(p->arena);
}
