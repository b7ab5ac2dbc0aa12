/* SPDX-License-Identifier: Apache-2.0 */
/* The fork and its record. One socket carries, in this order, a pty master if there is one, and the
 * record; both are read when the worker has ended, so that what it made is our child by then. */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"

#define SOCKET_FD 3 /* in the fork: the first after stdio, the last that stays */

struct record {
	int result;
	pid_t made;
	struct err err;
};

/* 0, 1 and 2 become those of the container's process. The library's own words must not get there. */
static int set_stdio(const int *stdio, struct err *e)
{
	static const struct log_config silent = { .level = LOG_ERROR };

	(void)log_open(&silent); /* no file, nothing to fail */
	for (int i = 0; i < 3; i++) {
		int fd = stdio[i] < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : stdio[i];

		if (fd < 0 || dup2(fd, i) < 0)
			return err_sys(e, errno, "dup2", "descriptor %d of the container", i);
	}
	return 0;
}

/* Nothing of the shim's may live on in what is made here: an init that waits for its start would
 * hold connections open that the shim has closed. */
static int isolate(pid_t shim, int socket, const struct worker_task *task, struct err *e)
{
	sigset_t none;
	int r = 0;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_sys(e, errno, "prctl", "PR_SET_PDEATHSIG");
	if (getppid() != shim) /* it died before it could pull us along */
		return err_kind(e, ERR_STATE, "the shim is gone");
	if (task->stdio)
		r = set_stdio(task->stdio, e);
	if (r < 0)
		return r;
	if (socket != SOCKET_FD && dup3(socket, SOCKET_FD, O_CLOEXEC) < 0)
		return err_sys(e, errno, "dup3", "the socket to the shim");
	r = fd_close_from(SOCKET_FD + 1);
	return r < 0 ? err_sys(e, r, "close_range", "the shim's descriptors") : 0;
}

static __attribute__((noreturn)) void work(pid_t shim, int socket, const struct worker_task *task)
{
	struct record record = {};
	struct err ignored;

	record.result = isolate(shim, socket, task, &record.err);
	if (record.result >= 0)
		record.result = task->run(task->arg, SOCKET_FD, &record.made, &record.err);
	(void)fd_send(SOCKET_FD, &record, sizeof(record), NULL, 0, &ignored); /* the shim notices */
	_exit(0);
}

/* Returns 1 when the record came, 0 when something else did, negative at the end. */
static int receive(struct worker *w)
{
	struct record record;
	struct err e;
	int fd = -EBADF;
	size_t n = 1;
	ssize_t len = fd_recv(w->socket, &record, sizeof(record), &fd, &n, &e);

	if (len <= 0)
		return -ECONNRESET;
	if (n == 1) {
		x_close(w->master);
		w->master = fd;
		return 0;
	}
	if (len != sizeof(record))
		return 0;
	w->result = record.result;
	w->made = record.made;
	w->err = record.err;
	return 1;
}

static void on_end(struct reaper_watch *watch, int status, const struct timespec *when)
{
	struct worker *w = container_of(watch, struct worker, watch);
	struct reaper *reaper = w->reaper;
	int r;

	(void)when; /* of interest for containers only */
	while ((r = receive(w)) == 0)
		;
	if (r < 0)
		w->result = err_kind(&w->err, ERR_BUG, "the shim's worker ended with status %d",
				     status);
	w->socket = x_close(w->socket);
	w->done(w);
	reaper_release(reaper);
}

int worker_start(struct worker *w, struct reaper *reaper, const struct worker_task *task,
		 void (*done)(struct worker *w), struct err *e)
{
	pid_t shim = getpid(), pid;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, errno, "socketpair", "for a worker");
	pid = fork();
	if (pid == 0)
		work(shim, pair[1], task);
	x_close(pair[1]);
	if (pid < 0) {
		x_close(pair[0]);
		return err_sys(e, errno, "fork", "a worker");
	}
	*w = (struct worker){ .done = done, .reaper = reaper, .socket = pair[0], .master = -EBADF };
	reaper_hold(reaper);
	reaper_add(reaper, &w->watch, pid, on_end);
	return 0;
}
