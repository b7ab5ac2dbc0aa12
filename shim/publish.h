/* SPDX-License-Identifier: Apache-2.0 */
/* Events to containerd: one queue, strict order, each kept until containerd has taken it, however
 * long containerd is away. What can repeat without end is merged (publish_once): memory is bounded by
 * what clients do with a pod's tasks and how those end. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/ev.h"

struct publisher;

/* address: TTRPC_ADDRESS; ns: the containerd namespace. NULL address: events are dropped. */
int publisher_new(struct ev_loop *loop, const char *address, const char *ns, struct publisher **ret,
		  struct err *e);
struct publisher *publisher_free(struct publisher *p);
/* Queues one event: topic "/tasks/exit", type "containerd.events.TaskExit" (both constants, borrowed),
 * its encoded message (copied). The time stamp is now. -ENOMEM is the only failure. */
int publish(struct publisher *p, const char *topic, const char *type, const void *value,
	    size_t len);
/* The same, unless the very same event is in the queue already and not under way. */
int publish_once(struct publisher *p, const char *topic, const char *type, const void *value,
		 size_t len);
size_t publisher_pending(const struct publisher *p);
/* Calls done once the queue is empty or the deadline has passed, from the loop. */
void publisher_flush(struct publisher *p, int deadline_ms, void (*done)(void *data), void *data);
