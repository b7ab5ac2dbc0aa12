/* SPDX-License-Identifier: Apache-2.0 */
/* The table of states and events, and the lists of what there is. */
#include "task.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/log.h"

/* An empty cell is a refusal. The exit of an exec that is starting is not known as its own before
 * the worker names its pid (reaper.h), so there is no such cell. */
static const task_fn init_table[PROC_N_STATES][TASK_N_EVENTS] = {
	[PROC_CREATING] = {
		[EV_DONE] = init_created,
		[EV_FAILED] = init_create_failed,
	},
	[PROC_CREATED] = {
		[EV_START] = init_start,
		[EV_EXEC] = exec_add,
		[EV_UPDATE] = init_update,
		[EV_KILL] = init_kill,
		[EV_DELETE] = init_delete,
		[EV_EXIT] = init_exit,
	},
	[PROC_PREPARED] = {
		[EV_START] = init_restore,
		[EV_DELETE] = init_discard,
	},
	[PROC_RESTORING] = {
		[EV_DONE] = init_restored,
		[EV_FAILED] = init_restore_failed,
	},
	[PROC_STARTING] = {
		[EV_EXEC] = exec_add,
		[EV_UPDATE] = init_update,
		[EV_KILL] = init_kill,
		[EV_DONE] = init_started,
		[EV_FAILED] = init_start_failed,
		[EV_EXIT] = init_exit,
	},
	[PROC_RUNNING] = {
		[EV_EXEC] = exec_add,
		[EV_PAUSE] = init_pause,
		[EV_CHECKPOINT] = init_checkpoint,
		[EV_UPDATE] = init_update,
		[EV_KILL] = init_kill,
		[EV_EXIT] = init_exit,
	},
	[PROC_PAUSING] = {
		[EV_UPDATE] = init_update,
		[EV_KILL] = init_kill,
		[EV_DONE] = init_paused,
		[EV_FAILED] = init_pause_failed,
		[EV_EXIT] = init_exit,
	},
	[PROC_PAUSED] = {
		[EV_RESUME] = init_resume,
		[EV_CHECKPOINT] = init_checkpoint,
		[EV_UPDATE] = init_update,
		[EV_KILL] = init_kill,
		[EV_EXIT] = init_exit,
	},
	[PROC_RESUMING] = {
		[EV_UPDATE] = init_update,
		[EV_KILL] = init_kill,
		[EV_DONE] = init_resumed,
		[EV_FAILED] = init_resume_failed,
		[EV_EXIT] = init_exit,
	},
	[PROC_STOPPED] = {
		[EV_DELETE] = init_delete,
	},
	[PROC_DELETING] = {
		[EV_DELETE] = proc_add_deleter,
		[EV_DONE] = init_deleted,
		[EV_FAILED] = init_delete_failed,
		[EV_EXIT] = init_exit,
	},
};

static const task_fn exec_table[PROC_N_STATES][TASK_N_EVENTS] = {
	[PROC_CREATED] = {
		[EV_START] = exec_start,
		[EV_DELETE] = exec_delete,
	},
	[PROC_STARTING] = {
		[EV_DONE] = exec_started,
		[EV_FAILED] = exec_start_failed,
	},
	[PROC_RUNNING] = {
		[EV_KILL] = proc_kill,
		[EV_EXIT] = exec_exit,
	},
	[PROC_STOPPED] = {
		[EV_DELETE] = exec_delete,
	},
	[PROC_DELETING] = {
		[EV_DELETE] = proc_add_deleter,
	},
};

static const char *const state_words[PROC_N_STATES] = {
	[PROC_CREATING] = "creating", [PROC_CREATED] = "created",  [PROC_PREPARED] = "created",
	[PROC_RESTORING] = "running", [PROC_STARTING] = "running", [PROC_RUNNING] = "running",
	[PROC_PAUSING] = "pausing",   [PROC_PAUSED] = "paused",	   [PROC_RESUMING] = "paused",
	[PROC_STOPPED] = "stopped",   [PROC_DELETING] = "deleted",
};

/* What the peers say, too: clients know these words. */
static const char *const refusals[TASK_N_EVENTS] = {
	[EV_START] = "cannot start a %s process",
	[EV_EXEC] = "cannot exec in a %s state",
	[EV_PAUSE] = "cannot pause a %s container",
	[EV_RESUME] = "cannot resume a %s process",
	[EV_CHECKPOINT] = "cannot checkpoint a %s container",
	[EV_UPDATE] = "cannot update a %s container",
	[EV_DELETE] = "cannot delete a %s process",
};

static const char *const created_refusals[TASK_N_EVENTS] = {
	[EV_PAUSE] = "cannot pause task in %s state",
	[EV_RESUME] = "cannot resume task in %s state",
	[EV_CHECKPOINT] = "cannot checkpoint a task in %s state",
};

static task_fn cell(bool exec, enum proc_state state, enum task_event event)
{
	return (exec ? exec_table : init_table)[state][event];
}

bool task_allows(bool exec, enum proc_state state, enum task_event event)
{
	return cell(exec, state, event) != NULL;
}

