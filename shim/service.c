/* SPDX-License-Identifier: Apache-2.0 */
/* The task service, versions 2 and 3, which differ in name only: from a request to the process it is
 * about. What depends on the state goes through the table of task.c; the rest is answered here, from
 * memory, and never waits. */
#include "service.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "libcontainer.h"
#include "shim/proto/runc_options.pb-c.h"
#include "stats.h"
#include "task.h"

/* NULL when the request has been answered: there is no such process. */
static struct proc *find(struct request *r, const char *id, const char *exec_id)
{
	struct task *t = task_find(r->shim, id);
	struct proc *p = t ? task_find_proc(t, exec_id) : NULL;

	if (!t)
		request_fail(r, TTRPC_NOT_FOUND, "container not created: not found");
	else if (!p)
		request_fail(r, TTRPC_NOT_FOUND, "process does not exist %s: not found", exec_id);
	return p;
}

static void pass_on(struct request *r, const char *id, const char *exec_id, enum task_event event)
{
	struct proc *p = find(r, id, exec_id);

	if (p)
		task_event(p, event, r);
}

/* ---- what the table decides ---- */

static void create(struct request *r)
{
	task_create(r);
}

static void start(struct request *r)
{
	const Task__StartRequest *m = r->message;

	pass_on(r, m->id, m->exec_id, EV_START);
}

static void delete_(struct request *r)
{
	const Task__DeleteRequest *m = r->message;

	pass_on(r, m->id, m->exec_id, EV_DELETE);
}

static void exec(struct request *r)
{
	const Task__ExecRequest *m = r->message;

	pass_on(r, m->id, "", EV_EXEC);
}

static void kill_(struct request *r)
{
	const Task__KillRequest *m = r->message;

	pass_on(r, m->id, m->exec_id, EV_KILL);
}

static void pause_(struct request *r)
{
	const Task__PauseRequest *m = r->message;

	pass_on(r, m->id, "", EV_PAUSE);
}

static void resume(struct request *r)
{
	const Task__ResumeRequest *m = r->message;

	pass_on(r, m->id, "", EV_RESUME);
}

static void update(struct request *r)
{
	const Task__UpdateRequest *m = r->message;

	pass_on(r, m->id, "", EV_UPDATE);
}

static void checkpoint(struct request *r)
{
	const Task__CheckpointRequest *m = r->message;

	pass_on(r, m->id, "", EV_CHECKPOINT);
}

/* ---- what is true in every state ---- */

static void state(struct request *r)
{
	const Task__StateRequest *q = r->message;
	const struct proc *p = find(r, q->id, q->exec_id);
	Task__StateResponse m = TASK__STATE_RESPONSE__INIT;
	Google__Protobuf__Timestamp at;

	if (!p)
		return;
	m.id = (char *)p->id;
	m.bundle = (char *)p->task->bundle;
	m.pid = (uint32_t)p->pid;
	m.status = proc_status(p);
	m.stdin_path = (char *)p->stdin_path;
	m.stdout_path = (char *)p->stdout_path;
	m.stderr_path = (char *)p->stderr_path;
	m.terminal = p->terminal;
	m.exit_status = p->status;
	m.exited_at = proc_timestamp(p, &at);
	m.exec_id = q->exec_id;
	request_reply(r, &m.base);
}

static void wait_(struct request *r)
{
	const Task__WaitRequest *m = r->message;
	struct proc *p = find(r, m->id, m->exec_id);

	if (!p)
		return;
	r->next = p->waiters;
	p->waiters = r;
	if (p->state == PROC_STOPPED || (p->state == PROC_DELETING && p->ended) || p->start_failed)
		proc_answer_waiters(p);
}

static void resize_pty(struct request *r)
{
	const Task__ResizePtyRequest *m = r->message;
	struct proc *p = find(r, m->id, m->exec_id);

	if (!p)
		return;
	p->width = (uint16_t)m->width;
	p->height = (uint16_t)m->height;
	if (p->io)
		(void)io_resize(p->io, p->width, p->height); /* of a terminal that may be gone */
	request_reply_empty(r);
}

static void close_io(struct request *r)
{
	const Task__CloseIORequest *m = r->message;
	struct proc *p = find(r, m->id, m->exec_id);

	if (!p)
		return;
	if (m->close_stdin)
		p->stdin_closed = true;
	if (m->close_stdin && p->io)
		io_close_stdin(p->io);
	request_reply_empty(r);
}

static Google__Protobuf__Any *new_any(struct arena *arena, const char *type, void *data, size_t len)
{
	Google__Protobuf__Any *any = arena_new_of(arena, Google__Protobuf__Any);

	if (!any)
		return NULL;
	google__protobuf__any__init(any);
	any->type_url = (char *)type;
	any->value.data = data;
	any->value.len = len;
	return any;
}

