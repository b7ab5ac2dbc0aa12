/* SPDX-License-Identifier: Apache-2.0 */
/* Making a container's group: directories, limits, owner. */
#include "host/cgroup_fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/fmt.h"
#include "host/cgroup.h"
#include "host/cgroup_controllers.h"
#include "sys/sys.h"

#define POLL_MAX_MS 100
#define MAKE_TRIES 10
#define MADE "user.hull.made"

/* Removes what make_groups() made and nobody uses by now: the directories of path longer than
 * `kept`, last first. */
static void unmake_groups(int root_fd, const char *path, size_t kept)
{
	char rest[PATH_MAX];
	size_t len = fmt_str(rest, sizeof(rest), "%s", path);

	while (len > kept) {
		rest[len] = '\0';
		(void)sys_unlinkat(root_fd, rest + 1, AT_REMOVEDIR); /* on an error path already */
		while (rest[--len] != '/')
			;
	}
}

/* Marks a group above the container's as made by us: cgroup_remove() takes it away when it is empty.
 * Where there are no attributes, it stays. */
static void mark(int root_fd, const char *path)
{
	_cleanup_close_ int fd = cgroup_fs_open(root_fd, path);

	if (fd >= 0)
		(void)fsetxattr(fd, MADE, "", 0, 0);
}

bool cgroup_fs_is_made(int root_fd, const char *path)
{
	_cleanup_close_ int fd = cgroup_fs_open(root_fd, path);

	return fd >= 0 && fgetxattr(fd, MADE, NULL, 0) >= 0;
}

/* Returns the length of the part of path that was there before. */
static ssize_t try_make_groups(int root_fd, const char *path, struct err *e)
{
	char part[PATH_MAX];
	size_t kept = 0;

	for (const char *end = path; *end;) {
		size_t len = (size_t)(strchrnul(end + 1, '/') - path);
		int r;

		fmt_str(part, sizeof(part), "%.*s", (int)len, path);
		r = sys_mkdirat(root_fd, part + 1, 0755);
		if (r < 0 && r != -EEXIST) {
			unmake_groups(root_fd, part, kept);
			return err_sys(e, r, "mkdir", "cgroup %s", part);
		}
		if (r == -EEXIST)
			kept = len;
		else if (path[len])
			mark(root_fd, part);
		end = path + len;
	}
	return (ssize_t)kept;
}

/* A group above that somebody else removes meanwhile is made again. */
static ssize_t make_groups(int root_fd, const char *path, struct err *e)
{
	ssize_t kept = -ENOENT;

	for (int i = 0; i < MAKE_TRIES && (kept == -ENOENT || kept == -ENODEV); i++)
		kept = try_make_groups(root_fd, path, e);
	return kept;
}

static int event_in(int fd, const char *key)
{
	char text[256];
	const char *p;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	p = strstr(text, key);
	return p ? p[strlen(key) + 1] == '1' : -ENODATA;
}

int cgroup_fs_event(int dirfd, const char *key)
{
	_cleanup_close_ int fd = sys_openat(dirfd, "cgroup.events", O_RDONLY, 0);

	return fd < 0 ? fd : event_in(fd, key);
}

int cgroup_fs_wait(int dirfd, const char *key, bool want, int64_t deadline)
{
	_cleanup_close_ int fd = sys_openat(dirfd, "cgroup.events", O_RDONLY, 0);
	/* The kernel tells of changes at most every 10 ms (cgroup_file_notify()): a short-lived
	 * group is seen sooner by looking again. */
	int pause_ms = 1;

	if (fd < 0)
		return fd;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLPRI };
		int r = event_in(fd, key);

		if (r < 0 || r == want)
			return r < 0 ? r : 0;
		if (fd_now_ms() >= deadline)
			return -ETIMEDOUT;
		if (poll(&p, 1, pause_ms) < 0 && errno != EINTR)
			return -errno;
		pause_ms = pause_ms * 2 < POLL_MAX_MS ? pause_ms * 2 : POLL_MAX_MS;
	}
}

/* cgroup.events tells it of a group with processes when they have stopped only. */
static bool is_set_to_freeze(int root_fd, const char *path)
{
	_cleanup_close_ int fd = cgroup_fs_open(root_fd, path);
	char text[8];

	return fd >= 0 && file_read_buf(fd, "cgroup.freeze", text, sizeof(text)) > 0 &&
	       text[0] == '1';
}

static int check_thawed(int root_fd, const char *path, struct err *e)
{
	char group[PATH_MAX];

	for (const char *end = path; *end;) {
		end = strchrnul(end + 1, '/');
		fmt_str(group, sizeof(group), "%.*s", (int)(end - path), path);
		if (is_set_to_freeze(root_fd, group))
			return err_kind(e, ERR_BUSY, "cgroup %s is frozen: thaw it first", group);
	}
	return 0;
}

int cgroup_check_thawed(const char *root, const char *path, struct err *e)
{
	_cleanup_close_ int root_fd = cgroup_open_root(root, NULL, e);

	return root_fd < 0 ? root_fd : check_thawed(root_fd, path, e);
}

/* A plain directory that stands for the tree in tests has no cgroup.events: it is unused. */
static int check_unused(int root_fd, int dirfd, const char *path, struct err *e)
{
	int populated = cgroup_fs_event(dirfd, "populated");

	if (populated == -ENOENT)
		return 0;
	if (populated < 0)
		return err_sys(e, populated, "read", "cgroup.events of cgroup %s", path);
	if (populated)
		return err_kind(e, ERR_BUSY,
				"cgroup %s holds processes already: give the container its own",
				path);
	return check_thawed(root_fd, path, e);
}

