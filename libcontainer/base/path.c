/* SPDX-License-Identifier: Apache-2.0 */
/* Paths inside an untrusted tree. Every look-up is one openat2(2) from the root descriptor, so the
 * kernel, not we, decides where "..", absolute and relative symlinks lead. Directories are created
 * in the parent just resolved, by a name that is never followed. */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"

/* A rename or mount anywhere makes a walk through ".." return EAGAIN (openat2(2)); a host that
 * keeps doing so for this many tries is attacking us. */
#define MAX_TRIES 128

static int open_resolved(int dirfd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = (unsigned)flags | O_CLOEXEC,
				.mode = flags & O_CREAT ? 0644 : 0,
				.resolve = resolve };
	long fd;

	for (int i = 0; i < MAX_TRIES; i++) {
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
		if (fd >= 0)
			return (int)fd;
		if (errno != EAGAIN && errno != EINTR)
			break;
	}
	return -errno;
}

int path_open_in(int root, const char *path, int flags)
{
	return open_resolved(root, path, flags, RESOLVE_IN_ROOT);
}

int path_open_proc(int proc_fd, const char *path, int flags)
{
	return open_resolved(proc_fd, path, flags,
			     RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
}

/* Creates an empty file or a directory with the whole mode, whatever the caller's umask. Neither
 * call follows a symlink; one that is there already is left to the look-up that comes next. */
static int create(int parent, const char *name, bool file)
{
	mode_t mask = umask(0);
	int r = file ? mknodat(parent, name, S_IFREG | 0644, 0) : mkdirat(parent, name, 0755);
	int errnum = errno;

	umask(mask);
	return r < 0 && errnum != EEXIST ? -errnum : 0;
}

/* Opens prefix, whose last component is name and whose parent directory is open. */
static int open_or_create(int root, int parent, const char *prefix, const char *name, bool file,
			  struct err *e)
{
	int r, fd = path_open_in(root, prefix, O_PATH);

	if (fd == -ENOENT) {
		r = create(parent, name, file);
		if (r < 0)
			return err_sys(e, r, file ? "create" : "mkdir", "%s", prefix);
		fd = path_open_in(root, prefix, O_PATH);
	}
	return fd < 0 ? err_sys(e, fd, "open", "%s", prefix) : fd;
}

/* Walks component by component; the descriptor is that of the prefix walked so far. */
static int make_walking(int root, const char *path, bool file, struct err *e)
{
	_cleanup_close_ int fd = path_open_in(root, "/", O_PATH);
	char prefix[PATH_MAX];
	size_t len = strlen(path), end = strspn(path, "/");

	if (fd < 0)
		return err_sys(e, fd, "open", "root of %s", path);
	if (len >= sizeof(prefix))
		return err_sys(e, ENAMETOOLONG, "open", "%s", path);
	memcpy(prefix, path, len + 1);
	while (end < len) {
		const char *name = prefix + end;
		size_t next;
		int child;

		end += strcspn(path + end, "/");
		next = end + strspn(path + end, "/");
		prefix[end] = '\0';
		child = open_or_create(root, fd, prefix, name, file && next == len, e);
		if (child < 0)
			return child;
		prefix[end] = path[end];
		x_close(fd);
		fd = child;
		end = next;
	}
	return take_fd(fd);
}

int path_make_in(int root, const char *path, bool file, struct err *e)
{
	int fd = path_open_in(root, path, O_PATH);

	if (fd == -ENOENT)
		return make_walking(root, path, file, e);
	return fd < 0 ? err_sys(e, fd, "open", "%s", path) : fd;
}

int path_open_parent_in(int root, const char *path, bool make, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t len = (size_t)(name - path);
	char parent[PATH_MAX] = "/";
	int fd;

	if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_sys(e, EINVAL, "open", "%s names no file", path);
	if (len >= sizeof(parent))
		return err_sys(e, ENAMETOOLONG, "open", "%s", path);
	if (len > 0)
		memcpy(parent, path, len);
	if (make) {
		fd = path_make_in(root, parent, false, e);
	} else {
		fd = path_open_in(root, parent, O_PATH | O_DIRECTORY);
		if (fd < 0)
			err_sys(e, fd, "open", "%s", parent);
	}
	if (fd >= 0)
		*ret_name = name;
	return fd;
}

/* The length of buf without its last component. */
static size_t drop_last(const char *buf, size_t len)
{
	while (len > 0 && buf[--len] != '/')
		;
	return len;
}

ssize_t path_clean(const char *path, char *buf, size_t size)
{
	size_t len = 0;

	while (*(path += strspn(path, "/"))) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			len = drop_last(buf, len);
		} else if (n != 1 || path[0] != '.') {
			if (n + 2 > size - len) /* the slash before, the terminator behind */
				return -ENAMETOOLONG;
			buf[len] = '/';
			memcpy(buf + len + 1, path, n);
			len += n + 1;
		}
		path += n;
	}
	if (size < 2)
		return -ENAMETOOLONG;
	if (len == 0)
		buf[len++] = '/';
	buf[len] = '\0';
	return (ssize_t)len;
}
