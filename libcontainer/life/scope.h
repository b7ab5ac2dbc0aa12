/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup of a container in the making, when systemd makes it: it puts a process that lives into a
 * new scope, and lets a scope go that has none. */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "life/create.h"

/* The state directory as a URL, which the unit's documentation names: what proves a unit ours. */
#define SCOPE_OWNER_SIZE (3 * PATH_MAX + 8)
int scope_owner(const struct statedir *d, char ret[SCOPE_OWNER_SIZE], struct err *e);
/* Makes the scope with that process in it, marks the group as ours: spawn.cgroup_fd. As spawn.place. */
int scope_make(void *create, pid_t pid, struct err *e);
/* The same with a process that does nothing but live, until scope_let_go(). */
int scope_make_kept(struct create *c, struct err *e);
void scope_let_go(struct create *c);
