/* SPDX-License-Identifier: Apache-2.0 */
/* One process that containerd knows: a container's init, or an exec. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "io.h"
#include "request.h"
#include "shim/proto/task.pb-c.h"
#include "worker.h"

/* Where a process stands; what may happen there is told by the table in task.c. In the states that
 * end in ING a worker is busy with it. */
enum proc_state {
	PROC_CREATING, /* init only */
	PROC_CREATED,
	PROC_PREPARED,	/* init only, of a container that is restored at its start: */
	PROC_RESTORING, /* no process yet */
	PROC_STARTING,
	PROC_RUNNING,
	PROC_PAUSING, /* init only, */
	PROC_PAUSED,  /* these three */
	PROC_RESUMING,
	PROC_STOPPED,
	PROC_DELETING,
	PROC_N_STATES,
};

struct proc {
	struct task *task;
	struct proc *next;   /* exec */
	struct arena *arena; /* of the request that made it: everything is in there, itself too */
	const char *id;	     /* of the container or of the exec */
	enum proc_state state;
	const char *stdin_path, *stdout_path, *stderr_path;
	const char *spec; /* exec: the process as JSON */
	bool terminal;
	uint16_t width, height; /* asked for before there was a terminal */
	bool stdin_closed;	/* ... and before there were streams */
	struct io *io;
	pid_t pid;
	struct reaper_watch watch;
	struct worker worker;
	worker_fn make;		 /* waits for the streams */
	struct request *pending; /* what the worker does it for */
	struct request *waiters, *deleters;
	bool start_failed; /* exec: nobody waits for it, unless it is started again */
	bool ended;	   /* the process is gone ... */
	bool exit_held;	   /* ... but that cannot be told yet */
	uint32_t status;
	struct timespec ended_at;
};

bool proc_is_exec(const struct proc *p);
/* Opens the streams; what came before them (size, CloseIO) is applied. */
int proc_open_io(struct proc *p, struct err *e);
/* Starts a worker that makes the process, with its streams, when whoever takes them is ready; on
 * failure the event is EV_FAILED. */
void proc_make(struct proc *p, worker_fn run);
/* The process runs: copying begins, for a terminal with the master that the worker received. */
int proc_start_io(struct proc *p, struct err *e);
/* Starts a worker for the state the process has been put in; on failure the event is EV_FAILED. */
void proc_work(struct proc *p, worker_fn run, const int *stdio);
/* From now on its exit is an event. */
void proc_watch(struct proc *p, pid_t pid);
/* Its output has been passed on, or ten seconds are over: then done is called. */
void proc_drain(struct proc *p, void (*done)(void *p));
/* What went wrong beside a request: to the log. */
void proc_log(const struct proc *p, const char *what, const struct err *e);
/* Sends the signal of a KillRequest and answers. The pid is ours until its exit has been told: no
 * other process can have it. */
void proc_kill(struct proc *p, struct request *r);
/* One more who wants it deleted: answered when it is. */
void proc_add_deleter(struct proc *p, struct request *r);
/* STOPPED, unless it is being deleted: everybody is told. */
void proc_tell_exit(struct proc *p);
/* How it ended, to all who wait. */
void proc_answer_waiters(struct proc *p);
void proc_fail_deleters(struct proc *p, const char *verb, const struct err *e);
/* What State tells. */
Task__State proc_status(const struct proc *p);
/* Whoever waits for it or deletes it is answered; nothing is left, its memory, too, is gone. Not
 * while a worker is busy with it. */
void proc_free(struct proc *p);

/* The moment as a message, inside *ret; zero for a process that has not ended. */
Google__Protobuf__Timestamp *proc_timestamp(const struct proc *p, Google__Protobuf__Timestamp *ret);
