/* SPDX-License-Identifier: Apache-2.0 */
/* A running container held open, for those who look at it more than once: events, top. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "host/cgroup.h"
#include "host/intelrdt_stats.h"
#include "host/network_stats.h"
#include "libcontainer.h"
#include "life/live.h"
#include "spec/spec_check.h"
#include "sys/sys.h"

/* Somebody may have removed it: then there is nothing to tell. */
static int open_rdt(const char *path)
{
	return path ? sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0) : -EBADF;
}

int lc_watch_open(struct lc_ctx *ctx, const char *id, struct lc_watch *ret, struct err *e)
{
	_cleanup_live_ struct live l = LIVE_EMPTY;
	_cleanup_close_ int cgroup = -EBADF;
	int pidfd, r = live_open(ctx, id, STATEDIR_UNLOCKED, &l, e);

	if (r < 0)
		return r;
	cgroup = cgroup_open(ctx->cgroup_root, l.record.cgroup_path, e);
	if (cgroup < 0)
		return cgroup;
	pidfd = record_open_init(&l.record, e);
	if (pidfd < 0)
		return pidfd;
	*ret = (struct lc_watch){ .cgroup = take_fd(cgroup),
				  .pidfd = pidfd,
				  .rdt_clos = open_rdt(l.record.rdt_group),
				  .rdt_monitor = open_rdt(l.record.rdt_monitor),
				  .pid = (pid_t)l.record.init.pid,
				  .has_network = l.record.namespaces & CLONE_NEWNET };
	return 0;
}

void lc_watch_close(struct lc_watch *w)
{
	w->cgroup = x_close(w->cgroup);
	w->pidfd = x_close(w->pidfd);
	w->rdt_clos = x_close(w->rdt_clos);
	w->rdt_monitor = x_close(w->rdt_monitor);
}

/* What was read under the pid is the container's only if that process is still there afterwards. */
static void read_networks(const struct lc_watch *w, struct arena *arena, struct lc_stats *ret)
{
	struct lc_stats s = *ret;

	if (network_stats_read(w->pid, arena, &s) == 0 && fd_wait(&w->pidfd, 1, 0) == 0)
		*ret = s;
}

int lc_watch_stats(const struct lc_watch *w, enum lc_detail detail, struct arena *arena,
		   struct lc_stats *ret, struct err *e)
{
	int r = lc_cgroup_stats(w->cgroup, detail, arena, ret, e);

	if (r < 0 || detail != LC_ALL)
		return r;
	if (w->has_network)
		read_networks(w, arena, ret);
	r = intelrdt_stats_read(w->rdt_clos, w->rdt_monitor, arena, ret);
	return r < 0 ? err_nomem(e) : 0;
}

/* ---- which containers there are ---- */

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int lc_ids(const struct lc_ctx *ctx, struct arena *arena, const char *const **ret, struct err *e)
{
	_cleanup_(closedirp) DIR *dir = opendir(ctx->root);
	const char **ids = arena_array_of(arena, const char *, 1);
	size_t n = 0, cap = 1;
	struct dirent *entry;
	struct err not_an_id;

	if (!dir && errno != ENOENT)
		return err_sys(e, errno, "open", "state directory %s", ctx->root);
	while (ids && dir && (entry = readdir(dir))) {
		if (entry->d_type == DT_REG || spec_check_id(entry->d_name, &not_an_id) < 0)
			continue;
		ids = arena_grow(arena, ids, &cap, n + 2, sizeof(*ids));
		if (ids)
			ids[n++] = arena_strdup(arena, entry->d_name);
		if (ids && !ids[n - 1])
			return err_nomem(e);
	}
	if (!ids)
		return err_nomem(e);
	qsort(ids, n, sizeof(*ids), by_name);
	ids[n] = NULL;
	*ret = ids;
	return 0;
}
