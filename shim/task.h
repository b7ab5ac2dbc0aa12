/* SPDX-License-Identifier: Apache-2.0 */
/* Containers, and the rules: which event may happen to a process in which state. */
#pragma once

#include "options.h"
#include "proc.h"

struct task {
	struct shim *shim;
	struct task *next;
	const char *bundle;
	const Task__CreateRequest *request; /* its mounts */
	struct options options;
	const char *state_dir;
	struct proc init;
	struct proc *execs;
	int cgroup; /* a group of its own, or -EBADF */
	struct lc_oom_watch oom;
	bool removed; /* nothing of it is left but what the shim remembers */
};

enum task_event {
	/* requests */
	EV_START,
	EV_EXEC, /* the container gets another process */
	EV_PAUSE,
	EV_RESUME,
	EV_CHECKPOINT,
	EV_UPDATE,
	EV_KILL,
	EV_DELETE,
	/* news */
	EV_DONE,   /* the worker has done what the state says */
	EV_FAILED, /* ... could not; see proc->worker.err */
	EV_EXIT,
	TASK_N_EVENTS,
};

/* Does what the table says; a request that the state forbids is answered so. r: NULL for news. */
void task_event(struct proc *p, enum task_event event, struct request *r);
/* The table, for tests: whether something happens, and what a refused request is told. */
bool task_allows(bool exec, enum proc_state state, enum task_event event);
enum ttrpc_status task_refusal(bool exec, enum proc_state state, enum task_event event, char *text,
			       size_t size);

/* Answers the request itself when the id is taken or the container cannot be made. */
void task_create(struct request *r);
/* One that was created and not deleted; NULL when there is none. */
struct task *task_find(const struct shim *s, const char *id);
struct proc *task_find_proc(struct task *t, const char *exec_id);
/* The lists of the shim and of the task, at their ends. */
void task_add_exec(struct task *t, struct proc *p);
void task_remove_exec(struct proc *p);
/* The memory of a task that is gone. */
void task_free(struct task *t);
/* After a process has ended or was removed: what waited for that happens. May free the task. */
void task_settle(struct task *t);
/* One line for each process, for SIGUSR1. */
void task_log_state(const struct task *t);

struct oci_call;
/* A worker serves the request beside whatever else goes on; on success `tell` (or NULL) is called
 * before the answer. The task may be gone by then. */
void task_run_errand(struct request *r, const char *verb, worker_fn run, struct oci_call *call,
		     void (*tell)(struct request *r));

/* task_init.c, task_checkpoint.c and task_exec.c: what the cells of the table do. */
typedef void (*task_fn)(struct proc *p, struct request *r);
void init_make(struct proc *p); /* not of the table: nothing is there yet */
void init_created(struct proc *p, struct request *r);
void init_create_failed(struct proc *p, struct request *r);
/* Parts: its process has been made; it comes from a checkpoint, and is made at its start. */
void init_begin(struct proc *p);
bool init_is_restored(const struct proc *p);
void init_prepared(struct proc *p, struct request *r);
void init_restore(struct proc *p, struct request *r);
void init_restored(struct proc *p, struct request *r);
void init_restore_failed(struct proc *p, struct request *r);
void init_discard(struct proc *p, struct request *r);
void init_start(struct proc *p, struct request *r);
void init_started(struct proc *p, struct request *r);
void init_start_failed(struct proc *p, struct request *r);
void init_pause(struct proc *p, struct request *r);
void init_paused(struct proc *p, struct request *r);
void init_pause_failed(struct proc *p, struct request *r);
void init_resume(struct proc *p, struct request *r);
void init_resumed(struct proc *p, struct request *r);
void init_resume_failed(struct proc *p, struct request *r);
void init_checkpoint(struct proc *p, struct request *r);
void init_update(struct proc *p, struct request *r);
void init_kill(struct proc *p, struct request *r);
void init_exit(struct proc *p, struct request *r);
void init_delete(struct proc *p, struct request *r);
void init_deleted(struct proc *p, struct request *r);
void init_delete_failed(struct proc *p, struct request *r);
void exec_add(struct proc *init, struct request *r);
void exec_start(struct proc *p, struct request *r);
void exec_started(struct proc *p, struct request *r);
void exec_start_failed(struct proc *p, struct request *r);
void exec_exit(struct proc *p, struct request *r);
void exec_delete(struct proc *p, struct request *r);
