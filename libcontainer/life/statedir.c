/* SPDX-License-Identifier: Apache-2.0 */
/* The container's directory: made by one winner, locked by who changes it, removed last. */
#include "life/statedir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "spec/spec_check.h"
#include "sys/sys.h"

#define LOCK_DEADLINE_MS 10000
#define LOCK_RETRY_MS 5

static int no_access(const char *op, int r, const char *root, struct err *e)
{
	return err_sys(e, r, op, "state directory %s%s", root,
		       r == -EACCES ? " (set XDG_RUNTIME_DIR, or give --root)" : "");
}

/* Parents are made, too: docker names a root of which not even the parent exists. The root is sticky: in
 * XDG_RUNTIME_DIR that keeps it from being aged out (XDG base directories). */
static int make_root(const char *root, struct err *e)
{
	char parent[PATH_MAX];
	const char *slash = root;
	int r = 0;

	while ((slash = strchr(slash + 1, '/')) && (r == 0 || r == -EEXIST)) {
		fmt_str(parent, sizeof(parent), "%.*s", (int)(slash - root), root);
		r = sys_mkdirat(AT_FDCWD, parent, 0700);
	}
	if (r == 0 || r == -EEXIST)
		r = sys_mkdirat(AT_FDCWD, root, 01700);
	return r < 0 && r != -EEXIST ? no_access("mkdir", r, root, e) : 0;
}

static int open_root(const char *root, bool make, struct err *e)
{
	int fd = sys_openat(AT_FDCWD, root, O_RDONLY | O_DIRECTORY, 0);

	if (fd == -ENOENT && make) {
		int r = make_root(root, e);

		if (r < 0)
			return r;
		fd = sys_openat(AT_FDCWD, root, O_RDONLY | O_DIRECTORY, 0);
	}
	if (fd == -ENOENT)
		return err_kind(e, ERR_NOTFOUND, "container does not exist");
	if (fd < 0)
		return no_access("open", fd, root, e);
	return fd;
}

/* flock with a deadline: whoever holds it may be stuck. */
static int lock(int fd, int patience_ms, struct err *e)
{
	int64_t deadline = fd_now_ms() + patience_ms;
	int r;

	while ((r = sys_flock(fd, LOCK_EX | LOCK_NB)) == -EWOULDBLOCK && fd_now_ms() < deadline)
		(void)fd_wait(NULL, 0, LOCK_RETRY_MS); /* only a pause */
	if (r == -EWOULDBLOCK)
		return err_kind(e, ERR_BUSY,
				"another operation on this container is still going on");
	if (r < 0)
		return err_sys(e, r, "flock", "the container's state directory");
	return 0;
}

/* A directory may be removed, even made again, between its opening and its locking. */
static int check_still_there(const struct statedir *d, const char *id, struct err *e)
{
	struct stat mine, named;
	int r = sys_fstat(d->dir_fd, &mine);

	if (r == 0)
		r = sys_fstatat(d->root_fd, id, &named, 0);
	if (r == -ENOENT ||
	    (r == 0 && (mine.st_ino != named.st_ino || mine.st_dev != named.st_dev)))
		return err_kind(e, ERR_NOTFOUND, "container does not exist");
	return r < 0 ? err_sys(e, r, "stat", "state of container %s", id) : 0;
}

static int open_dir(struct statedir *d, const char *id, enum statedir_lock how, struct err *e)
{
	int r;

	d->dir_fd = sys_openat(d->root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (d->dir_fd == -ENOENT)
		return err_kind(e, ERR_NOTFOUND, "container does not exist");
	if (d->dir_fd < 0)
		return err_sys(e, d->dir_fd, "open", "state of container %s", id);
	if (how == STATEDIR_UNLOCKED)
		return 0;
	r = lock(d->dir_fd, how == STATEDIR_LOCKED ? LOCK_DEADLINE_MS : 0, e);
	return r == 0 ? check_still_there(d, id, e) : r;
}

void statedir_close(struct statedir *d)
{
	d->dir_fd = x_close(d->dir_fd);
	d->root_fd = x_close(d->root_fd);
}

int statedir_open(const char *root, const char *id, enum statedir_lock how, struct statedir *ret,
		  struct err *e)
{
	struct statedir d = STATEDIR_EMPTY;
	int r = spec_check_id(id, e);

	if (r < 0)
		return r;
	d.root_fd = open_root(root, false, e);
	r = d.root_fd < 0 ? d.root_fd : open_dir(&d, id, how, e);
	if (r < 0) {
		statedir_close(&d);
		return r;
	}
	*ret = d;
	return 0;
}

/* A delete --force may have been faster than our lock: then there is nothing to undo. */
static int open_made(struct statedir *d, const char *id, struct err *e)
{
	int r = open_dir(d, id, STATEDIR_LOCKED, e);

	if (r < 0 && e->kind != ERR_NOTFOUND)
		(void)sys_unlinkat(d->root_fd, id,
				   AT_REMOVEDIR); /* the first error is the one to tell */
	return r;
}

/* mkdir decides the winner. */
int statedir_create(const char *root, const char *id, struct statedir *ret, struct err *e)
{
	struct statedir d = STATEDIR_EMPTY;
	int r = spec_check_id(id, e);

	if (r < 0)
		return r;
	d.root_fd = open_root(root, true, e);
	if (d.root_fd < 0)
		return d.root_fd;
	r = sys_mkdirat(d.root_fd, id, 0711);
	if (r == -EEXIST)
		r = err_kind(e, ERR_EXISTS, "container with given ID already exists");
	else if (r < 0)
		r = err_sys(e, r, "mkdir", "%s/%s", root, id);
	else
		r = open_made(&d, id, e);
	if (r < 0) {
		statedir_close(&d);
		return r;
	}
	*ret = d;
	return 0;
}

bool statedir_cgroup(const struct statedir *d, char *ret, size_t size)
{
	ssize_t n = readlinkat(d->dir_fd, STATEDIR_CGROUP, ret, size - 1);

	if (n <= 0)
		return false;
	ret[n] = '\0';
	return true;
}

static const struct {
	const char *name;
	int flags;
} contents[] = {
	{ STATEDIR_FIFO, 0 },	       { STATEDIR_START, 0 },
	{ STATEDIR_NOTIFY_SOCKET, 0 }, { STATEDIR_NOTIFY, AT_REMOVEDIR },
	{ STATEDIR_CONFIG, 0 },	       { STATEDIR_CGROUP, 0 },
	{ STATEDIR_RECORD, 0 },	       { STATEDIR_RECORD ".tmp", 0 },
};

int statedir_remove(struct statedir *d, const char *id, struct err *e)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(contents); i++) {
		r = sys_unlinkat(d->dir_fd, contents[i].name, contents[i].flags);
		if (r < 0 && r != -ENOENT)
			return err_sys(e, r, "unlink", "%s of container %s", contents[i].name, id);
	}
	r = sys_unlinkat(d->root_fd, id, AT_REMOVEDIR);
	if (r < 0 && r != -ENOENT)
		return err_sys(e, r, "rmdir", "state of container %s", id);
	return 0;
}

const char *statedir_seccomp_cache(const char *root, struct arena *arena)
{
	return arena_printf(arena, "%s/,seccomp", root);
}
