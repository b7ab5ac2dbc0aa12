/* SPDX-License-Identifier: Apache-2.0 */
/* File systems in user space, mounted by the helper that mount(8), too, would ask. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "life/rootfs_mount.h"
#include "sys/sys.h"

#define TEXT_MAX 240 /* of what a helper said */

static const struct helper {
	const char *prefix, *program;
} helpers[] = {
	{ "fuse3.", "mount.fuse3" },
	{ "fuse.", "mount.fuse" },
};

static const struct helper *find(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++)
		if (strncmp(type, helpers[i].prefix, strlen(helpers[i].prefix)) == 0)
			return &helpers[i];
	return NULL;
}

bool fuse_mount_is(const char *type)
{
	return find(type) != NULL;
}

/* What it mounts lives on in a daemon: that must not hold the container's streams open. */
static int spawn(pid_t *ret, char *const *argv, int complaints)
{
	posix_spawn_file_actions_t plan;
	int r = posix_spawn_file_actions_init(&plan);

	if (r != 0)
		return r;
	r = posix_spawn_file_actions_addopen(&plan, 0, "/dev/null", O_RDWR, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&plan, 0, 1);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&plan, complaints, 2);
	if (r == 0)
		r = posix_spawnp(ret, argv[0], &plan, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&plan);
	return r;
}

/* The first line that the helper wrote to its standard error. */
static void read_complaint(int fd, char text[TEXT_MAX])
{
	ssize_t n = pread(fd, text, TEXT_MAX - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static int run(char *const *argv, const char *type, struct err *e)
{
	_cleanup_close_ int complaints = sys_memfd_create("complaints", 0);
	char text[TEXT_MAX];
	siginfo_t info = {};
	pid_t child;
	int r;

	if (complaints < 0)
		return err_sys(e, complaints, "memfd_create", "%s", argv[0]);
	r = spawn(&child, argv, complaints);
	if (r == ENOENT)
		return err_kind(e, ERR_UNSUPPORTED, "a mount of type %s needs %s: install fuse",
				type, argv[0]);
	if (r != 0)
		return err_sys(e, r, "posix_spawn", "%s", argv[0]);
	while ((r = sys_waitid(P_PID, (id_t)child, &info, WEXITED)) == -EINTR)
		;
	if (r < 0)
		return err_sys(e, r, "waitid", "%s", argv[0]);
	if (info.si_code == CLD_EXITED && info.si_status == 0)
		return 0;
	read_complaint(complaints, text);
	return err_kind(e, ERR_STATE, "%s for a mount of type %s ended with status %d%s%s", argv[0],
			type, info.si_status, text[0] ? ": " : "", text);
}

/* `mount.fuse3 SOURCE TARGET -o OPTION... -t NAME` */
static char **make_argv(const struct lc_mount *m, const char *path, struct arena *arena)
{
	const struct helper *h = find(m->type);
	const char **argv = arena_array_of(arena, const char *, 2 * m->n_options + 6);
	size_t n = 0;

	if (!argv)
		return NULL;
	argv[n++] = h->program;
	argv[n++] = m->source;
	argv[n++] = path;
	for (size_t i = 0; i < m->n_options; i++) {
		argv[n++] = "-o";
		argv[n++] = m->options[i];
	}
	argv[n++] = "-t";
	argv[n++] = m->type + strlen(h->prefix);
	argv[n] = NULL;
	return (char **)argv;
}

/* Helpers know paths only: the resolved one, as what is mounted already may hold symlinks. */
int fuse_mount(const struct lc_mount *m, int target, struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	char link[64], path[PATH_MAX];
	struct stat before, after;
	char **argv;
	ssize_t n;
	int r;

	fmt_str(link, sizeof(link), "/proc/self/fd/%d", target);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return err_sys(e, errno, "readlink", "%s", link);
	path[n] = '\0';
	argv = arena ? make_argv(m, path, arena) : NULL;
	if (!argv)
		return err_nomem(e);
	r = sys_fstat(target, &before);
	if (r == 0)
		r = run(argv, m->type, e);
	if (r < 0)
		return r;
	r = sys_fstatat(AT_FDCWD, path, &after, 0);
	if (r < 0)
		return err_sys(e, r, "stat", "%s", path);
	return before.st_dev != after.st_dev
		       ? 0
		       : err_kind(e, ERR_STATE, "%s has mounted nothing on %s", argv[0], path);
}
