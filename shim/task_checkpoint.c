/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints, and containers that are created from one: until their start there are only their
 * mounts and streams, no process. As in task_init.c, what may free the process comes last. */
#include <errno.h>

#include "events.h"
#include "oci.h"
#include "task.h"

/* ---- checkpoint ---- */

static void tell_checkpointed(struct request *r)
{
	const Task__CheckpointRequest *m = r->message;

	events_checkpointed(r->shim, m->id, m->path);
}

void init_checkpoint(struct proc *p, struct request *r)
{
	const Task__CheckpointRequest *m = r->message;
	const Google__Protobuf__Any *any = m->options;
	struct lc_checkpoint_opts opts;
	struct oci_call call = { .task = p->task, .checkpoint = &opts };
	struct err e;

	if (options_checkpoint(any ? any->type_url : NULL, any ? any->value.data : NULL,
			       any ? any->value.len : 0, r->arena, &opts, &e) < 0) {
		request_fail_error(r, &e);
		return;
	}
	if (m->path[0])
		opts.criu.image_path = m->path;
	if (opts.criu.image_path)
		task_run_errand(r, "checkpoint", oci_checkpoint, &call, tell_checkpointed);
	else
		request_fail(r, TTRPC_INVALID_ARGUMENT, "checkpoint without a path");
}

/* ---- create and start ---- */

bool init_is_restored(const struct proc *p)
{
	return p->task->request->checkpoint[0];
}

void init_prepared(struct proc *p, struct request *r)
{
	Task__CreateResponse m = TASK__CREATE_RESPONSE__INIT;

	p->state = PROC_PREPARED;
	request_reply(r, &m.base);
	events_created(p->task);
}

void init_restore(struct proc *p, struct request *r)
{
	p->state = PROC_RESTORING;
	p->pending = r;
	proc_make(p, oci_restore);
}

void init_restored(struct proc *p, struct request *r)
{
	Task__StartResponse m = TASK__START_RESPONSE__INIT;

	p->state = PROC_RUNNING;
	init_begin(p);
	m.pid = (uint32_t)p->pid;
	request_reply(r, &m.base);
	events_started(p);
	proc_watch(p, p->pid);
}

void init_restore_failed(struct proc *p, struct request *r)
{
	p->state = PROC_PREPARED;
	request_fail_runtime(r, "restore", &p->worker.err);
}

/* There is no process whose end could be waited for. */
void init_discard(struct proc *p, struct request *r)
{
	proc_add_deleter(p, r);
	p->state = PROC_DELETING;
	p->ended = true;
	proc_work(p, oci_delete, NULL);
}