enum ttrpc_status task_refusal(bool exec, enum proc_state state, enum task_event event, char *text,
			       size_t size)
{
	const char *format = refusals[event];

	if (event == EV_KILL && exec && state <= PROC_STARTING) {
		fmt_str(text, size, "process not created");
		return TTRPC_FAILED_PRECONDITION;
	}
	if (event == EV_KILL) {
		fmt_str(text, size, "process already finished: not found");
		return TTRPC_NOT_FOUND;
	}
	if (state == PROC_CREATED && created_refusals[event])
		format = created_refusals[event];
	fmt_str(text, size, format ? format : "event in %s state", state_words[state]);
	return TTRPC_UNKNOWN;
}

void task_event(struct proc *p, enum task_event event, struct request *r)
{
	task_fn fn = cell(proc_is_exec(p), p->state, event);
	enum ttrpc_status status;
	char text[128];

	if (fn) {
		fn(p, r);
		return;
	}
	status = task_refusal(proc_is_exec(p), p->state, event, text, sizeof(text));
	if (r)
		request_fail(r, status, "%s", text);
	else
		log_error("%s: unexpected event %d in state %d", p->id, (int)event, (int)p->state);
}

/* ---- the lists ---- */

static struct task *find_any(const struct shim *s, const char *id)
{
	struct task *t = s->tasks;

	while (t && strcmp(t->init.id, id) != 0)
		t = t->next;
	return t;
}

struct task *task_find(const struct shim *s, const char *id)
{
	struct task *t = find_any(s, id);

	return t && t->init.state != PROC_CREATING ? t : NULL;
}

struct proc *task_find_proc(struct task *t, const char *exec_id)
{
	struct proc *p = t->execs;

	if (!exec_id[0])
		return &t->init;
	while (p && strcmp(p->id, exec_id) != 0)
		p = p->next;
	return p;
}

static void add(struct shim *s, struct task *t)
{
	struct task **end = &s->tasks;

	while (*end)
		end = &(*end)->next;
	*end = t;
	shim_changed(s);
}

void task_add_exec(struct task *t, struct proc *p)
{
	struct proc **end = &t->execs;

	while (*end)
		end = &(*end)->next;
	*end = p;
}

void task_remove_exec(struct proc *p)
{
	struct proc **at = &p->task->execs;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	proc_free(p);
}

void task_free(struct task *t)
{
	struct shim *s = t->shim;
	struct task **at = &s->tasks;

	while (t->execs)
		task_remove_exec(t->execs);
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	lc_oom_remove(&t->oom);
	x_close(t->cgroup);
	proc_free(&t->init);
	shim_changed(s);
}

static void log_proc(const struct proc *p)
{
	char streams[512] = "";

	if (p->io)
		(void)io_describe(p->io, streams, sizeof(streams)); /* cut is good enough */
	log_at(LOG_INFO, "state: %s%s%s: %s, pid %d, cgroup %s%s%s", p->task->init.id,
	       proc_is_exec(p) ? " exec " : "", proc_is_exec(p) ? p->id : "", state_words[p->state],
	       (int)p->pid, p->task->cgroup < 0 ? "none" : "open",
	       p->exit_held ? ", exit held" : "", streams);
}

void task_log_state(const struct task *t)
{
	log_proc(&t->init);
	for (const struct proc *p = t->execs; p; p = p->next)
		log_proc(p);
}

/* ---- the beginning ---- */

static struct task *task_new(struct request *r, struct err *e)
{
	const Task__CreateRequest *m = r->message;
	struct task *t = arena_new_of(r->arena, struct task);
	const Google__Protobuf__Any *any = m->options;

	if (!t) {
		err_nomem(e);
		return NULL;
	}
	*t = (struct task){ .shim = r->shim, .bundle = m->bundle, .request = m, .cgroup = -EBADF };
	if (options_decode(any ? any->type_url : NULL, any ? any->value.data : NULL,
			   any ? any->value.len : 0, r->arena, &t->options, e) < 0)
		return NULL;
	t->state_dir = options_state_dir(&t->options, r->shim->ns, r->arena);
	t->init = (struct proc){ .task = t,
				 .id = m->id,
				 .state = PROC_CREATING,
				 .stdin_path = m->stdin_path,
				 .stdout_path = m->stdout_path,
				 .stderr_path = m->stderr_path,
				 .terminal = m->terminal };
	if (!t->state_dir || proc_open_io(&t->init, e) < 0)
		return NULL;
	return t;
}

void task_create(struct request *r)
{
	const Task__CreateRequest *m = r->message;
	struct task *t;
	struct err e;

	if (find_any(r->shim, m->id)) {
		request_fail(r, TTRPC_ALREADY_EXISTS, "task %s: already exists", m->id);
		return;
	}
	t = task_new(r, &e);
	if (!t) {
		request_fail_error(r, &e);
		return;
	}
	t->init.arena = take_ptr(r->arena);
	t->init.pending = r;
	add(r->shim, t);
	init_make(&t->init);
}
