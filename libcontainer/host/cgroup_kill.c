/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a group: listed, signalled, killed; and its removal. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/fmt.h"
#include "base/num.h"
#include "host/cgroup.h"
#include "host/cgroup_fs.h"
#include "sys/sys.h"

/* Sub-groups are the container's own doing: a listing that goes deeper is refused, not followed. */
#define DEPTH_MAX 128
/* Descriptors held at once while signalling. */
#define BATCH 64
#define RETRY_MAX_MS 50

static void dir_closep(DIR **d)
{
	if (*d)
		closedir(*d);
}

static DIR *dir_open(int dirfd, const char *name)
{
	int fd = sys_openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	DIR *d;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	d = fdopendir(fd);
	if (!d)
		x_close(fd);
	return d;
}

/* The next sub-group, NULL at the end. */
static const char *next_group(DIR *d)
{
	for (struct dirent *entry; (entry = readdir(d));)
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			return entry->d_name;
	return NULL;
}

/* Appends pid_t values to out. 0 stands for a process outside our pid namespace. */
static int add_pids(int dirfd, struct buf *out)
{
	_cleanup_close_ int fd = sys_openat(dirfd, "cgroup.procs", O_RDONLY, 0);
	_cleanup_buf_ struct buf text = { 0 };
	char chunk[4096], *rest;
	ssize_t n;
	int pid;

	if (fd < 0)
		return fd;
	while ((n = sys_read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(&text, chunk, (size_t)n);
	/* The processes of a threaded group are listed by the domain above it. */
	if (n < 0)
		return n == -EOPNOTSUPP ? 0 : (int)n;
	if (buf_ok(&text) < 0)
		return -ENOMEM;
	rest = text.data;
	for (char *line; (line = strsep(&rest, "\n"));)
		if (num_parse_int(line, &pid) == 0 && pid > 0)
			buf_add(out, &pid, sizeof(pid));
	return buf_ok(out);
}

/* A group that vanishes meanwhile had no processes left. */
static int add_pids_below(int parent, const char *name, unsigned depth, struct buf *out)
{
	_cleanup_(dir_closep) DIR *d = dir_open(parent, name);
	int r;

	if (!d)
		return errno == ENOENT ? 0 : -errno;
	if (depth == DEPTH_MAX)
		return -ELOOP;
	r = add_pids(dirfd(d), out);
	for (const char *sub; r >= 0 && (sub = next_group(d));)
		r = add_pids_below(dirfd(d), sub, depth + 1, out);
	return r == -ENOENT || r == -ENODEV ? 0 : r;
}

int cgroup_pids_in(int dirfd, const char *path, pid_t **ret, size_t *ret_n, struct err *e)
{
	_cleanup_buf_ struct buf pids = { 0 };
	int r = add_pids_below(dirfd, ".", 0, &pids);

	if (r < 0)
		return err_sys(e, r, "read", "the processes of cgroup %s", path);
	*ret_n = pids.len / sizeof(pid_t);
	*ret = (pid_t *)(void *)take_ptr(pids.data);
	return 0;
}

int cgroup_pids(const char *root, const char *path, pid_t **ret, size_t *ret_n, struct err *e)
{
	_cleanup_close_ int dirfd = cgroup_open(root, path, e);

	return dirfd < 0 ? dirfd : cgroup_pids_in(dirfd, path, ret, ret_n, e);
}

static bool is_listed(pid_t pid, const pid_t *pids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* A pid that is listed before and after its pidfd was opened is a member: whoever took over the
 * number of one that died in between is either a member as well or not listed. */
static int signal_batch(int dirfd, const char *path, const pid_t *pids, size_t n, int sig,
			struct err *e)
{
	_cleanup_free_ pid_t *now = NULL;
	int pidfds[BATCH];
	size_t n_now;
	int r;

	for (size_t i = 0; i < n; i++)
		pidfds[i] = pids[i] > 1 ? sys_pidfd_open(pids[i], 0) : -ESRCH;
	r = cgroup_pids_in(dirfd, path, &now, &n_now, e);
	for (size_t i = 0; i < n; i++) {
		int sent = pidfds[i];

		if (sent >= 0 && r >= 0)
			sent = is_listed(pids[i], now, n_now)
				       ? sys_pidfd_send_signal(pidfds[i], sig)
				       : 0;
		if (sent < 0 && sent != -ESRCH && r >= 0)
			r = err_sys(e, sent, "kill", "process %d of cgroup %s", pids[i], path);
		pidfds[i] = x_close(pidfds[i]);
	}
	return r < 0 ? r : 0;
}

int cgroup_signal_in(int dirfd, const char *path, int sig, struct err *e)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t n;
	int r;

	if (sig == SIGKILL) {
		r = file_write_at(dirfd, "cgroup.kill", "1");
		return r < 0 ? err_sys(e, r, "write", "cgroup.kill of cgroup %s", path) : 0;
	}
	r = cgroup_pids_in(dirfd, path, &pids, &n, e);
	for (size_t i = 0; i < n && r >= 0; i += BATCH)
		r = signal_batch(dirfd, path, pids + i, n - i < BATCH ? n - i : BATCH, sig, e);
	return r;
}

int cgroup_signal(const char *root, const char *path, int sig, struct err *e)
{
	_cleanup_close_ int dirfd = cgroup_open(root, path, e);

	return dirfd < 0 ? dirfd : cgroup_signal_in(dirfd, path, sig, e);
}

/* Removes the sub-groups of d that have none themselves, counting them. Returns 1 and the name of
 * the first that something is in, 0 when none is left, or -errno. */
static int remove_leaves(DIR *d, size_t *ret_removed, char name[NAME_MAX + 1])
{
	*ret_removed = 0;
	for (const char *sub; (sub = next_group(d)); (*ret_removed)++) {
		int r = sys_unlinkat(dirfd(d), sub, AT_REMOVEDIR);

		if (r == -EBUSY || r == -ENOTEMPTY) {
			fmt_str(name, NAME_MAX + 1, "%s", sub);
			return 1;
		}
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

/* Removes everything below top, holding one directory at a time: how deep it goes is the
 * container's choice. -EBUSY when a group cannot be removed though it has no sub-groups. */
static int remove_below(int top)
{
	_cleanup_close_ int dir = sys_openat(top, ".", O_RDONLY | O_DIRECTORY, 0);
	size_t depth = 0, removed = 0;
	bool descended = false;

	while (dir >= 0) {
		_cleanup_(dir_closep) DIR *d = dir_open(dir, ".");
		char name[NAME_MAX + 1];
		int r = d ? remove_leaves(d, &removed, name) : -errno;

		if (r < 0 || (r == 0 && depth == 0))
			return r;
		if (r == 0 && descended && removed == 0)
			return -EBUSY;
		descended = r == 1;
		depth = descended ? depth + 1 : depth - 1;
		x_close(dir);
		dir = sys_openat(dirfd(d), descended ? name : "..",
				 O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	}
	return dir;
}

static int stuck_error(int dirfd, const char *path, struct err *e)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t n = 0;

	if (cgroup_pids_in(dirfd, path, &pids, &n, e) >= 0 && n > 0)
		return err_kind(e, ERR_TIMEOUT,
				"process %d of cgroup %s does not die: try again later", pids[0],
				path);
	return err_kind(e, ERR_TIMEOUT, "cgroup %s stays busy: try again later", path);
}

/* Without processes it may be removed at any moment, by systemd: its files are gone then. */
static bool is_gone(int r)
{
	return r == -ENOENT || r == -ENODEV;
}

/* One round: 0 when it is gone (whoever did it), -EBUSY or -ETIMEDOUT when it is still in use. */
static int try_remove(int root_fd, int dirfd, const char *path, int64_t deadline)
{
	int r = cgroup_fs_wait(dirfd, "populated", false, deadline);

	if (r < 0 && !is_gone(r))
		return r;
	r = remove_below(dirfd);
	if (r < 0 && !is_gone(r))
		return r;
	r = sys_unlinkat(root_fd, path + 1, AT_REMOVEDIR);
	return is_gone(r) ? 0 : r;
}

static int remove_busy(int root_fd, const char *path, bool kill_all, int deadline_ms, struct err *e)
{
	_cleanup_close_ int dirfd = cgroup_fs_open(root_fd, path);
	int64_t deadline = fd_now_ms() + deadline_ms;
	int r = 0;

	if (dirfd < 0)
		return is_gone(dirfd) ? 0 : err_sys(e, dirfd, "open", "cgroup %s", path);
	if (!kill_all && cgroup_fs_event(dirfd, "populated") == 1)
		return err_kind(e, ERR_BUSY, "cgroup %s still holds processes", path);
	if (kill_all)
		r = file_write_at(dirfd, "cgroup.kill", "1");
	if (r < 0 && !is_gone(r))
		return err_sys(e, r, "write", "cgroup.kill of cgroup %s", path);
	for (int pause_ms = 1;;
	     pause_ms = pause_ms * 2 < RETRY_MAX_MS ? pause_ms * 2 : RETRY_MAX_MS) {
		r = try_remove(root_fd, dirfd, path, deadline);
		if (r >= 0)
			return 0;
		if (r != -EBUSY && r != -ETIMEDOUT)
			return err_sys(e, r, "rmdir", "cgroup %s", path);
		if (fd_now_ms() >= deadline)
			return stuck_error(dirfd, path, e);
		/* Dying tasks hold a group for a moment after it counts as empty. */
		(void)nanosleep(&(struct timespec){ .tv_nsec = pause_ms * 1000000L }, NULL);
	}
}

/* The groups above it that were made for it or its like go with the last of them. */
static void remove_made_above(int root_fd, const char *path)
{
	char above[PATH_MAX], *end;

	fmt_str(above, sizeof(above), "%s", path);
	while ((end = strrchr(above, '/')) > above) {
		*end = '\0';
		if (!cgroup_fs_is_made(root_fd, above) ||
		    sys_unlinkat(root_fd, above + 1, AT_REMOVEDIR) < 0)
			return;
	}
}

int cgroup_remove(const char *root, const char *path, bool kill_all, int deadline_ms, struct err *e)
{
	_cleanup_close_ int root_fd = cgroup_open_root(root, NULL, e);
	int r;

	if (root_fd < 0)
		return root_fd;
	r = sys_unlinkat(root_fd, path + 1, AT_REMOVEDIR);
	if (r == -EBUSY || r == -ENOTEMPTY)
		r = remove_busy(root_fd, path, kill_all, deadline_ms, e);
	else if (r < 0 && r != -ENOENT)
		r = err_sys(e, r, "rmdir", "cgroup %s", path);
	if (r == 0)
		remove_made_above(root_fd, path);
	return r == -ENOENT ? 0 : r;
}
