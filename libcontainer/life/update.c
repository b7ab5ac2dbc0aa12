/* SPDX-License-Identifier: Apache-2.0 */
/* update: other limits for a container that is alive. */
#include "host/cgroup.h"
#include "libcontainer.h"
#include "life/live.h"
#include "spec/spec_check.h"

int lc_update(struct lc_ctx *ctx, const char *id, const char *resources, size_t len, struct err *e)
{
	_cleanup_live_ struct live l = LIVE_EMPTY;
	struct spec_resources *res;
	int r = live_open(ctx, id, STATEDIR_LOCKED, &l, e);

	if (r >= 0)
		r = spec_parse_resources(resources, len, l.arena, &res, e);
	if (r >= 0)
		r = spec_check_resources(res, "", NULL, e);
	if (r < 0)
		return r;
	return cgroup_update(ctx->cgroup_root, l.record.cgroup_path, res, e);
}
