/* SPDX-License-Identifier: Apache-2.0 */
/* update: other limits for a container that is alive. */
#include "base/cleanup.h"
#include "host/cgroup.h"
#include "host/intelrdt.h"
#include "libcontainer.h"
#include "life/live.h"
#include "spec/spec_check.h"

static int update_limits(const struct lc_ctx *ctx, const struct record *record,
			 const struct spec_resources *res, struct err *e)
{
	struct plan_systemd systemd = record_unit(record);

	return cgroup_update(ctx->cgroup_root, record->cgroup_path, systemd.unit ? &systemd : NULL,
			     res, e);
}

static int update_class(const struct record *record, const struct lc_changes *c, char **ret_old,
			struct err *e)
{
	int r;

	if (!record->rdt_group)
		return err_kind(e, ERR_STATE,
				"the container has no class of service: config.json has no "
				"linux.intelRdt");
	r = intelrdt_read(record->rdt_group, ret_old, e);
	return r < 0 ? r : intelrdt_update(record->rdt_group, c->l3_cache, c->mem_bw, e);
}

/* The class first: of the two it is the one that can be had back. */
static int update_all(const struct lc_ctx *ctx, const struct record *record,
		      const struct lc_changes *c, const struct spec_resources *res, struct err *e)
{
	_cleanup_free_ char *old = NULL;
	struct err ignored;
	int r = c->l3_cache || c->mem_bw ? update_class(record, c, &old, e) : 0;

	if (r >= 0 && res)
		r = update_limits(ctx, record, res, e);
	if (r < 0 && old)
		(void)intelrdt_update(record->rdt_group, old, NULL, &ignored);
	return r;
}

int lc_update(struct lc_ctx *ctx, const char *id, const struct lc_changes *c, struct err *e)
{
	_cleanup_live_ struct live l = LIVE_EMPTY;
	struct spec_resources *res = NULL;
	int r = live_open(ctx, id, STATEDIR_LOCKED, &l, e);

	if (r >= 0 && c->resources)
		r = spec_parse_resources(c->resources, c->len, l.arena, &res, e);
	if (r >= 0 && res)
		r = spec_check_resources(res, "", NULL, e);
	if (r < 0)
		return r;
	if (res)
		spec_resources_as_of(res, l.record.oci_version);
	return update_all(ctx, &l.record, c, res, e);
}
