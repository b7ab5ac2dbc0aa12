/* SPDX-License-Identifier: Apache-2.0 */
/* A container that is there: what the verbs that need it alive begin with. */
#pragma once

#include "life/record.h"

struct live {
	struct statedir dir;
	struct arena *arena;
	struct record record; /* after live_open its cgroup_path is not NULL */
	enum lc_status status;
};
#define LIVE_EMPTY                    \
	{                             \
		.dir = STATEDIR_EMPTY \
	}

/* ERR_STATE "container not running" when it is stopped or still being made. Fills *ret in any case:
 * close it. */
int live_open_any(const struct lc_ctx *ctx, const char *id, enum statedir_lock lock,
		  struct live *ret, struct err *e);
/* The same, for a container in a cgroup of its own: ERR_UNSUPPORTED when it has none. */
int live_open(const struct lc_ctx *ctx, const char *id, enum statedir_lock lock, struct live *ret,
	      struct err *e);
void live_close(struct live *l);
#define _cleanup_live_ __attribute__((cleanup(live_close)))
