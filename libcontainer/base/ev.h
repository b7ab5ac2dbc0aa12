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
