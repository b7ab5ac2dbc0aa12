/* SPDX-License-Identifier: Apache-2.0 */
/* From any state to nothing, in an order that can be interrupted and repeated. */
#include "life/destroy.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "host/cgroup.h"
#include "host/cgroup_systemd.h"
#include "host/intelrdt.h"
#include "life/bundle.h"
#include "life/scope.h"
#include "sys/sys.h"

#define DEADLINE_MS 10000
#define PATIENCE_MS 200 /* more than a death takes that nothing is in the way of */

/* Through a pidfd whose process is proven to be ours; waits until it is gone. */
static int kill_init(const struct record *r, int deadline_ms, struct err *e)
{
	struct err gone;
	_cleanup_close_ int pidfd = record_open_init(r, &gone);
	int ret;

	if (pidfd < 0)
		return 0;
	ret = sys_pidfd_send_signal(pidfd, SIGKILL);
	if (ret < 0 && ret != -ESRCH)
		return err_sys(e, ret, "kill", "process %d", (int)r->init.pid);
	if (deadline_ms > 0 && fd_wait(&pidfd, 1, deadline_ms) == 0)
		return err_kind(e, ERR_TIMEOUT,
				"process %d does not die (is it waiting for a device?)",
				(int)r->init.pid);
	return 0;
}

int destroy_kill(const struct lc_ctx *ctx, const struct statedir *d, const struct record *r,
		 struct err *e)
{
	char path[PATH_MAX];
	struct err ignored;

	if (statedir_cgroup(d, path, sizeof(path)))
		(void)cgroup_signal(ctx->cgroup_root, path, SIGKILL, &ignored); /* may be gone */
	return kill_init(r, 0, e);
}

/* What keeps the first process may be in the group, outside of its PID namespace: the init of one waits
 * for its children, which CRIU traces. */
static int kill_all(const struct lc_ctx *ctx, const struct statedir *d, const struct record *r,
		    struct err *e)
{
	int ret = kill_init(r, PATIENCE_MS, e);

	if (ret == 0 || e->kind != ERR_TIMEOUT)
		return ret;
	ret = destroy_kill(ctx, d, r, e);
	return ret == 0 ? kill_init(r, DEADLINE_MS, e) : ret;
}

/* The runtime was killed before it could set the mark: the unit may be another's of that name. */
static int stop_unmarked(const struct statedir *d, const struct plan_systemd *unit, struct err *e)
{
	char owner[SCOPE_OWNER_SIZE];
	int r = scope_owner(d, owner, e);

	return r < 0 ? r : cgroup_systemd_stop(unit, owner, e);
}

/* path is the container's group, which may lie below the scope's own. That goes, too: systemd tries to
 * remove it once only, and fails when we are at a group in it. */
static int remove_scope(const struct lc_ctx *ctx, const struct plan_systemd *unit, char *path,
			struct err *e)
{
	int r;

	path[cgroup_systemd_top(path, unit->unit)] = '\0';
	r = cgroup_remove(ctx->cgroup_root, path, true, DEADLINE_MS, e);
	return r == 0 ? cgroup_systemd_stop(unit, NULL, e) : r;
}

/* Without the mark the group is killed by nobody: at most an empty directory is ours to remove. */
static int remove_cgroup(const struct lc_ctx *ctx, const struct statedir *d, const struct record *r,
			 struct err *e)
{
	const struct plan_systemd unit = record_unit(r);
	char path[PATH_MAX];
	struct err ignored;

	if (statedir_cgroup(d, path, sizeof(path)))
		return unit.unit ? remove_scope(ctx, &unit, path, e)
				 : cgroup_remove(ctx->cgroup_root, path, true, DEADLINE_MS, e);
	if (unit.unit)
		return stop_unmarked(d, &unit, e);
	if (r->cgroup_path)
		(void)cgroup_remove(ctx->cgroup_root, r->cgroup_path, false, 0,
				    &ignored); /* may be another's */
	return 0;
}

static int remove_rdt(const struct record *r, struct err *e)
{
	int ret = r->rdt_monitor ? intelrdt_remove(r->rdt_monitor, e) : 0;

	return ret == 0 && r->rdt_made ? intelrdt_remove(r->rdt_group, e) : ret;
}

static void poststop(const struct statedir *d, const struct record *r)
{
	_cleanup_(plan_done) struct plan p = {};
	struct err e = {};
	char text[640];

	if (!r->has_poststop)
		return;
	if (bundle_hooks(d, r, PLAN_POSTSTOP, &p, &e) == 0 &&
	    hooks_run(&p, PLAN_POSTSTOP, 0, &e) == 0)
		return;
	err_text(&e, text, sizeof(text));
	log_warning("%s", text);
}

int destroy(const struct lc_ctx *ctx, struct statedir *d, const struct record *r, struct err *e)
{
	int ret = kill_all(ctx, d, r, e);

	if (ret == 0)
		ret = remove_cgroup(ctx, d, r, e);
	if (ret == 0)
		ret = remove_rdt(r, e);
	if (ret < 0)
		return ret;
	poststop(d, r);
	return statedir_remove(d, r->id, e);
}
