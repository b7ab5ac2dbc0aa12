/* SPDX-License-Identifier: Apache-2.0 */
/*
 * start: init waits in open(exec.fifo). Our opening it lets it go; it says so with one byte, and
 * from then on end of file means that the program runs, a report that it does not.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "init/init.h"
#include "libcontainer.h"
#include "life/bundle.h"
#include "life/destroy.h"
#include "life/notify.h"
#include "life/seccomp_agent.h"
#include "life/unix_socket.h"
#include "plan/sync.h"
#include "sys/sys.h"

#define GO_DEADLINE_MS 10000

static int check_status(enum lc_status status, struct err *e)
{
	switch (status) {
	case LC_CREATED:
		return 0;
	case LC_CREATING:
		return err_kind(e, ERR_STATE,
				"cannot start a container that is still being created");
	case LC_RUNNING:
	case LC_PAUSED:
		return err_kind(e, ERR_STATE, "cannot start an already running container");
	case LC_STOPPED:
		return err_kind(e, ERR_STATE, "cannot start a container that has stopped");
	}
	return err_kind(e, ERR_BUG, "unknown status %d", (int)status);
}

/* Silence means that an earlier start was killed half-way: the program is running already. */
static int release_init(const struct statedir *d, int fifo, int pidfd, struct err *e)
{
	char go = 0;
	int ready = fd_wait((int[]){ fifo, pidfd }, 2, GO_DEADLINE_MS);

	if (ready < 0)
		return err_sys(e, ready, "poll", STATEDIR_FIFO);
	if (ready & 1 && fd_read_full(fifo, &go, 1) == 1 && go == INIT_GO) {
		(void)sys_unlinkat(d->dir_fd, STATEDIR_FIFO, 0); /* delete removes what is left */
		return 0;
	}
	if (ready)
		return err_kind(e, ERR_STATE,
				"the container's init died before it could be started");
	(void)sys_unlinkat(d->dir_fd, STATEDIR_FIFO, 0);
	return err_kind(e, ERR_STATE, "cannot start an already running container");
}

/* Init has a listener for the seccomp agent when the time comes, or it has failed before. */
static int give_listener(const struct statedir *d, const struct record *rec, int fifo,
			 struct err *e)
{
	_cleanup_close_ int sync = unix_socket_connect_at(d->dir_fd, STATEDIR_START, e);
	_cleanup_close_ int listener = -EBADF;
	int r;

	if (sync < 0)
		return sync;
	(void)sys_unlinkat(d->dir_fd, STATEDIR_START, 0); /* delete removes what is left */
	r = fd_wait((int[]){ sync, fifo }, 2, -1);
	if (r < 0)
		return err_sys(e, r, "poll", STATEDIR_START);
	if (!(r & 1))
		return 0;
	r = sync_expect(sync, SYNC_LISTENER, &listener, e);
	if (r == -ECONNRESET) { /* the fifo tells why */
		*e = (struct err){};
		return 0;
	}
	return r < 0 ? r
		     : seccomp_agent_serve(d, rec, LC_CREATED, (pid_t)rec->init.pid, listener, sync,
					   e);
}

/* Without its agent the program must not run. */
static int serve_listener(const struct statedir *d, const struct record *rec, int fifo, int pidfd,
			  struct err *e)
{
	int r = rec->has_listener ? give_listener(d, rec, fifo, e) : 0;

	if (r < 0) {
		(void)sys_pidfd_send_signal(pidfd, SIGKILL); /* it may be dead already */
		(void)fd_wait(&pidfd, 1, GO_DEADLINE_MS);
	}
	return r;
}

/* Returns 0 when the program runs. ret_hook: the failure was a hook's. */
static int await_program(int fifo, bool *ret_hook, struct err *e)
{
	struct init_report report;
	ssize_t n;

	if (fd_wait(&fifo, 1, -1) < 0)
		return err_sys(e, errno, "poll", STATEDIR_FIFO);
	n = fd_read_full(fifo, &report, sizeof(report));
	if (n == 0)
		return 0;
	if (n != sizeof(report))
		return err_sys(e, n < 0 ? (int)n : EPROTO, "read", "init's report");
	*ret_hook = report.hook;
	*e = report.err;
	return err_errno(e);
}

static int poststart(const struct statedir *d, const struct record *rec, struct err *e)
{
	_cleanup_(plan_done) struct plan p = {};
	int r;

	if (!rec->has_poststart)
		return 0;
	r = bundle_hooks(d, rec, PLAN_POSTSTART, &p, e);
	return r == 0 ? hooks_run(&p, PLAN_POSTSTART, (pid_t)rec->init.pid, e) : r;
}

static int start(const struct statedir *d, const struct record *rec, struct lc_notify *notify,
		 bool *ret_hook, struct err *e)
{
	_cleanup_close_ int pidfd = record_open_init(rec, e);
	_cleanup_close_ int fifo = -EBADF;
	int r;

	if (pidfd < 0)
		return pidfd;
	r = notify_listen(notify, d, rec, pidfd, e);
	if (r < 0)
		return r;
	fifo = sys_openat(d->dir_fd, STATEDIR_FIFO, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0);
	if (fifo < 0)
		return err_sys(e, fifo, "open", STATEDIR_FIFO);
	r = release_init(d, fifo, pidfd, e);
	if (r == 0)
		r = serve_listener(d, rec, fifo, pidfd, e);
	if (r == 0)
		r = await_program(fifo, ret_hook, e);
	if (r < 0)
		return r;
	r = poststart(d, rec, e);
	*ret_hook = r < 0;
	return r;
}

int lc_start(struct lc_ctx *ctx, const char *id, struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_statedir_ struct statedir d = STATEDIR_EMPTY;
	struct record rec;
	bool hook_failed = false;
	int r;

	if (!arena)
		return err_nomem(e);
	r = statedir_open(ctx->root, id, STATEDIR_LOCKED, &d, e);
	if (r == 0)
		r = record_read(&d, id, arena, &rec, e);
	if (r == 0)
		r = check_status(record_status(&d, &rec, ctx->cgroup_root), e);
	if (r < 0)
		return r;
	r = start(&d, &rec, ctx->notify, &hook_failed, e);
	if (r < 0 && hook_failed) { /* runtime-spec 1.3: stop the container and destroy it */
		struct err ignored;

		(void)destroy(ctx, &d, &rec, &ignored);
	}
	return r;
}
