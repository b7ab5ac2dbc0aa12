/* SPDX-License-Identifier: Apache-2.0 */
/* Straight-line code that may wait runs in a fork of the shim: no exec, no arguments, no JSON in
 * between; everything the shim knows is there to be read. What it makes (a container's process)
 * becomes ours when it ends, the shim being a subreaper. */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "reaper.h"

struct worker;

/* Runs in the fork. terminal: a unix socket that takes a pty master (lc_create_opts.terminal_fd). */
typedef int (*worker_fn)(void *arg, int terminal, pid_t *ret_pid, struct err *e);

struct worker_task {
	worker_fn run;
	void *arg;
	const int *stdio; /* three descriptors, -EBADF: /dev/null; NULL: the shim's own */
};

struct worker {
	void (*done)(struct worker *w); /* called from the loop, once; may free the worker */
	/* the outcome */
	int result;
	pid_t made; /* by the task, 0: nothing */
	int master; /* pty master, or -EBADF; the owner of the worker takes it or closes it */
	struct err err;
	/* the worker's own */
	struct reaper *reaper;
	struct reaper_watch watch;
	int socket;
};

/* Starts the task; w is done with when done was called, at the end of the fork. */
int worker_start(struct worker *w, struct reaper *reaper, const struct worker_task *task,
		 void (*done)(struct worker *w), struct err *e);
