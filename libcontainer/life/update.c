/* SPDX-License-Identifier: Apache-2.0 */
/* update: other limits for a container that is alive. */
#include "host/cgroup.h"
#include "host/intelrdt.h"
#include "libcontainer.h"
#include "life/live.h"
#include "spec/spec_check.h"

int lc_update(struct lc_ctx *ctx, const char *id, const char *resources, size_t len, struct err *e)
{
	_cleanup_live_ struct live l = LIVE_EMPTY;
	struct plan_systemd systemd;
	struct spec_resources *res;
	int r = live_open(ctx, id, STATEDIR_LOCKED, &l, e);

	if (r >= 0)
		r = spec_parse_resources(resources, len, l.arena, &res, e);
	if (r >= 0)
		r = spec_check_resources(res, "", NULL, e);
	if (r < 0)
		return r;
	spec_resources_as_of(res, l.record.oci_version);
	systemd = record_unit(&l.record);
	return cgroup_update(ctx->cgroup_root, l.record.cgroup_path, systemd.unit ? &systemd : NULL,
			     res, e);
}

int lc_update_rdt(struct lc_ctx *ctx, const char *id, const char *l3_cache, const char *mem_bw,
		  struct err *e)
{
	_cleanup_live_ struct live l = LIVE_EMPTY;
	int r = live_open(ctx, id, STATEDIR_LOCKED, &l, e);

	if (r < 0)
		return r;
	if (!l.record.rdt_group)
		return err_kind(e, ERR_STATE,
				"the container has no class of service: config.json has no "
				"linux.intelRdt");
	return intelrdt_update(l.record.rdt_group, l3_cache, mem_bw, e);
}
