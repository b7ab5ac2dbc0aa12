/* SPDX-License-Identifier: Apache-2.0 */
/* The id maps of a new user namespace: compiled to the text the kernel reads, written while init
 * waits. An unprivileged caller may map its own id only; for more there are the set-uid programs
 * newuidmap and newgidmap. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <spawn.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/path.h"
#include "host/host.h"
#include "sys/sys.h"

/* user_namespaces(7): at most that many lines, in one write of less than a page. */
#define MAX_MAP_LINES 340
#define MAX_MAP_TEXT 4095

struct id_map {
	const char *file;    /* below /proc/PID */
	const char *where;   /* in config.json */
	const char *program; /* what a caller without the right needs */
};

static const struct id_map uid_map = { "uid_map", "linux.uidMappings", "newuidmap" };
static const struct id_map gid_map = { "gid_map", "linux.gidMappings", "newgidmap" };

static int plan_map(const struct id_map *map, const spec_id_maps *ids, const char **ret,
		    struct arena *arena, struct err *e)
{
	_cleanup_buf_ struct buf text = { 0 };

	for (size_t i = 0; i < ids->n; i++)
		buf_fmt(&text, "%u %u %u\n", ids->items[i].container_id, ids->items[i].host_id,
			ids->items[i].size);
	if (buf_ok(&text) < 0)
		return err_nomem(e);
	if (ids->n > MAX_MAP_LINES || text.len > MAX_MAP_TEXT)
		return err_bad(e, map->where, "%zu entries, %zu bytes: the kernel takes %d and %d",
			       ids->n, text.len, MAX_MAP_LINES, MAX_MAP_TEXT);
	if (ids->n == 0)
		return 0;
	*ret = arena_strndup(arena, text.data, text.len);
	return *ret ? 0 : err_nomem(e);
}

int idmap_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	const spec_id_maps *gids = &s->linux_.gid_mappings;
	int r;

	if (!(p->ns.new_flags & CLONE_NEWUSER))
		return 0;
	r = plan_map(&uid_map, &s->linux_.uid_mappings, &p->ns.uid_map, p->arena, e);
	if (r == 0)
		r = plan_map(&gid_map, gids, &p->ns.gid_map, p->arena, e);
	/* The kernel lets a caller without CAP_SETGID map its own group only after it gave up
	 * setgroups(2); newgidmap has the capability. */
	p->ns.deny_setgroups = h->rootless && gids->n == 1 && gids->items[0].size == 1;
	return r;
}

static int write_proc(int proc_fd, pid_t pid, const char *file, const char *text)
{
	_cleanup_close_ int fd = -EBADF;
	char path[64];
	ssize_t n;

	fmt_str(path, sizeof(path), "%d/%s", pid, file);
	fd = path_open_proc(proc_fd, path, O_WRONLY);
	if (fd < 0)
		return fd;
	n = sys_write(fd, text, strlen(text));
	return n < 0 ? (int)n : 0;
}

/* An absolute path out of a fixed list: the caller's PATH has no say in what maps ids. */
static int find_program(const char *name, char *ret_path, size_t size, struct err *e)
{
	static const char *const dirs[] = { "/usr/bin", "/usr/sbin", "/bin" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		fmt_str(ret_path, size, "%s/%s", dirs[i], name);
		if (access(ret_path, X_OK) == 0)
			return 0;
	}
	return err_kind(e, ERR_UNSUPPORTED,
			"%s is needed to map more than the own id: install the package uidmap",
			name);
}

static int run_program(const char *path, char **argv, struct err *e)
{
	static char *const no_env[] = { NULL };
	siginfo_t info = { 0 };
	pid_t child;
	int r = posix_spawn(&child, path, NULL, NULL, argv, no_env);

	if (r != 0)
		return err_sys(e, r, "spawn", "%s", path);
	do {
		r = sys_waitid(P_PID, (id_t)child, &info, WEXITED);
	} while (r == -EINTR);
	if (r < 0)
		return err_sys(e, r, "waitid", "%s", path);
	if (info.si_code != CLD_EXITED || info.si_status != 0)
		return err_kind(e, ERR_DENIED,
				"%s refused the map: see /etc/subuid and /etc/subgid", path);
	return 0;
}

/* `newuidmap PID container host size ...`: the words of the map are its arguments. */
static int map_by_program(const struct id_map *map, const char *text, pid_t pid, struct err *e)
{
	char path[64], words[MAX_MAP_TEXT + 1], number[16], *save = NULL;
	char *argv[2 + 3 * MAX_MAP_LINES + 1] = { path, number };
	size_t n = 2;
	int r = find_program(map->program, path, sizeof(path), e);

	if (r < 0)
		return r;
	fmt_str(number, sizeof(number), "%d", pid);
	fmt_str(words, sizeof(words), "%s", text);
	for (char *word = strtok_r(words, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
		argv[n++] = word;
	return run_program(path, argv, e);
}

static int apply_map(const struct id_map *map, const char *text, pid_t pid, int proc_fd,
		     struct err *e)
{
	int r = text ? write_proc(proc_fd, pid, map->file, text) : 0;

	if (r == -EPERM && geteuid() != 0)
		r = map_by_program(map, text, pid, e);
	else if (r < 0)
		r = err_sys(e, r, "write", "/proc/%d/%s", pid, map->file);
	return r < 0 ? err_at(e, "%s", map->where) : 0;
}

int idmap_apply(const struct plan_namespaces *ns, pid_t pid, int proc_fd, struct err *e)
{
	int r = ns->deny_setgroups ? write_proc(proc_fd, pid, "setgroups", "deny") : 0;

	if (r < 0)
		return err_sys(e, r, "write", "/proc/%d/setgroups", pid);
	r = apply_map(&gid_map, ns->gid_map, pid, proc_fd, e);
	return r < 0 ? r : apply_map(&uid_map, ns->uid_map, pid, proc_fd, e);
}
