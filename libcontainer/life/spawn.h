/* SPDX-License-Identifier: Apache-2.0 */
/* Making a process that becomes a container's: the parent's side of the clone. */
#pragma once

#include <errno.h>
#include <sys/types.h>

#include "base/err.h"
#include "init/init.h"
#include "plan/plan.h"

struct spawn {
	const struct plan *plan;
	void (*main)(struct init_ctx *); /* init_main, init_exec_main */
	int cgroup_fd;			 /* clone3 puts the child here; -EBADF: stays in ours */
	int fifo_fd;			 /* O_PATH, for init_main; -EBADF */
	int start_fd;			 /* listening socket, for init_main; -EBADF */
	/* Moves an intermediate process to the cgroup that the child is to be born in, when others
	 * make or fill that (systemd); NULL: no need to. */
	int (*place)(void *data, pid_t pid, struct err *e);
	void *place_data;
	int target;	  /* exec: pidfd of the container's init; -EBADF */
	int close_fds[4]; /* ours alone (locks): closed first thing in the child; -EBADF: none */
	/* results */
	pid_t pid;
	int pidfd; /* owned */
	int sync;  /* our end of the SEQPACKET pair, owned */
};

#define SPAWN_EMPTY                                                                              \
	{                                                                                        \
		.cgroup_fd = -EBADF, .fifo_fd = -EBADF, .start_fd = -EBADF, .target = -EBADF,    \
		.close_fds = { -EBADF, -EBADF, -EBADF, -EBADF }, .pidfd = -EBADF, .sync = -EBADF \
	}

/* Clones the child. It is waiting in its first sync, or on its way there, when this returns. */
int spawn_child(struct spawn *s, struct err *e);
/* Kills and reaps what spawn_child made, if anything; closes its descriptors. */
void spawn_kill(struct spawn *s);
/* Writes a pid, without newline, to a file; NULL: nowhere. */
int spawn_write_pid(pid_t pid, const char *path, struct err *e);
/* Closes our descriptors: the child goes on without us. */
void spawn_release(struct spawn *s);
/* When the child is gone, says how it died: ERR_SYS "init was killed by signal 9"; e is kept when
 * it says more than "the other side is gone". */
void spawn_explain(struct spawn *s, struct err *e);
