/* SPDX-License-Identifier: Apache-2.0 */
/* A container process in the foreground: signals go to it, its terminal is ours, its exit status
 * becomes ours. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <sys/types.h>

#include "libcontainer.h"
#include "terminal.h"
#include "base/err.h"

struct foreground {
	int signal_fd;
	int ours, theirs; /* socket pair over which the pty master comes, if there is one */
	struct terminal terminal;
	struct lc_notify *notify; /* borrowed; NULL: nobody wants to know */
	pid_t pid;
	int status; /* of pid, as a shell tells it */
	bool exited;
};

#define FOREGROUND_NONE                                                                          \
	{                                                                                        \
		.signal_fd = -EBADF, .ours = -EBADF, .theirs = -EBADF, .terminal = TERMINAL_NONE \
	}

/* Before the process is created: from here on no signal ends us, all wait for foreground_wait. */
int foreground_open(struct foreground *f, bool subreaper, struct err *e);
/* The socket to hand to the library, borrowed. */
int foreground_terminal_socket(const struct foreground *f);
/* After it was created: takes its terminal, if it has one, and connects ours with it. */
int foreground_attach(struct foreground *f, pid_t pid, struct err *e);
/* Until the process has exited and its output is written. Returns 0-255, 128 + N for signal N. */
int foreground_wait(struct foreground *f, struct err *e);
void foreground_close(struct foreground *f);
