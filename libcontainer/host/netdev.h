/* SPDX-License-Identifier: Apache-2.0 */
/* Network devices of the host that move into a container (netdev_plan is in host.h). */
#pragma once

#include <errno.h>
#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"

struct netdev_move;

/* What has been moved, so that a create that fails can bring it back. After success nobody asks:
 * the devices are the container's. */
struct netdevs {
	int host, container; /* sockets in both network namespaces */
	int host_ns, container_ns;
	struct netdev_move *moves;
	size_t n;
};
#define NETDEVS_EMPTY                                                                          \
	{                                                                                      \
		.host = -EBADF, .container = -EBADF, .host_ns = -EBADF, .container_ns = -EBADF \
	}

/* Moves the devices of the plan into the network namespace that pid is in, renames them, gives them
 * back their addresses and brings them up. Nothing has moved if a name is taken there. *ret is
 * filled as far as it got, whatever is returned. */
int netdev_apply(const struct plan *p, pid_t pid, struct netdevs *ret, struct err *e);
/* Brings back what was moved, with the names and addresses it had; what fails is logged. */
void netdev_undo(const struct netdevs *d);
void netdev_done(struct netdevs *d);
