/* SPDX-License-Identifier: Apache-2.0 */
/* The id maps of a caller without privileges: written by itself where the kernel lets it, else by the
 * set-uid programs newuidmap and newgidmap. */
#include "host/userns_maps.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "host/host.h"
#include "sys/sys.h"

#define ARGS_MAX 1100 /* three a line, of as many lines as the kernel takes */

/* ---- newuidmap and newgidmap ---- */

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

static int spawn_program(const char *path, char **argv, int stderr_fd, pid_t *ret, struct err *e)
{
	static char *const no_env[] = { NULL };
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, stderr_fd, STDERR_FILENO);
	if (r == 0)
		r = posix_spawn(ret, path, &actions, NULL, argv, no_env);
	posix_spawn_file_actions_destroy(&actions);
	return r == 0 ? 0 : err_sys(e, r, "spawn", "%s", path);
}

/* The first part of what comes, without the newline at its end. */
static void read_words(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = sys_read(fd, buf + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0 || n == -EINTR);
	while (len > 0 && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
}

static int run_program(const char *path, char **argv, struct err *e)
{
	_cleanup_close_ int from = -EBADF, to = -EBADF;
	siginfo_t info = { 0 };
	char words[256];
	int ends[2], r = sys_pipe(ends);
	pid_t child;

	if (r < 0)
		return err_sys(e, r, "pipe", "%s", path);
	from = ends[0];
	to = ends[1];
	r = spawn_program(path, argv, to, &child, e);
	if (r < 0)
		return r;
	to = x_close(to);
	read_words(from, words, sizeof(words));
	do {
		r = sys_waitid(P_PID, (id_t)child, &info, WEXITED);
	} while (r == -EINTR);
	if (r < 0)
		return err_sys(e, r, "waitid", "%s", path);
	if (info.si_code != CLD_EXITED || info.si_status != 0)
		return err_kind(e, ERR_DENIED,
				"%s refused the map (see /etc/subuid and /etc/subgid): %s", path,
				words);
	return 0;
}

/* `newuidmap PID inside outside size ...`: the words of the map are its arguments. */
static int map_by_program(struct userns_map *map, pid_t pid, struct err *e)
{
	char path[64], number[16], *save = NULL;
	char *argv[ARGS_MAX] = { path, number };
	size_t n = 2;
	int r = find_program(map->program, path, sizeof(path), e);

	if (r < 0)
		return r;
	fmt_str(number, sizeof(number), "%d", (int)pid);
	for (char *word = strtok_r(map->text.data, " \n", &save); word && n < ARGS_MAX - 1;
	     word = strtok_r(NULL, " \n", &save))
		argv[n++] = word;
	return run_program(path, argv, e);
}

/* ---- the maps ---- */

static bool has_id(const spec_id_maps *ids, unsigned id)
{
	for (size_t i = 0; i < ids->n; i++)
		if (id >= ids->items[i].host_id && id - ids->items[i].host_id < ids->items[i].size)
			return true;
	return false;
}

int userns_map_identity(struct userns_map *map, struct err *e)
{
	if (!has_id(map->ids, map->own_id))
		buf_fmt(&map->text, "%u %u 1\n", map->own_id, map->own_id);
	for (size_t i = 0; i < map->ids->n; i++)
		buf_fmt(&map->text, "%u %u %u\n", map->ids->items[i].host_id,
			map->ids->items[i].host_id, map->ids->items[i].size);
	return buf_ok(&map->text) < 0 ? err_nomem(e) : 0;
}

/* The kernel lets a caller without CAP_SETGID map its own group only after it gave up setgroups(2);
 * newgidmap has the capability. */
static bool is_own_id_alone(const struct userns_map *map)
{
	return map->ids->n == 0 ||
	       (map->ids->n == 1 && map->ids->items[0].size == 1 && has_id(map->ids, map->own_id));
}

static int write_map(struct userns_map *map, pid_t pid, int proc_fd, struct err *e)
{
	int r = idmap_write(proc_fd, pid, map->file, map->text.data);

	if (r == -EPERM)
		r = map_by_program(map, pid, e);
	else if (r < 0)
		r = err_sys(e, r, "write", "/proc/%d/%s", (int)pid, map->file);
	return r < 0 ? err_at(e, "%s", map->where) : 0;
}

int userns_write_maps(struct userns_map *uids, struct userns_map *gids, pid_t pid, int proc_fd,
		      struct err *e)
{
	int r = is_own_id_alone(gids) ? idmap_write(proc_fd, pid, "setgroups", "deny") : 0;

	if (r < 0)
		return err_sys(e, r, "write", "/proc/%d/setgroups", (int)pid);
	r = write_map(gids, pid, proc_fd, e);
	return r < 0 ? r : write_map(uids, pid, proc_fd, e);
}
