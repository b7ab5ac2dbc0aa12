/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher. Events come in batches; a source removed while its batch is worked off may be
 * gone from memory at once, so its remaining events are taken out of the batch. */
#include "base/ev.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/cleanup.h"

#define EV_BATCH 32

struct ev_loop {
	int epoll;
	unsigned n_sources;
	bool stopped;
	int value;
	void (*quiet)(void); /* NULL: nobody wants to know */
	int quiet_ms;
	bool asleep;   /* quiet was called for this sleep */
	int n_pending; /* events of the batch; those worked off or taken out have no source */
	struct epoll_event pending[EV_BATCH];
};

struct ev_loop *ev_new(void)
{
	struct ev_loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll >= 0)
		return loop;
	free(loop);
	return NULL;
}

struct ev_loop *ev_free(struct ev_loop *loop)
{
	if (!loop)
		return NULL;
	assert(loop->n_sources == 0);
	x_close(loop->epoll);
	free(loop);
	return NULL;
}

static int control(struct ev_loop *loop, int op, struct ev_source *s, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = s };

	return epoll_ctl(loop->epoll, op, fd, &event) < 0 ? -errno : 0;
}

int ev_add(struct ev_loop *loop, struct ev_source *s, int fd, uint32_t events, ev_fn fn, void *data)
{
	int r = control(loop, EPOLL_CTL_ADD, s, fd, events);

	if (r < 0)
		return r;
	*s = (struct ev_source){ .fd = fd, .fn = fn, .data = data, .loop = loop, .events = events };
	loop->n_sources++;
	return 0;
}

int ev_mod(struct ev_source *s, uint32_t events)
{
	int r;

	if (s->events == events)
		return 0;
	r = control(s->loop, EPOLL_CTL_MOD, s, s->fd, events);
	if (r == 0)
		s->events = events;
	return r;
}

void ev_del(struct ev_source *s)
{
	struct ev_loop *loop = s->loop;

	if (!loop)
		return;
	(void)control(loop, EPOLL_CTL_DEL, s, s->fd, 0); /* a closed fd has left by itself */
	for (int i = 0; i < loop->n_pending; i++)
		if (loop->pending[i].data.ptr == s)
			loop->pending[i].data.ptr = NULL;
	loop->n_sources--;
	s->loop = NULL;
}

/* Hot code lies together: what a process touches around its sleep is few pages. */
static __attribute__((hot)) int work_off(struct ev_loop *loop)
{
	int r = 0;

	for (int i = 0; i < loop->n_pending && r >= 0 && !loop->stopped; i++) {
		struct epoll_event event = loop->pending[i];
		struct ev_source *s = event.data.ptr;

		loop->pending[i].data.ptr = NULL;
		if (s)
			r = s->fn(s, event.events);
	}
	loop->n_pending = 0;
	return r < 0 ? r : 0;
}

void ev_when_quiet(struct ev_loop *loop, int ms, void (*fn)(void))
{
	loop->quiet = fn;
	loop->quiet_ms = ms;
}

/* Not libc's function, which is a cancellation point: its code lies in two more places. */
static __attribute__((hot)) long wait_for_events(struct ev_loop *loop, int timeout_ms)
{
	return syscall(SYS_epoll_pwait, loop->epoll, loop->pending, EV_BATCH, timeout_ms, NULL, 0);
}

__attribute__((hot)) int ev_run(struct ev_loop *loop)
{
	int r;

	while (!loop->stopped) {
		const int timeout = loop->quiet && !loop->asleep ? loop->quiet_ms : -1;

		r = (int)wait_for_events(loop, timeout);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		loop->asleep = r == 0;
		if (loop->asleep)
			loop->quiet();
		loop->n_pending = r;
		r = work_off(loop);
		if (r < 0)
			return r;
	}
	loop->stopped = false;
	return loop->value;
}

void ev_stop(struct ev_loop *loop, int value)
{
	loop->stopped = true;
	loop->value = value;
}

static int on_timer(struct ev_source *s, uint32_t events)
{
	struct ev_timer *t = s->data;

	(void)events; /* readable is all it can be */
	ev_timer_stop(t);
	return t->fn(t);
}

/* Zero would disarm the timer instead of ending it at once. */
static struct itimerspec after(int ms)
{
	struct timespec when = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	if (ms <= 0)
		when = (struct timespec){ .tv_nsec = 1 };
	return (struct itimerspec){ .it_value = when };
}

int ev_timer_start(struct ev_loop *loop, struct ev_timer *t, int ms, ev_timer_fn fn, void *data)
{
	struct itimerspec when = after(ms);
	int r, fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	ev_timer_stop(t);
	r = timerfd_settime(fd, 0, &when, NULL) < 0 ? -errno : 0;
	if (r == 0)
		r = ev_add(loop, &t->source, fd, EPOLLIN, on_timer, t);
	if (r < 0) {
		x_close(fd);
		return r;
	}
	t->fn = fn;
	t->data = data;
	return 0;
}

void ev_timer_stop(struct ev_timer *t)
{
	if (!t->source.loop)
		return;
	ev_del(&t->source);
	x_close(t->source.fd);
}
