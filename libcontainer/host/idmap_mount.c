/* SPDX-License-Identifier: Apache-2.0 */
/* Id-mapped mounts: the kernel takes the maps from a user namespace, which lives as long as a
 * process that waits in it, or a descriptor of it. */
#include "host/mounts.h"

#include <errno.h>
#include <fcntl.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "sys/sys.h"

struct holder {
	int pidfd, keep_fd; /* the process ends when keep_fd is closed */
	pid_t pid;
};

static void holder_done(struct holder *h)
{
	siginfo_t info;

	h->keep_fd = x_close(h->keep_fd);
	if (h->pidfd >= 0) {
		while (sys_waitid(P_PIDFD, (id_t)h->pidfd, &info, WEXITED) == -EINTR)
			;
	}
	h->pidfd = x_close(h->pidfd);
}

/* End of file also comes when the runtime dies. */
static void hold(int keep_fd) __attribute__((noreturn));
static void hold(int keep_fd)
{
	char byte;

	while (sys_read(keep_fd, &byte, 1) == -EINTR)
		;
	_exit(0);
}

static int holder_start(struct holder *ret, struct err *e)
{
	int pidfd = -EBADF, ends[2], pid, r = sys_pipe(ends);
	struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_PIDFD,
				   .pidfd = (uintptr_t)&pidfd,
				   .exit_signal = SIGCHLD };

	if (r < 0)
		return err_sys(e, r, "pipe", "user namespace of an idmapped mount");
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0) {
		close(ends[1]);
		hold(ends[0]);
	}
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return err_sys(e, pid, "clone3", "user namespace of an idmapped mount");
	}
	*ret = (struct holder){ .pidfd = pidfd, .keep_fd = ends[1], .pid = pid };
	return 0;
}

static int write_map(int proc_fd, pid_t pid, const char *file, const char *text, struct err *e)
{
	char path[64];
	int r;

	fmt_str(path, sizeof(path), "%d/%s", (int)pid, file);
	r = file_write_at(proc_fd, path, text);
	return r < 0 ? err_sys(e, r, "write", "%s of an idmapped mount", file) : 0;
}

int idmap_userns_open(int proc_fd, const char *uid_map, const char *gid_map, struct err *e)
{
	_cleanup_(holder_done) struct holder holder = { .pidfd = -EBADF, .keep_fd = -EBADF };
	char path[64];
	int fd, r = holder_start(&holder, e);

	if (r < 0)
		return r;
	r = write_map(proc_fd, holder.pid, "uid_map", uid_map, e);
	if (r == 0)
		r = write_map(proc_fd, holder.pid, "gid_map", gid_map, e);
	if (r < 0)
		return r;
	fmt_str(path, sizeof(path), "%d/ns/user", (int)holder.pid);
	fd = sys_openat(proc_fd, path, O_RDONLY, 0);
	return fd < 0 ? err_sys(e, fd, "open", "/proc/%s", path) : fd;
}

static int joined_namespace(const struct plan *p, struct err *e)
{
	for (size_t i = 0; i < p->ns.n_join; i++) {
		int fd;

		if (p->ns.join[i].type != CLONE_NEWUSER)
			continue;
		fd = fcntl(p->ns.join[i].fd, F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? err_sys(e, errno, "fcntl", "%s", p->ns.join[i].path) : fd;
	}
	return err_bad(e, "options", "idmap needs mappings of the mount or a user namespace");
}

static void map_text(const spec_id_maps *maps, struct buf *out)
{
	for (size_t i = 0; i < maps->n; i++)
		buf_fmt(out, "%u %u %u\n", maps->items[i].container_id, maps->items[i].host_id,
			maps->items[i].size);
}

int idmap_mount_open(const struct plan *p, const struct spec_mount *sm, struct err *e)
{
	_cleanup_buf_ struct buf uids = { 0 }, gids = { 0 };

	if (sm->uid_mappings.n == 0 && sm->gid_mappings.n == 0) {
		if (p->ns.uid_map && p->ns.gid_map)
			return idmap_userns_open(p->proc_fd, p->ns.uid_map, p->ns.gid_map, e);
		return joined_namespace(p, e);
	}
	map_text(&sm->uid_mappings, &uids);
	map_text(&sm->gid_mappings, &gids);
	if (buf_ok(&uids) < 0 || buf_ok(&gids) < 0)
		return err_nomem(e);
	if (!uids.len || !gids.len)
		return err_bad(e, "", "uidMappings and gidMappings must be given together");
	return idmap_userns_open(p->proc_fd, uids.data, gids.data, e);
}
