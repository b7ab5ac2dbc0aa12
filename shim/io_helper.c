/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers: loggers, and forks of ours for files, as the loop must not wait for a disk. The container
 * writes straight into their pipes. We keep the reading ends too: when a helper dies, its container
 * must not block or be killed by SIGPIPE, so that from then on we read, and count what is lost. They
 * outlive us, to read what is left, and end with the last who could write. */
#include "io_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fmt.h"

#define READY_MS 10000
#define FINISH_MS 2000 /* most loggers end by themselves at the end of their input */
#define KILL_MS 12000

/* All that run, those whose io is gone included: the reaper knows no more than a pid. */
static struct io_helper *helpers;

/* ---- readiness ---------------------------------------------------------------------------------- */

static bool is_awaited(const struct io_helper *h)
{
	return h->ready_fd >= 0;
}

static void stop_waiting(struct io_helper *h)
{
	if (!is_awaited(h))
		return;
	ev_del(&h->ready);
	h->ready_fd = x_close(h->ready_fd);
	ev_timer_stop(&h->timer);
}

static int decide(struct io_helper *h, int readiness)
{
	stop_waiting(h);
	h->readiness = readiness;
	h->changed(h->data);
	return 0;
}

static int on_ready(struct ev_source *s, uint32_t events)
{
	struct io_helper *h = s->data;
	char byte;

	(void)events; /* a byte, or the end of file */
	return decide(h, read(s->fd, &byte, 1) == 1 || !h->kind->needs_byte ? 1 : -EPIPE);
}

static int on_never_ready(struct ev_timer *t)
{
	return decide(t->data, -ETIMEDOUT);
}

static int await_ready(struct io_helper *h, struct err *e)
{
	int r = ev_timer_start(h->loop, &h->timer, READY_MS, on_never_ready, h);

	if (r == 0)
		r = ev_add(h->loop, &h->ready, h->ready_fd, EPOLLIN, on_ready, h);
	return r < 0 ? err_sys(e, r, "epoll_ctl", "%s %s", h->kind->name, h->path) : 0;
}

int io_helper_ready(const struct io_helper *h, struct err *e)
{
	if (h->readiness == -ETIMEDOUT)
		return err_kind(e, ERR_TIMEOUT, "%s %s is not ready after %d s", h->kind->name,
				h->path, READY_MS / 1000);
	if (h->readiness < 0 && h->count && h->count->why.kind) {
		*e = h->count->why;
		return h->readiness;
	}
	if (h->readiness < 0)
		return err_sys(e, h->readiness, "read", "%s %s was never ready", h->kind->name,
			       h->path);
	return h->readiness;
}

/* ---- its end ------------------------------------------------------------------------------------ */

static int on_kill(struct ev_timer *t)
{
	struct io_helper *h = t->data;

	(void)kill(h->pid, SIGKILL); /* not reaped yet: the pid is its own */
	return 0;
}

static int on_terminate(struct ev_timer *t)
{
	struct io_helper *h = t->data;

	h->told_to_end = true;
	(void)kill(h->pid, SIGTERM); /* as above */
	(void)ev_timer_start(h->loop, t, KILL_MS, on_kill,
			     h); /* without it, it has our word only */
	return 0;
}

bool io_helper_is_alive(const struct io_helper *h)
{
	return h->pid > 0;
}

void io_helper_finish(struct io_helper *h)
{
	if (!io_helper_is_alive(h) || h->told_to_end || h->kind->left_alone)
		return;
	if (is_awaited(h))
		h->readiness = -EPIPE;
	stop_waiting(h);
	if (ev_timer_start(h->loop, &h->timer, FINISH_MS, on_terminate, h) < 0)
		(void)on_terminate(&h->timer);
}

static void forget(struct io_helper *h)
{
	for (struct io_helper **at = &helpers; *at; at = &(*at)->next)
		if (*at == h) {
			*at = h->next;
			break;
		}
	ev_timer_stop(&h->timer);
	if (h->count)
		munmap(h->count, sizeof(*h->count));
	free(h->path);
	free(h);
}

