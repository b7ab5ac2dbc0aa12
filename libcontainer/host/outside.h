/* SPDX-License-Identifier: Apache-2.0 */
/* A child that stays outside the user namespace that this process, the runtime, enters: for what is not
 * to be done inside. It ends with the runtime. */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "host/host.h"
#include "host/userns_maps.h"

/* uids and gids, of the new namespace, or NULL where an existing one is entered; hooks NULL: it runs
 * none, and is of no use once the ids are mapped. */
int outside_start(struct userns_map *uids, struct userns_map *gids,
		  const struct userns_hooks *hooks, struct err *e);
/* Once this process is in its new user namespace. Errors as userns_write_maps. */
int outside_map_ids(struct err *e);
/* By the hooks it was started with; errors as theirs. */
int outside_run_hooks(enum plan_hook_kind kind, pid_t pid, struct err *e);
/* 0: there is none, so nothing has been entered, or there are no hooks. */
pid_t outside_pid(void);
/* Fine when there is none. */
void outside_end(void);
