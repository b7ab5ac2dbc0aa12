/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a container for a verb that needs it alive. */
#include "life/live.h"

int live_open_any(const struct lc_ctx *ctx, const char *id, enum statedir_lock lock,
		  struct live *ret, struct err *e)
{
	int r;

	ret->arena = arena_new();
	if (!ret->arena)
		return err_nomem(e);
	r = statedir_open(ctx->root, id, lock, &ret->dir, e);
	if (r >= 0)
		r = record_read(&ret->dir, id, ret->arena, &ret->record, e);
	if (r < 0)
		return r;
	ret->status = record_status(&ret->dir, &ret->record, ctx->cgroup_root);
	if (ret->status == LC_STOPPED || ret->status == LC_CREATING)
		return err_kind(e, ERR_STATE, "container not running");
	return 0;
}

int live_open(const struct lc_ctx *ctx, const char *id, enum statedir_lock lock, struct live *ret,
	      struct err *e)
{
	int r = live_open_any(ctx, id, lock, ret, e);

	if (r == 0 && !ret->record.cgroup_path)
		return err_kind(e, ERR_UNSUPPORTED,
				"the container has no cgroup of its own (without root one must be "
				"delegated: see hull(8))");
	return r;
}

void live_close(struct live *l)
{
	statedir_close(&l->dir);
	l->arena = arena_free(l->arena);
}