struct io_helper *io_helper_free(struct io_helper *h)
{
	if (!h)
		return NULL;
	stop_waiting(h);
	io_stream_done(&h->rest[0]);
	io_stream_done(&h->rest[1]);
	h->changed = NULL;
	if (!io_helper_is_alive(h))
		forget(h);
	else if (!h->told_to_end && !h->kind->left_alone)
		(void)on_terminate(&h->timer); /* it is only what a timer calls: always 0 */
	return NULL;
}

static void take_over(struct io_stream *s, struct io_helper *h)
{
	struct err ignored; /* without memory the container gets SIGPIPE */

	if (s->src >= 0)
		(void)io_stream_start(s, h->loop, false, &ignored);
}

bool io_reaped(pid_t pid)
{
	struct io_helper *h = helpers;

	while (h && h->pid != pid)
		h = h->next;
	if (!h)
		return false;
	h->pid = 0;
	if (!is_awaited(h))
		ev_timer_stop(&h->timer);
	if (!h->changed) {
		forget(h);
		return true;
	}
	take_over(&h->rest[0], h);
	take_over(&h->rest[1], h);
	h->changed(h->data);
	return true;
}

size_t io_helper_describe(const struct io_helper *h, char *buf, size_t size)
{
	unsigned long long lost = h->rest[0].lost + h->rest[1].lost;
	const char *state = io_helper_is_alive(h) ? "runs" : "ended";

	if (!h->count)
		return fmt_str(buf, size, "%s %s, %llu bytes lost", h->kind->name, state, lost);
	return fmt_str(buf, size, "%s %s, %llu bytes, %llu lost", h->kind->name, state,
		       (unsigned long long)h->count->passed, h->count->lost + lost);
}

/* ---- all of it ---------------------------------------------------------------------------------- */

/* Its own ends of the pipes; the container's go to ret_ends. */
static int make_pipes(struct io_helper *h, const struct io_spec *spec, int theirs[2], int *ret_ends,
		      struct err *e)
{
	for (int i = 0; i < h->kind->n_pipes; i++) {
		int ends[2];
		int r = io_pipe(spec, ends, e);

		if (r < 0)
			return r;
		theirs[i] = ends[h->kind->input ? 1 : 0];
		ret_ends[i] = ends[h->kind->input ? 0 : 1];
		if (!h->kind->input)
			h->rest[i].src = theirs[i];
	}
	return 0;
}

static int start_helper(struct io_helper *h, const struct io_spec *spec, const int theirs[2],
			struct err *e)
{
	int ready[2], r;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return err_sys(e, errno, "pipe2", "for %s %s", h->kind->name, h->path);
	h->ready_fd = ready[0];
	r = h->kind->start(h, spec, (int[]){ theirs[0], theirs[1], ready[1] }, &h->pid, e);
	x_close(ready[1]);
	if (r < 0)
		return r;
	h->next = helpers;
	helpers = h;
	return await_ready(h, e);
}

static int connect_and_start(struct io_helper *h, const struct io_spec *spec, int ends[2],
			     struct err *e)
{
	int theirs[2] = { -EBADF, -EBADF };
	int r = make_pipes(h, spec, theirs, ends, e);

	if (r == 0)
		r = start_helper(h, spec, theirs, e);
	if (h->kind->input)
		x_close(theirs[0]);
	return r;
}

int io_helper_new(const struct io_helper_kind *kind, char *path_take, struct ev_loop *loop,
		  const struct io_spec *spec, void (*changed)(void *data), void *data,
		  struct io_helper **ret, int *ret_ends, struct err *e)
{
	struct io_helper *h = calloc(1, sizeof(*h));
	int ends[2] = { -EBADF, -EBADF };
	int r;

	if (!h) {
		free(path_take);
		return err_nomem(e);
	}
	*h = (struct io_helper){ .kind = kind,
				 .loop = loop,
				 .path = path_take,
				 .ready_fd = -EBADF,
				 .rest = { IO_STREAM_NONE, IO_STREAM_NONE },
				 .changed = changed,
				 .data = data };
	r = connect_and_start(h, spec, ends, e);
	if (r < 0) {
		x_close(ends[0]);
		x_close(ends[1]);
		io_helper_free(h);
		return r;
	}
	for (int i = 0; i < kind->n_pipes; i++)
		ret_ends[i] = ends[i];
	*ret = h;
	return 0;
}
