/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delete: what create made goes. With force it works from any state, also from a record that cannot
 * be read, needs nothing from config.json, and says nothing about a container that does not exist.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "libcontainer.h"
#include "life/destroy.h"

/* A container that was created but never started may go without force, as with the peers. */
static int check_status(const char *id, enum lc_status status, struct err *e)
{
	if (status == LC_STOPPED || status == LC_CREATED)
		return 0;
	return err_kind(e, ERR_STATE, "cannot delete container %s that is not stopped: %s", id,
			lc_status_name(status));
}

/* Whoever holds the lock may be waiting for the container: then killing comes before locking. */
static int kill_first(struct lc_ctx *ctx, const char *id, struct arena *arena, struct err *e)
{
	_cleanup_statedir_ struct statedir d = STATEDIR_EMPTY;
	struct record rec = { .id = id };
	struct err ignored;
	int r = statedir_open(ctx->root, id, STATEDIR_UNLOCKED, &d, e);

	if (r < 0)
		return r;
	(void)record_read(&d, id, arena, &rec, &ignored); /* the mark in the directory is enough */
	return destroy_kill(ctx, &d, &rec, e);
}

static int delete (struct lc_ctx *ctx, const char *id, bool force, enum statedir_lock lock,
		   struct arena *arena, struct err *e)
{
	_cleanup_statedir_ struct statedir d = STATEDIR_EMPTY;
	struct record rec = { .id = id };
	struct err unreadable;
	int r = statedir_open(ctx->root, id, lock, &d, e);

	if (r < 0)
		return r;
	r = record_read(&d, id, arena, &rec, force ? &unreadable : e);
	if (force)
		return destroy(ctx, &d, &rec, e);
	if (r == 0)
		r = check_status(id, record_status(&d, &rec, ctx->cgroup_root), e);
	return r == 0 ? destroy(ctx, &d, &rec, e) : r;
}

static int delete_by_force(struct lc_ctx *ctx, const char *id, struct arena *arena, struct err *e)
{
	int r = delete (ctx, id, true, STATEDIR_TRY_LOCK, arena, e);

	if (r < 0 && e->kind == ERR_BUSY) {
		r = kill_first(ctx, id, arena, e);
		if (r == 0)
			r = delete (ctx, id, true, STATEDIR_LOCKED, arena, e);
	}
	return r < 0 && e->kind == ERR_NOTFOUND ? 0 : r;
}

int lc_delete(struct lc_ctx *ctx, const char *id, bool force, struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	if (!arena)
		return err_nomem(e);
	if (force)
		return delete_by_force(ctx, id, arena, e);
	return delete (ctx, id, false, STATEDIR_LOCKED, arena, e);
}
