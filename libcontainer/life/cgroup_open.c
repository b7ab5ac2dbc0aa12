/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup of a process, found as the kernel tells it, held open while the container lives. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/file.h"
#include "base/fmt.h"
#include "host/cgroup.h"
#include "libcontainer.h"

/* The line of the unified hierarchy begins so. */
#define UNIFIED "0::/"
#define WHOSE "the container" /* in messages: its path is not known here any more */

/* The path of the group of a process ("self" or a number), "" when it is in none. */
static int group_of(const char *process, char ret[PATH_MAX], struct err *e)
{
	char path[64], text[2 * PATH_MAX], *line;
	ssize_t n;

	fmt_str(path, sizeof(path), "/proc/%s/cgroup", process);
	n = file_read_buf(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return err_sys(e, (int)n, "read", "%s", path);
	ret[0] = '\0';
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strncmp(line, UNIFIED, strlen(UNIFIED)) == 0)
			fmt_str(ret, PATH_MAX, "%s", line + strlen(UNIFIED) - 1);
	return 0;
}

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
	r = group_of(number, path, e);
	if (r == 0)
		r = group_of("self", own, e);
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