/* A group made just now directly below the mount can be neither populated nor frozen. */
static int open_unused(int root_fd, const char *path, bool made, struct err *e)
{
	_cleanup_close_ int fd = cgroup_fs_open(root_fd, path);
	int r;

	if (fd < 0)
		return err_sys(e, fd, "open", "cgroup %s", path);
	if (!made || strchr(path + 1, '/')) {
		r = check_unused(root_fd, fd, path, e);
		if (r < 0)
			return r;
	}
	return take_fd(fd);
}

int cgroup_check(const char *root, const struct plan_cgroup *cg, struct err *e)
{
	char root_path[PATH_MAX];
	_cleanup_close_ int root_fd = cgroup_open_root(root, root_path, e);

	return root_fd < 0 ? root_fd : cgroup_controllers_check(root_fd, root_path, cg, e);
}

int cgroup_create(const char *root, struct plan_cgroup *cg, struct err *e)
{
	char root_path[PATH_MAX];
	_cleanup_close_ int root_fd = cgroup_open_root(root, root_path, e);
	ssize_t kept;
	bool made;
	int r;

	if (root_fd < 0)
		return root_fd;
	r = cgroup_controllers_check(root_fd, root_path, cg, e);
	if (r < 0)
		return r;
	kept = make_groups(root_fd, cg->path, e);
	if (kept < 0)
		return (int)kept;
	made = (size_t)kept < strlen(cg->path);
	r = cg->aside ? cgroup_step_aside(root_fd, cg->aside, e) : 0;
	if (r >= 0)
		r = cgroup_controllers_enable(root_fd, cg, true, e);
	if (r >= 0)
		r = open_unused(root_fd, cg->path, made, e);
	if (r < 0) {
		unmake_groups(root_fd, cg->path, (size_t)kept);
		return r;
	}
	cg->created = made;
	cg->kept = (size_t)kept;
	return r;
}

int cgroup_adopt(const char *root, const struct plan_cgroup *cg, struct err *e)
{
	char root_path[PATH_MAX];
	_cleanup_close_ int root_fd = cgroup_open_root(root, root_path, e);
	int fd, r;

	if (root_fd < 0)
		return root_fd;
	r = cgroup_controllers_check(root_fd, root_path, cg, e);
	if (r >= 0)
		r = cgroup_controllers_enable(root_fd, cg, false, e);
	if (r < 0)
		return r;
	fd = cgroup_fs_open(root_fd, cg->path);
	return fd < 0 ? err_sys(e, fd, "open", "cgroup %s", cg->path) : fd;
}

void cgroup_unmake(const char *root, const struct plan_cgroup *cg)
{
	struct err ignored;
	_cleanup_close_ int root_fd = cgroup_open_root(root, NULL, &ignored);

	if (root_fd >= 0)
		unmake_groups(root_fd, cg->path, cg->kept);
}

static int write_error(const struct plan_cgroup_write *w, int r, struct err *e)
{
	if (r == -ENOENT)
		err_kind(e, ERR_UNSUPPORTED, "this kernel has no %s", w->file);
	else
		err_sys(e, r, "write", "%s to %s", w->value, w->file);
	return err_at(e, "%s", w->where);
}

/* No file, or a device that is not in the hands of what the file is for. */
static bool is_nowhere(int r)
{
	return r == -ENOENT || r == -EOPNOTSUPP;
}

int cgroup_fs_write(int dirfd, const struct plan_cgroup *cg, struct err *e)
{
	bool missing = false;

	for (size_t i = 0; i < cg->n_writes; i++) {
		const struct plan_cgroup_write *w = &cg->writes[i];
		int r;

		if (w->otherwise && !missing)
			continue;
		r = file_write_at(dirfd, w->file, w->value);
		missing = is_nowhere(r);
		if (r < 0 && !(missing && w->optional))
			return write_error(w, r, e);
	}
	return 0;
}

/* The files that the kernel names as those of a delegated group; absent ones are fine (F12). */
static int change_owner(int dirfd, uid_t uid, struct err *e)
{
	static const char fallback[] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads";
	char text[2048], *rest = text;
	int r = sys_fchownat(dirfd, "", uid, (gid_t)-1, AT_EMPTY_PATH);

	if (r < 0)
		return err_sys(e, r, "chown", "cgroup to uid %u", uid);
	if (file_read_buf(AT_FDCWD, "/sys/kernel/cgroup/delegate", text, sizeof(text)) < 0)
		fmt_str(text, sizeof(text), "%s", fallback);
	for (char *file; (file = strsep(&rest, "\n"));) {
		r = sys_fchownat(dirfd, file, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW);
		if (r < 0 && r != -ENOENT)
			return err_sys(e, r, "chown", "%s to uid %u", file, uid);
	}
	return 0;
}

int cgroup_apply(int dirfd, const struct plan_cgroup *cg, struct err *e)
{
	int r = cgroup_fs_write(dirfd, cg, e);

	if (r >= 0 && cg->device_prog)
		r = cgroup_devices_attach(dirfd, cg, e);
	if (r >= 0 && cg->own)
		r = change_owner(dirfd, cg->owner_uid, e);
	return r;
}
