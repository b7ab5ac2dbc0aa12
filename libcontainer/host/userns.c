/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's own user namespace, for callers without privileges.
 *
 * What a container is made of (detached mounts, namespaces, id maps) takes rights that such a caller
 * has only in a user namespace that it made. So hull enters one and goes on as any root would. In it
 * every id is what it was outside: the map is the identity, on the caller's own ids and on those that
 * the container is given. The container's namespace is below it, so that the container's root has no
 * rights over hull. A user namespace that config.json names is entered itself.
 *
 * Maps are written from outside, by a child that stays there: an unprivileged caller may map its own
 * id only; for more there are the set-uid programs newuidmap and newgidmap.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fmt.h"
#include "host/host.h"
#include "plan/sync.h"
#include "sys/sys.h"

#define ARGS_MAX 1100 /* three a line, of as many lines as the kernel takes */

struct own_map {
	const char *file;    /* below /proc/PID */
	const char *where;   /* in config.json */
	const char *program; /* what a caller without the right needs */
	unsigned own_id;
	const spec_id_maps *ids;
	struct buf text;
};

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
static int map_by_program(struct own_map *map, pid_t pid, struct err *e)
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

static int identity(struct own_map *map, struct err *e)
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
static bool is_own_id_alone(const struct own_map *map)
{
	return map->ids->n == 0 ||
	       (map->ids->n == 1 && map->ids->items[0].size == 1 && has_id(map->ids, map->own_id));
}

static int write_map(struct own_map *map, pid_t pid, int proc_fd, struct err *e)
{
	int r = idmap_write(proc_fd, pid, map->file, map->text.data);

	if (r == -EPERM)
		r = map_by_program(map, pid, e);
	else if (r < 0)
		r = err_sys(e, r, "write", "/proc/%d/%s", (int)pid, map->file);
	return r < 0 ? err_at(e, "%s", map->where) : 0;
}

static int write_maps(struct own_map *uids, struct own_map *gids, pid_t pid, int proc_fd,
		      struct err *e)
{
	int r = is_own_id_alone(gids) ? idmap_write(proc_fd, pid, "setgroups", "deny") : 0;

	if (r < 0)
		return err_sys(e, r, "write", "/proc/%d/setgroups", (int)pid);
	r = write_map(gids, pid, proc_fd, e);
	return r < 0 ? r : write_map(uids, pid, proc_fd, e);
}

/* ---- the child that stays outside ---- */

struct mapper {
	struct own_map *uids, *gids;
	int proc_fd, sync;
	pid_t pid; /* of the child */
};

/* Whose map it is says when; or ends, and with it the socket. */
static __attribute__((noreturn)) void map_for(const struct mapper *m, pid_t whose)
{
	struct err e;
	int r = sync_expect(m->sync, SYNC_MAP_IDS, NULL, &e);

	if (r == 0)
		r = write_maps(m->uids, m->gids, whose, m->proc_fd, &e);
	if (r < 0)
		sync_send_error(m->sync, &e);
	else
		(void)sync_send(m->sync, SYNC_IDS_MAPPED, 0, -EBADF, &e); /* or nobody listens */
	_exit(0);
}

static int mapper_start(struct mapper *m, struct err *e)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t whose = getpid();
	int pair[2], r = sys_socketpair(SOCK_SEQPACKET, pair);

	if (r < 0)
		return err_sys(e, r, "socketpair", "for the id maps");
	m->pid = sys_clone3(&args, sizeof(args));
	if (m->pid == 0) {
		close(pair[0]);
		m->sync = pair[1];
		map_for(m, whose);
	}
	close(pair[1]);
	m->sync = pair[0];
	return m->pid < 0 ? err_sys(e, m->pid, "clone3", "for the id maps") : 0;
}

static void mapper_done(struct mapper *m)
{
	siginfo_t info;

	m->sync = x_close(m->sync);
	if (m->pid > 0)
		while (sys_waitid(P_PID, (id_t)m->pid, &info, WEXITED) == -EINTR)
			;
	m->proc_fd = x_close(m->proc_fd);
}

/* ---- the ways in ---- */

static int unshare_both(struct err *e)
{
	int r = sys_unshare(CLONE_NEWUSER | CLONE_NEWNS);

	if (r < 0)
		return err_sys(e, r, "unshare",
			       "a user namespace (does this host allow it to users? see "
			       "user.max_user_namespaces and kernel.unprivileged_userns_clone in "
			       "sysctl(8))");
	return 0;
}

static int enter_new(struct own_map *uids, struct own_map *gids, struct err *e)
{
	_cleanup_(mapper_done) struct mapper m = {
		.uids = uids, .gids = gids, .proc_fd = -EBADF, .sync = -EBADF
	};
	int r = identity(uids, e);

	if (r == 0)
		r = identity(gids, e);
	if (r == 0)
		r = plan_open_proc(&m.proc_fd, e);
	if (r == 0)
		r = mapper_start(&m, e);
	if (r == 0)
		r = unshare_both(e);
	if (r == 0)
		r = sync_send(m.sync, SYNC_MAP_IDS, 0, -EBADF, e);
	return r < 0 ? r : sync_expect(m.sync, SYNC_IDS_MAPPED, NULL, e);
}

static int enter_named(const char *path, struct err *e)
{
	_cleanup_close_ int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	int r;

	if (fd < 0)
		return err_sys(e, fd, "open", "%s", path);
	r = sys_setns(fd, CLONE_NEWUSER);
	if (r < 0)
		return err_sys(e, r, "setns", "user namespace %s", path);
	r = sys_unshare(CLONE_NEWNS);
	return r < 0 ? err_sys(e, r, "unshare", "a mount namespace in %s", path) : 0;
}

static int enter_wanted(const struct spec *s, struct err *e)
{
	const struct spec_namespace *ns = spec_find_namespace(s, CLONE_NEWUSER);
	struct own_map uids = { .file = "uid_map",
				.where = "linux.uidMappings",
				.program = "newuidmap",
				.own_id = geteuid(),
				.ids = &s->linux_.uid_mappings };
	struct own_map gids = { .file = "gid_map",
				.where = "linux.gidMappings",
				.program = "newgidmap",
				.own_id = getegid(),
				.ids = &s->linux_.gid_mappings };
	int r;

	if (!ns)
		return err_bad(
			e, "linux.namespaces",
			"without privileges a container needs a user namespace: add one with "
			"id maps (`hull spec --rootless` shows how), or run hull as root");
	r = ns->path ? enter_named(ns->path, e) : enter_new(&uids, &gids, e);
	buf_done(&uids.text);
	buf_done(&gids.text);
	return r;
}

/* Mounts can be cloned only by who has CAP_SYS_ADMIN over the mount namespace; the kernel asks for
 * that before anything else. */
static bool may_mount(void)
{
	_cleanup_close_ int tree = sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE);

	return tree != -EPERM;
}

int userns_enter(const struct spec *s, struct err *e)
{
	int r;

	if (may_mount())
		return 0;
	/* root of a user namespace in the mount namespace of another */
	if (sys_unshare(CLONE_NEWNS) == 0)
		return 1;
	r = enter_wanted(s, e);
	return r < 0 ? r : 1;
}
