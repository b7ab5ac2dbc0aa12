/* SPDX-License-Identifier: Apache-2.0 */
/* ps: the processes of the container's cgroup. */
#include "host/cgroup.h"
#include "libcontainer.h"
#include "life/live.h"

int lc_ps(struct lc_ctx *ctx, const char *id, pid_t **ret, size_t *ret_n, struct err *e)
{
	_cleanup_live_ struct live l = LIVE_EMPTY;
	int r = live_open(ctx, id, STATEDIR_UNLOCKED, &l, e);

	return r < 0 ? r : cgroup_pids(ctx->cgroup_root, l.record.cgroup_path, ret, ret_n, e);
}
