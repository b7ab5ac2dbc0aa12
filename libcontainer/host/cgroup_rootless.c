/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroups without privileges: what was delegated to the caller can be used, and nothing else.
 *
 * The container's group goes beside our own, for the group that holds our processes cannot pass
 * controllers on (cgroups(7), "no internal processes"). What is beside a unit of systemd's is systemd's,
 * however: there the container goes below our own, and hull steps aside into another group below it
 * before controllers are passed on.
 *
 * A process may be put into a group only by who may write to cgroup.procs of the nearest group above
 * both, where it comes from and where it goes. Without such a place a container gets no group; if it
 * asks for limits, that is an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "host/cgroup.h"
#include "host/cgroup_fs.h"
#include "host/host.h"
#include "host/outside.h"
#include "sys/sys.h"

/* The line of the unified hierarchy begins so. */
#define UNIFIED "0::/"
/* No container's group is called so: see path_plan() in cgroup.c. */
#define ASIDE "/runtime"

int cgroup_path_of(const char *process, char ret[PATH_MAX], struct err *e)
{
	char path[64], text[2 * PATH_MAX], *save = NULL;
	ssize_t n;

	fmt_str(path, sizeof(path), "/proc/%s/cgroup", process);
	n = file_read_buf(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return err_sys(e, (int)n, "read", "%s", path);
	ret[0] = '\0';
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, UNIFIED, strlen(UNIFIED)) == 0)
			fmt_str(ret, PATH_MAX, "%s", line + strlen(UNIFIED) - 1);
	return 0;
}

/* file: one of the group, or "" for its directory. The root's path is "". */
static int check_access(int root_fd, const char *group, size_t len, const char *file, int mode)
{
	char path[PATH_MAX];

	fmt_str(path, sizeof(path), ".%.*s/%s", (int)len, group, file);
	return faccessat(root_fd, path, mode, AT_EACCESS) < 0 ? -errno : 0;
}

/* The length of the path of the group above. */
static size_t parent_length(const char *path, size_t len)
{
	while (len > 0 && path[--len] != '/')
		;
	return len;
}

/* The length of the path of the nearest group above both (or one of them). */
static size_t common_length(const char *a, const char *b)
{
	size_t i = 0, common = 0;

	for (; a[i] && a[i] == b[i]; i++)
		if (a[i] == '/')
			common = i;
	return (a[i] == '\0' || a[i] == '/') && (b[i] == '\0' || b[i] == '/') ? i : common;
}

/* May we make the group, and put a process of ours into it? */
static bool is_delegated(int root_fd, const char *path, const char *own)
{
	size_t len = strlen(path), there = len;

	while (there > 0 && check_access(root_fd, path, there, "", F_OK) == -ENOENT)
		there = parent_length(path, there);
	return check_access(root_fd, path, there, "", W_OK) == 0 &&
	       check_access(root_fd, path, there, "cgroup.procs", W_OK) == 0 &&
	       check_access(root_fd, path, common_length(path, own), "cgroup.procs", W_OK) == 0;
}

static int refuse_limits(const struct plan_cgroup *cg, struct err *e)
{
	for (size_t i = 0; i < cg->n_writes; i++) {
		if (cg->writes[i].optional)
			continue;
		err_kind(e, ERR_DENIED,
			 "cannot be set: cgroup %s is not delegated to uid %u (run hull by "
			 "`systemd-run --user --scope -p Delegate=yes`, use --systemd-cgroup, or "
			 "leave out the limits)",
			 cg->path, (unsigned)geteuid());
		return err_at(e, "%s", cg->writes[i].where);
	}
	return 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && strcmp(text + len - n, end) == 0;
}

static bool is_systemd_unit(const char *group)
{
	return ends_with(group, ".scope") || ends_with(group, ".service");
}

static bool has_limits(const struct plan_cgroup *cg)
{
	for (size_t i = 0; i < cg->n_writes; i++)
		if (!cg->writes[i].optional)
			return true;
	return false;
}

static int place(const char *own, struct plan_cgroup *cg, struct arena *arena, struct err *e)
{
	size_t len = strlen(own);
	bool below = is_systemd_unit(own);

	if (below && has_limits(cg)) {
		cg->aside = arena_printf(arena, "%s" ASIDE, own);
		if (!cg->aside)
			return err_nomem(e);
	}
	cg->path = arena_printf(arena, "%.*s%s", (int)(below ? len : parent_length(own, len)), own,
				cg->path);
	return cg->path ? 0 : err_nomem(e);
}

int cgroup_step_aside(int root_fd, const char *path, struct err *e)
{
	_cleanup_close_ int dir = -EBADF;
	char pid[16];
	int r = sys_mkdirat(root_fd, path + 1, 0755);

	if (r < 0 && r != -EEXIST)
		return err_sys(e, r, "mkdir", "cgroup %s", path);
	dir = cgroup_fs_open(root_fd, path);
	r = dir < 0 ? dir : file_write_at(dir, "cgroup.procs", "0");
	if (r == 0 && outside_pid() > 0) {
		fmt_str(pid, sizeof(pid), "%d", (int)outside_pid());
		r = file_write_at(dir, "cgroup.procs", pid);
	}
	return r < 0 ? err_sys(e, r, "write", "cgroup.procs of cgroup %s", path) : 0;
}

int cgroup_rootless_plan(const struct host_env *h, bool beside, struct plan_cgroup *cg,
			 struct arena *arena, struct err *e)
{
	char own[PATH_MAX];
	struct err none;
	_cleanup_close_ int root_fd = cgroup_open_root(h->cgroup_root, NULL, &none);
	int r = cgroup_path_of("self", own, e);

	if (r == 0 && beside)
		r = place(own, cg, arena, e);
	if (r < 0 || (root_fd >= 0 && own[0] && is_delegated(root_fd, cg->path, own)))
		return r;
	r = refuse_limits(cg, e);
	if (r == 0)
		*cg = (struct plan_cgroup){ 0 };
	return r;
}
