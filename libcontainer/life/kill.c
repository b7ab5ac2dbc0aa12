/* SPDX-License-Identifier: Apache-2.0 */
/* kill: a signal to the container's process, or to all of them. */
#include <errno.h>

#include "base/cleanup.h"
#include "host/cgroup.h"
#include "libcontainer.h"
#include "life/record.h"
#include "sys/sys.h"

static int kill_init(const struct record *rec, int sig, struct err *e)
{
	_cleanup_close_ int pidfd = record_open_init(rec, e);
	int r;

	if (pidfd < 0)
		return pidfd;
	r = sys_pidfd_send_signal(pidfd, sig);
	if (r == -ESRCH)
		return err_kind(e, ERR_STATE, "container not running");
	if (r < 0)
		return err_sys(e, r, "kill", "process %d with signal %d", (int)rec->init.pid, sig);
	return 0;
}

int lc_kill(struct lc_ctx *ctx, const char *id, int sig, bool all, struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_statedir_ struct statedir d = STATEDIR_EMPTY;
	struct record rec;
	int r;

	if (!arena)
		return err_nomem(e);
	r = statedir_open(ctx->root, id, STATEDIR_UNLOCKED, &d, e);
	if (r == 0)
		r = record_read(&d, id, arena, &rec, e);
	if (r < 0)
		return r;
	if (all && rec.cgroup_path)
		return cgroup_signal(ctx->cgroup_root, rec.cgroup_path, sig, e);
	return kill_init(&rec, sig, e);
}
