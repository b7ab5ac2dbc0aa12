/* SPDX-License-Identifier: Apache-2.0 */
/* The three streams of one process between the container and whatever containerd names: fifos, a
 * terminal, files, a logger of its own, or nothing. Byte-exact; a stopped reader holds up only its
 * own stream; output is drained after exit. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/ev.h"

struct io;

struct io_spec {
	const char *stdin_path, *stdout_path, *stderr_path; /* URIs or paths; "" or NULL: none */
	bool terminal;
	uint32_t uid, gid;   /* owner of the container's ends */
	const char *id, *ns; /* CONTAINER_ID, CONTAINER_NAMESPACE of binary:// loggers */
};

/* Opens what the URIs name (fifos without waiting for a peer) and makes the container's ends; starts
 * helpers (a logger, forks that open files), which may take their time to be ready. SIGPIPE has to be
 * ignored, and the reaper to ask io_reaped(). */
int io_new(struct ev_loop *loop, const struct io_spec *spec, struct io **ret, struct err *e);
/* False while a helper is not ready yet. */
bool io_is_ready(const struct io *io);
/* Calls done once all of them are ready (e NULL) or one is not within 10 s; before it returns when there
 * is nothing to wait for, else from the loop. done may free the io. */
void io_when_ready(struct io *io, void (*done)(void *data, const struct err *e), void *data);
/* The descriptors that become 0, 1 and 2 of the process; borrowed, for the worker that is forked.
 * Negative: none, /dev/null (all three of a terminal). */
void io_child_fds(const struct io *io, int ret[3]);
/* The process runs: our copies of the container's ends are closed and copying begins. */
int io_start(struct io *io, struct err *e);
/* A terminal: takes over the pty master (owned from here, also on failure) and copies to and from
 * it. */
int io_console(struct io *io, int master_take, struct err *e);
/* -> TIOCSWINSZ; fine (0) without a terminal; before io_console it is remembered. 0 or -errno. */
int io_resize(struct io *io, uint16_t width, uint16_t height);
/* The client will write no more (CloseIO): end of file follows what is still in the fifo and what
 * clients that have it open still write. On a terminal that reads lines it is typed (^D). */
void io_close_stdin(struct io *io);
/* The process is gone: a terminal that nobody else has open has come to its end. To be called at
 * once, as clients wait for the end of the fifos before they delete. */
void io_exited(struct io *io);
/* Does the same; calls done when all output has been passed on and the helpers have ended, or after
 * deadline_ms (then what is left is lost, but for files: their forks go on): before it returns when that is so already, else from the
 * loop. done may free the io. */
void io_drain(struct io *io, int deadline_ms, void (*done)(void *data), void *data);
/* Ends copying; done callbacks are not called. A logger gets SIGTERM, and SIGKILL after 12 s; a file's
 * fork ends with the last who could write. */
struct io *io_free(struct io *io);
/* The reaper tells each pid it has reaped: true when it was one of our helpers, of interest to
 * nobody else. */
bool io_reaped(pid_t pid);
/* Bytes and state of each stream, one line, for SIGUSR1. Returns its length. */
size_t io_describe(const struct io *io, char *buf, size_t size);
