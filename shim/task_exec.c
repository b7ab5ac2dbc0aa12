/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to an exec: the cells of the table for further processes of a container. */
#include <signal.h>

#include "base/cleanup.h"
#include "events.h"
#include "oci.h"
#include "task.h"

static struct proc *exec_new(struct task *t, struct request *r)
{
	const Task__ExecRequest *m = r->message;
	struct proc *p = arena_new_of(r->arena, struct proc);
	const char *spec =
		arena_strndup(r->arena, (const char *)m->spec->value.data, m->spec->value.len);

	if (!p || !spec)
		return NULL;
	*p = (struct proc){ .task = t,
			    .id = m->exec_id,
			    .state = PROC_CREATED,
			    .stdin_path = m->stdin_path,
			    .stdout_path = m->stdout_path,
			    .stderr_path = m->stderr_path,
			    .spec = spec,
			    .terminal = m->terminal };
	return p;
}

void exec_add(struct proc *init, struct request *r)
{
	const Task__ExecRequest *m = r->message;
	struct proc *p;

	if (!m->exec_id[0] || !m->spec) {
		request_fail(r, TTRPC_INVALID_ARGUMENT, "exec without %s",
			     m->spec ? "an id" : "a process");
		return;
	}
	if (task_find_proc(init->task, m->exec_id)) {
		request_fail(r, TTRPC_ALREADY_EXISTS, "id %s: already exists", m->exec_id);
		return;
	}
	p = exec_new(init->task, r);
	if (!p) {
		request_fail(r, TTRPC_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	p->arena = take_ptr(r->arena);
	task_add_exec(init->task, p);
	request_reply_empty(r);
	events_exec_added(p);
}

/* ---- start ---- */

static bool init_is_gone(const struct task *t)
{
	return t->init.ended || t->init.state == PROC_DELETING;
}

/* They are told of no exit, as there was no process. */
static void release_waiters(struct proc *p)
{
	p->start_failed = true;
	proc_answer_waiters(p);
}

void exec_start(struct proc *p, struct request *r)
{
	struct err e;

	if (init_is_gone(p->task)) {
		request_fail(r, TTRPC_FAILED_PRECONDITION,
			     "container %s init process is not running", p->task->init.id);
		return;
	}
	if (proc_open_io(p, &e) < 0) {
		release_waiters(p);
		request_fail_error(r, &e);
		return;
	}
	p->start_failed = false;
	p->state = PROC_STARTING;
	p->pending = r;
	proc_make(p, oci_exec);
}

/* Init may have ended meanwhile: what came too late goes with it. */
void exec_started(struct proc *p, struct request *r)
{
	Task__StartResponse m = TASK__START_RESPONSE__INIT;
	struct err e;

	p->state = PROC_RUNNING;
	p->pid = p->worker.made;
	if (proc_start_io(p, &e) < 0)
		proc_log(p, "streams", &e);
	m.pid = (uint32_t)p->pid;
	request_reply(r, &m.base);
	events_started(p);
	if (init_is_gone(p->task))
		(void)kill(p->pid, SIGKILL); /* ours, not waited for: it is there */
	proc_watch(p, p->pid);
}

void exec_start_failed(struct proc *p, struct request *r)
{
	p->state = PROC_CREATED;
	p->io = io_free(p->io);
	request_fail_runtime(r, "exec", &p->worker.err);
	release_waiters(p);
	task_settle(p->task);
}

/* ---- exit ---- */

void exec_exit(struct proc *p, struct request *r)
{
	(void)r; /* an exit is no request */
	proc_tell_exit(p);
	task_settle(p->task);
}

/* ---- delete ---- */

static void on_drained(void *data)
{
	task_remove_exec(data);
}

void exec_delete(struct proc *p, struct request *r)
{
	proc_add_deleter(p, r);
	p->state = PROC_DELETING;
	proc_drain(p, on_drained);
}
