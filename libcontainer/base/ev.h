/* SPDX-License-Identifier: Apache-2.0 */
/* A small epoll dispatcher: sources are embedded in their owners, callbacks may remove any source,
 * itself included. One thread. */
#pragma once

#include <stdint.h>

struct ev_loop;
struct ev_source;
/* events: EPOLLIN | EPOLLOUT | EPOLLHUP ...; return < 0 to stop ev_run with that value. */
typedef int (*ev_fn)(struct ev_source *s, uint32_t events);

struct ev_source {
	int fd; /* borrowed */
	ev_fn fn;
	void *data;
	struct ev_loop *loop; /* set while added */
	uint32_t events;
};

struct ev_loop *ev_new(void);
struct ev_loop *ev_free(struct ev_loop *loop); /* asserts that no source is left */
int ev_add(struct ev_loop *loop, struct ev_source *s, int fd, uint32_t events, ev_fn fn,
	   void *data);
int ev_mod(struct ev_source *s, uint32_t events);
void ev_del(struct ev_source *s); /* fine when not added */
/* Runs until ev_stop() or a callback fails. Returns the value of either. */
int ev_run(struct ev_loop *loop);
void ev_stop(struct ev_loop *loop, int value);
/* fn is called when nothing has happened for ms, once before each long sleep. */
void ev_when_quiet(struct ev_loop *loop, int ms, void (*fn)(void));

/* A timer, embedded in its owner as well; zeroed it is stopped. Only a running timer has a
 * descriptor, and none ticks. */
struct ev_timer;
/* The timer has stopped: it may be started again, or freed. < 0 stops ev_run. */
typedef int (*ev_timer_fn)(struct ev_timer *t);

struct ev_timer {
	struct ev_source source;
	ev_timer_fn fn;
	void *data;
};

/* Calls fn once from the loop, ms (at least 0) from now; a running timer starts anew. 0 or -errno. */
int ev_timer_start(struct ev_loop *loop, struct ev_timer *t, int ms, ev_timer_fn fn, void *data);
void ev_timer_stop(struct ev_timer *t); /* fine when stopped */
