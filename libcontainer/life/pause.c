/* SPDX-License-Identifier: Apache-2.0 */
/* pause and resume: the container's cgroup is frozen and thawed. */
#include "host/cgroup.h"
#include "libcontainer.h"
#include "life/live.h"

int lc_pause(struct lc_ctx *ctx, const char *id, struct err *e)
{
	_cleanup_live_ struct live l = LIVE_EMPTY;
	int r = live_open(ctx, id, STATEDIR_LOCKED, &l, e);

	if (r < 0)
		return r;
	if (l.status == LC_PAUSED)
		return err_kind(e, ERR_STATE, "container not running: it is paused already");
	return cgroup_freeze(ctx->cgroup_root, l.record.cgroup_path, true, e);
}

int lc_resume(struct lc_ctx *ctx, const char *id, struct err *e)
{
	_cleanup_live_ struct live l = LIVE_EMPTY;
	int r = live_open(ctx, id, STATEDIR_LOCKED, &l, e);

	if (r < 0)
		return r;
	if (l.status != LC_PAUSED)
		return err_kind(e, ERR_STATE, "container not paused");
	return cgroup_freeze(ctx->cgroup_root, l.record.cgroup_path, false, e);
}
