/* SPDX-License-Identifier: Apache-2.0 */
/* The messages between the runtime (P) and a container's init (C), both directions named, one
 * record of a SOCK_SEQPACKET pair each. The story is told in life/spawn.c and init/init.c. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum sync_type {
	SYNC_ERROR = 1,	    /* C->P, P->C: the sender gave up; err says why */
	SYNC_PID,	    /* I->P: the pid of C, made by the intermediate (fd: its pidfd) */
	SYNC_PLACED,	    /* P->I: it is in the cgroup that C is to be born in */
	SYNC_MAP_IDS,	    /* C->P: user namespace is there, write the maps */
	SYNC_IDS_MAPPED,    /* P->C */
	SYNC_MOVE_NETDEVS,  /* C->P: the network namespace is entered */
	SYNC_NETDEVS_MOVED, /* P->C */
	SYNC_RUN_HOOKS,	    /* C->P: mounts are done: prestart, createRuntime */
	SYNC_HOOKS_RAN,	    /* P->C */
	SYNC_TERMINAL,	    /* C->P: fd of the pty master */
	SYNC_LISTENER, /* C->S, of the process's filter (fd); S is P or, at start, who starts it */
	SYNC_LISTENER_TAKEN, /* S->C: the agent has it, the program may run */
	SYNC_MOUNT,	     /* C->P: a mount that has come, or is to go */
	SYNC_READY,	     /* C->P: everything but the program is there */
	SYNC_RECORDED,	     /* P->C: the record is final; from here C outlives P */
};

struct sync_msg {
	uint32_t type;
	int32_t value; /* SYNC_PID: the pid in P's namespace; SYNC_MOUNT: the id of the mount */
	struct err err;
};

/* Sends one message, with a descriptor when fd >= 0 (borrowed). 0 or -errno with *e filled. */
int sync_send(int sock, enum sync_type type, int32_t value, int fd, struct err *e);
/* Sends *cause as SYNC_ERROR; best effort: the peer may be gone. */
void sync_send_error(int sock, const struct err *cause);
/* Waits for a message; SYNC_ERROR becomes its error, end of file ERR_SYS "sync" ECONNRESET.
 * ret_fd (may be NULL) gets an owned descriptor or -EBADF. Returns the type. */
int sync_receive(int sock, int32_t *ret_value, int *ret_fd, struct err *e);
/* The same, anything but `type` is ERR_BUG. */
int sync_expect(int sock, enum sync_type type, int *ret_fd, struct err *e);
