/* SPDX-License-Identifier: Apache-2.0 */
/* Undoing a container, whatever part of it exists: the error path of create and the work of delete. */
#pragma once

#include "base/err.h"
#include "libcontainer.h"
#include "life/record.h"

/* Kills what is alive: the recorded init and all of its cgroup. Needs no lock; works on paused ones. */
int destroy_kill(const struct lc_ctx *ctx, const struct statedir *d, const struct record *r,
		 struct err *e);
/* Kills, waits (10 s), removes the cgroup, runs the poststop hooks (their failure is a warning),
 * removes the state directory last, so that a second call can finish the job. d is locked. */
int destroy(const struct lc_ctx *ctx, struct statedir *d, const struct record *r, struct err *e);
