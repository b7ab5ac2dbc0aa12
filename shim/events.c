/* SPDX-License-Identifier: Apache-2.0 */
/* One event, one topic, one message. */
#include "events.h"

#include "base/log.h"
#include "proto.h"
#include "shim/proto/events.pb-c.h"

/* protobuf-c reads what it encodes, but takes it as writable. */
#define TEXT(s) ((char *)(s))

typedef int (*publish_fn)(struct publisher *p, const char *topic, const char *type,
			  const void *value, size_t len);

static void queue(publish_fn how, struct shim *s, const char *id, const char *topic,
		  const ProtobufCMessage *m)
{
	_cleanup_buf_ struct buf out = {};

	if (proto_encode(m, &out) < 0 ||
	    how(s->events, topic, m->descriptor->name, out.data, out.len) < 0)
		log_error("no memory for event %s of %s", topic, id);
}

static void send_of(struct shim *s, const char *id, const char *topic, const ProtobufCMessage *m)
{
	queue(publish, s, id, topic, m);
}

static void send(const struct task *t, const char *topic, const ProtobufCMessage *m)
{
	send_of(t->shim, t->init.id, topic, m);
}

void events_created(const struct task *t)
{
	Containerd__Events__TaskIO io = CONTAINERD__EVENTS__TASK_IO__INIT;
	Containerd__Events__TaskCreate m = CONTAINERD__EVENTS__TASK_CREATE__INIT;

	io.stdin_path = TEXT(t->init.stdin_path);
	io.stdout_path = TEXT(t->init.stdout_path);
	io.stderr_path = TEXT(t->init.stderr_path);
	io.terminal = t->init.terminal;
	m.container_id = TEXT(t->init.id);
	m.bundle = TEXT(t->bundle);
	m.rootfs = t->request->rootfs;
	m.n_rootfs = t->request->n_rootfs;
	m.io = &io;
	m.checkpoint = t->request->checkpoint;
	m.pid = (uint32_t)t->init.pid;
	send(t, "/tasks/create", &m.base);
}

static void exec_started_event(const struct proc *p)
{
	Containerd__Events__TaskExecStarted m = CONTAINERD__EVENTS__TASK_EXEC_STARTED__INIT;

	m.container_id = TEXT(p->task->init.id);
	m.exec_id = TEXT(p->id);
	m.pid = (uint32_t)p->pid;
	send(p->task, "/tasks/exec-started", &m.base);
}

void events_started(const struct proc *p)
{
	Containerd__Events__TaskStart m = CONTAINERD__EVENTS__TASK_START__INIT;

	if (proc_is_exec(p)) {
		exec_started_event(p);
		return;
	}
	m.container_id = TEXT(p->id);
	m.pid = (uint32_t)p->pid;
	send(p->task, "/tasks/start", &m.base);
}

void events_exec_added(const struct proc *p)
{
	Containerd__Events__TaskExecAdded m = CONTAINERD__EVENTS__TASK_EXEC_ADDED__INIT;

	m.container_id = TEXT(p->task->init.id);
	m.exec_id = TEXT(p->id);
	send(p->task, "/tasks/exec-added", &m.base);
}

void events_exited(const struct proc *p)
{
	Containerd__Events__TaskExit m = CONTAINERD__EVENTS__TASK_EXIT__INIT;
	Google__Protobuf__Timestamp at;

	m.container_id = TEXT(p->task->init.id);
	m.id = TEXT(p->id);
	m.pid = (uint32_t)p->pid;
	m.exit_status = p->status;
	m.exited_at = proc_timestamp(p, &at);
	send(p->task, "/tasks/exit", &m.base);
}

void events_deleted(const struct task *t)
{
	Containerd__Events__TaskDelete m = CONTAINERD__EVENTS__TASK_DELETE__INIT;
	Google__Protobuf__Timestamp at;

	m.container_id = TEXT(t->init.id);
	m.pid = (uint32_t)t->init.pid;
	m.exit_status = t->init.status;
	m.exited_at = proc_timestamp(&t->init, &at);
	send(t, "/tasks/delete", &m.base);
}

void events_paused(const struct task *t)
{
	Containerd__Events__TaskPaused m = CONTAINERD__EVENTS__TASK_PAUSED__INIT;

	m.container_id = TEXT(t->init.id);
	send(t, "/tasks/paused", &m.base);
}

void events_resumed(const struct task *t)
{
	Containerd__Events__TaskResumed m = CONTAINERD__EVENTS__TASK_RESUMED__INIT;

	m.container_id = TEXT(t->init.id);
	send(t, "/tasks/resumed", &m.base);
}

void events_checkpointed(struct shim *s, const char *id, const char *path)
{
	Containerd__Events__TaskCheckpointed m = CONTAINERD__EVENTS__TASK_CHECKPOINTED__INIT;

	m.container_id = TEXT(id);
	m.checkpoint = TEXT(path);
	send_of(s, id, "/tasks/checkpointed", &m.base);
}

/* The one event that repeats without anybody's doing. */
void events_oom(const struct task *t)
{
	Containerd__Events__TaskOOM m = CONTAINERD__EVENTS__TASK_OOM__INIT;

	m.container_id = TEXT(t->init.id);
	queue(publish_once, t->shim, t->init.id, "/tasks/oom", &m.base);
}
