/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup of a container, as its record or else the kernel tells it, held open while it lives. */
#include <limits.h>
#include <string.h>

#include "base/fmt.h"
#include "host/cgroup.h"
#include "libcontainer.h"
#include "life/statedir.h"

#define WHOSE "the container" /* in messages: its path is not known here any more */

static bool is_same_or_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return strcmp(top, "/") == 0 ||
	       (strncmp(path, top, n) == 0 && (path[n] == '\0' || path[n] == '/'));
}

/* Its processes may have been moved to one below it. */
static bool is_recorded(const struct lc_ctx *ctx, const char *id, char path[PATH_MAX])
{
	_cleanup_statedir_ struct statedir d = STATEDIR_EMPTY;
	struct err ignored; /* another runtime's container */

	return statedir_open(ctx->root, id, STATEDIR_UNLOCKED, &d, &ignored) == 0 &&
	       statedir_cgroup(&d, path, PATH_MAX);
}

static int find_path(const struct lc_ctx *ctx, const char *id, pid_t pid, char path[PATH_MAX],
		     struct err *e)
{
	char number[16];

	if (is_recorded(ctx, id, path))
		return 0;
	fmt_str(number, sizeof(number), "%d", (int)pid);
	return cgroup_path_of(number, path, e);
}

int lc_cgroup_open(const struct lc_ctx *ctx, const char *id, pid_t pid, struct err *e)
{
	char path[PATH_MAX], own[PATH_MAX];
	int r = find_path(ctx, id, pid, path, e);

	if (r == 0)
		r = cgroup_path_of("self", own, e);
	if (r < 0)
		return r;
	if (!path[0] || is_same_or_below(own, path))
		return err_kind(e, ERR_NOTFOUND, "process %d has no cgroup of its own", (int)pid);
	return cgroup_open(ctx->cgroup_root, path, e);
}

int lc_cgroup_pids(int cgroup, pid_t **ret, size_t *ret_n, struct err *e)
{
	return cgroup_pids_in(cgroup, WHOSE, ret, ret_n, e);
}

int lc_cgroup_signal(int cgroup, int sig, struct err *e)
{
	return cgroup_signal_in(cgroup, WHOSE, sig, e);
}
