/* SPDX-License-Identifier: Apache-2.0 */
/* The id maps of a new user namespace: compiled to the text the kernel reads, written while init
 * waits. Without privileges hull is in a user namespace of its own by then (userns.c), over which it
 * has every right. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
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
	const char *file;  /* below /proc/PID */
	const char *where; /* in config.json */
};

static const struct id_map uid_map = { "uid_map", "linux.uidMappings" };
static const struct id_map gid_map = { "gid_map", "linux.gidMappings" };

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
	int r;

	(void)h;
	if (!(p->ns.new_flags & CLONE_NEWUSER))
		return 0;
	r = plan_map(&uid_map, &s->linux_.uid_mappings, &p->ns.uid_map, p->arena, e);
	if (r == 0)
		r = plan_map(&gid_map, &s->linux_.gid_mappings, &p->ns.gid_map, p->arena, e);
	return r;
}

int idmap_write(int proc_fd, pid_t pid, const char *file, const char *text)
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

static int apply_map(const struct id_map *map, const char *text, pid_t pid, int proc_fd,
		     struct err *e)
{
	int r = text ? idmap_write(proc_fd, pid, map->file, text) : 0;

	if (r == 0)
		return 0;
	err_sys(e, r, "write", "/proc/%d/%s%s", pid, map->file,
		r == -EPERM ? " (are the host ids mapped in the user namespace of hull itself?)"
			    : "");
	return err_at(e, "%s", map->where);
}

int idmap_apply(const struct plan_namespaces *ns, pid_t pid, int proc_fd, struct err *e)
{
	int r = apply_map(&gid_map, ns->gid_map, pid, proc_fd, e);

	return r < 0 ? r : apply_map(&uid_map, ns->uid_map, pid, proc_fd, e);
}
