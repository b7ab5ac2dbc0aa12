/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup of a process, found as the kernel tells it, held open while the container lives. */
#include <limits.h>
#include <string.h>

#include "base/fmt.h"
#include "host/cgroup.h"
#include "libcontainer.h"

#define WHOSE "the container" /* in messages: its path is not known here any more */

static bool is_same_or_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return strcmp(top, "/") == 0 ||
	       (strncmp(path, top, n) == 0 && (path[n] == '\0' || path[n] == '/'));
}

int lc_cgroup_open(const struct lc_ctx *ctx, pid_t pid, struct err *e)
{
	char number[16], path[PATH_MAX], own[PATH_MAX];
	int r;

	fmt_str(number, sizeof(number), "%d", (int)pid);
	r = cgroup_path_of(number, path, e);
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