/* Which exec a pid is. */
static Google__Protobuf__Any *process_details(const struct task *t, pid_t pid, struct arena *arena)
{
	Containerd__Runc__V1__ProcessDetails m = CONTAINERD__RUNC__V1__PROCESS_DETAILS__INIT;
	uint8_t *data;
	const struct proc *p = t->execs;

	while (p && p->pid != pid)
		p = p->next;
	if (!p)
		return NULL;
	m.exec_id = (char *)p->id;
	data = arena_alloc(arena, protobuf_c_message_get_packed_size(&m.base));
	if (!data)
		return NULL;
	return new_any(arena, m.base.descriptor->name, data,
		       protobuf_c_message_pack(&m.base, data));
}

static int add_pids(const struct task *t, const pid_t *list, size_t n, struct arena *arena,
		    Task__PidsResponse *m)
{
	m->processes = arena_array_of(arena, Task__ProcessInfo *, n);
	for (size_t i = 0; i < n; i++) {
		Task__ProcessInfo *info = arena_new_of(arena, Task__ProcessInfo);

		if (!m->processes || !info)
			return -ENOMEM;
		task__process_info__init(info);
		info->pid = (uint32_t)list[i];
		info->info = process_details(t, list[i], arena);
		m->processes[m->n_processes++] = info;
	}
	return 0;
}

static void pids(struct request *r)
{
	const Task__PidsRequest *q = r->message;
	const struct proc *init = find(r, q->id, "");
	Task__PidsResponse m = TASK__PIDS_RESPONSE__INIT;
	_cleanup_free_ pid_t *list = NULL;
	const pid_t *all;
	size_t n = 0;
	struct err e;

	if (!init)
		return;
	if (init->task->cgroup < 0 || lc_cgroup_pids(init->task->cgroup, &list, &n, &e) < 0)
		n = init->pid && !init->ended ? 1 : 0; /* what we know ourselves */
	all = list ? list : &init->pid;
	if (add_pids(init->task, all, n, r->arena, &m) < 0)
		request_fail(r, TTRPC_RESOURCE_EXHAUSTED, "out of memory");
	else
		request_reply(r, &m.base);
}

static void stats(struct request *r)
{
	const Task__StatsRequest *q = r->message;
	const struct proc *init = find(r, q->id, "");
	Task__StatsResponse m = TASK__STATS_RESPONSE__INIT;
	_cleanup_buf_ struct buf out = {};
	struct err e;

	if (!init)
		return;
	if (init->task->cgroup < 0) {
		request_fail(r, TTRPC_NOT_FOUND, "cgroup does not exist");
		return;
	}
	if (stats_encode(init->task->cgroup, r->arena, &out, &e) < 0) {
		request_fail_error(r, &e);
		return;
	}
	m.stats = new_any(r->arena, stats_type, out.data, out.len);
	request_reply(r, &m.base);
}

/* Never fails: containerd asks who is there. */
static void connect_(struct request *r)
{
	const Task__ConnectRequest *q = r->message;
	const struct task *t = task_find(r->shim, q->id);
	Task__ConnectResponse m = TASK__CONNECT_RESPONSE__INIT;

	m.shim_pid = (uint32_t)getpid();
	m.task_pid = t ? (uint32_t)t->init.pid : 0;
	request_reply(r, &m.base);
}

static void shutdown_(struct request *r)
{
	struct shim *s = r->shim;

	request_reply_empty(r);
	if (!s->tasks)
		shim_shut_down(s);
}

/* ---- the table ---- */

static void serve(struct ttrpc_call *call, const ProtobufCMessageDescriptor *d,
		  void (*handle)(struct request *r))
{
	struct request *r = request_new(call, d);

	if (r)
		handle(r);
}

/* name of the method, name of its request in the generated code, handler */
#define METHODS(M)                                    \
	M(State, state_request, state)                \
	M(Create, create_request, create)             \
	M(Start, start_request, start)                \
	M(Delete, delete_request, delete_)            \
	M(Pids, pids_request, pids)                   \
	M(Pause, pause_request, pause_)               \
	M(Resume, resume_request, resume)             \
	M(Checkpoint, checkpoint_request, checkpoint) \
	M(Kill, kill_request, kill_)                  \
	M(Exec, exec_request, exec)                   \
	M(ResizePty, resize_pty_request, resize_pty)  \
	M(CloseIO, close_iorequest, close_io)         \
	M(Update, update_request, update)             \
	M(Wait, wait_request, wait_)                  \
	M(Stats, stats_request, stats)                \
	M(Connect, connect_request, connect_)         \
	M(Shutdown, shutdown_request, shutdown_)

#define DEFINE_CALL(name, stem, handler)                           \
	static void call_##stem(struct ttrpc_call *call)           \
	{                                                          \
		serve(call, &task__##stem##__descriptor, handler); \
	}
METHODS(DEFINE_CALL)

#define ROW_V2(name, stem, handler) { "containerd.task.v2.Task", #name, call_##stem },
#define ROW_V3(name, stem, handler) { "containerd.task.v3.Task", #name, call_##stem },

static const struct ttrpc_method methods[] = { METHODS(ROW_V2) METHODS(ROW_V3) };

int service_start(struct shim *s, int listener, struct err *e)
{
	return ttrpc_server_new(s->loop, listener, methods, ARRAY_SIZE(methods), s, &s->server, e);
}
