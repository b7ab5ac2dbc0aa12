/* SPDX-License-Identifier: Apache-2.0 */
/* Events to containerd: one queue, strict order, each kept until containerd has taken it, however
 * long containerd is away (the queue is bounded in memory by what can happen to a pod's tasks). */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/ev.h"

struct publisher;

/* address: TTRPC_ADDRESS; ns: the containerd namespace. NULL address: events are dropped. */
int publisher_new(struct ev_loop *loop, const char *address, const char *ns, struct publisher **ret,
		  struct err *e);
struct publisher *publisher_free(struct publisher *p);
/* Queues one event: topic "/tasks/exit", type "containerd.events.TaskExit", its encoded message
 * (copied). The time stamp is now. -ENOMEM is the only failure. */
int publish(struct publisher *p, const char *topic, const char *type, const void *event,
	    size_t len);
size_t publisher_pending(const struct publisher *p);
/* Calls done once the queue is empty or the deadline has passed, from the loop. */
void publisher_flush(struct publisher *p, int deadline_ms, void (*done)(void *data), void *data);
