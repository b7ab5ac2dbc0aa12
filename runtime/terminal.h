/* SPDX-License-Identifier: Apache-2.0 */
/* Our terminal, or whatever stdin and stdout are, connected with a container's pseudo-terminal. */
#pragma once

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "base/err.h"

/* Not more than a pipe takes at once after poll(2) said that it is writable (PIPE_BUF). */
#define PUMP_SIZE 4096

/* One direction. Reads only when what was read before is written: the buffer never grows. */
struct pump {
	int from, to;
	size_t start, end; /* of data not written yet */
	bool ended;	   /* nothing more to read */
	char data[PUMP_SIZE];
};

struct terminal {
	int master;	      /* of the container's pseudo-terminal */
	int slave;	      /* held while the process lives */
	bool raw;	      /* ours is in raw mode: */
	struct termios saved; /* what it was before */
	bool sent_eof;
	struct pump in, out;
};

#define TERMINAL_NONE                             \
	{                                         \
		.master = -EBADF, .slave = -EBADF \
	}
#define TERMINAL_FDS 2

/* Takes the master that waits in socket and puts our terminal, if stdin is one, into raw mode. No
 * master is waiting: does nothing. */
int terminal_open(struct terminal *t, int socket, struct err *e);
bool terminal_is_open(const struct terminal *t);
/* That of ours. false: there is none. */
bool terminal_size(struct winsize *ret);
/* Gives the container's terminal the size of ours. */
void terminal_resize(const struct terminal *t);
/* Fills fds[TERMINAL_FDS], with nothing when it is not open; returns the timeout for poll(2). exited: the process is gone, only what
 * it wrote is still of interest. */
int terminal_poll(struct terminal *t, bool exited, struct pollfd *fds);
/* Moves what poll(2) found. */
void terminal_pump(struct terminal *t, const struct pollfd *fds);
bool terminal_has_output(const struct terminal *t);
/* Forgets output that is still to come. */
void terminal_stop(struct terminal *t);
void terminal_close(struct terminal *t);
