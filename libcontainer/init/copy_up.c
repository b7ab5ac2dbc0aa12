/* SPDX-License-Identifier: Apache-2.0 */
/* Fills a new tmpfs with a copy of the directory that it is about to cover: contents, owners, modes,
 * times, extended attributes, links. Without memory: one frame of the stack a level. */
#include "init/init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "sys/sys.h"

/* Two descriptors and a few KiB of stack are held for each level. */
#define COPY_MAX_DEPTH 128
#define XATTR_MAX 65536 /* of a value and of a list: linux/limits.h */

static int copy_tree(int from, int to, unsigned depth, struct err *e);

/* Attributes that the tmpfs has no room or no right for are not part of the contents. */
static bool is_unsupported(int errnum)
{
	return errnum == ENOTSUP || errnum == EPERM || errnum == ENODATA;
}

static int copy_xattrs(int from, int to)
{
	char names[XATTR_MAX], value[XATTR_MAX];
	ssize_t len = flistxattr(from, names, sizeof(names));

	if (len < 0)
		return is_unsupported(errno) ? 0 : -errno;
	for (const char *name = names; name < names + len; name += strlen(name) + 1) {
		ssize_t n = fgetxattr(from, name, value, sizeof(value));

		if (n >= 0)
			n = fsetxattr(to, name, value, (size_t)n, 0);
		if (n < 0 && !is_unsupported(errno))
			return -errno;
	}
	return 0;
}

/* Owner before mode and attributes: a change of owner drops set-id bits and capabilities. */
static int copy_attributes(int from, int to, const struct stat *st)
{
	struct timespec times[] = { st->st_atim, st->st_mtim };
	int r = sys_fchownat(to, "", st->st_uid, st->st_gid, AT_EMPTY_PATH);

	if (r == 0)
		r = fchmod(to, st->st_mode & 07777) < 0 ? -errno : 0;
	if (r == 0)
		r = copy_xattrs(from, to);
	if (r == 0)
		r = utimensat(to, "", times, AT_EMPTY_PATH) < 0 ? -errno : 0;
	return r;
}

static int copy_data(int from, int to)
{
	ssize_t n;

	do
		n = sendfile(to, from, NULL, 1 << 30);
	while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

static int copy_file(int from_dir, int to_dir, const char *name)
{
	_cleanup_close_ int from =
		sys_openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	_cleanup_close_ int to = -EBADF;
	struct stat st;
	int r;

	if (from < 0)
		return from;
	r = sys_fstat(from, &st);
	if (r < 0)
		return r;
	to = sys_openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (to < 0)
		return to;
	r = copy_data(from, to);
	return r < 0 ? r : copy_attributes(from, to, &st);
}

/* Owner and times of what is not opened: symlinks and special files. */
static int copy_link_attributes(int to_dir, const char *name, const struct stat *st)
{
	struct timespec times[] = { st->st_atim, st->st_mtim };
	int r = sys_fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW);

	if (r == 0 && utimensat(to_dir, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		r = -errno;
	return r;
}

static int copy_symlink(int from_dir, int to_dir, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from_dir, name, target, sizeof(target) - 1);
	int r;

	if (n < 0)
		return -errno;
	target[n] = '\0';
	r = sys_symlinkat(target, to_dir, name);
	return r < 0 ? r : copy_link_attributes(to_dir, name, st);
}

static int copy_special(int to_dir, const char *name, const struct stat *st)
{
	int r = sys_mknodat(to_dir, name, st->st_mode, st->st_rdev);

	return r < 0 ? r : copy_link_attributes(to_dir, name, st);
}

static int copy_subdir(int from_dir, int to_dir, const char *name, const struct stat *st,
		       unsigned depth, struct err *e)
{
	_cleanup_close_ int from = -EBADF, to = -EBADF;
	int r = sys_mkdirat(to_dir, name, 0700);

	if (r < 0)
		return err_sys(e, r, "mkdir", "%s", name);
	from = sys_openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	to = sys_openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (from < 0 || to < 0)
		return err_sys(e, from < 0 ? from : to, "open", "%s", name);
	r = copy_tree(from, to, depth + 1, e);
	if (r < 0)
		return err_wrap(e, "%s", name);
	r = copy_attributes(from, to, st);
	return r < 0 ? err_sys(e, r, "copy", "attributes of %s", name) : 0;
}

static int copy_entry(int from_dir, int to_dir, const char *name, unsigned depth, struct err *e)
{
	struct stat st;
	int r = sys_fstatat(from_dir, name, &st, AT_SYMLINK_NOFOLLOW);

	if (r < 0)
		return err_sys(e, r, "fstatat", "%s", name);
	if (S_ISDIR(st.st_mode))
		return copy_subdir(from_dir, to_dir, name, &st, depth, e);
	if (S_ISREG(st.st_mode))
		r = copy_file(from_dir, to_dir, name);
	else if (S_ISLNK(st.st_mode))
		r = copy_symlink(from_dir, to_dir, name, &st);
	else
		r = copy_special(to_dir, name, &st);
	return r < 0 ? err_sys(e, r, "copy", "%s", name) : 0;
}

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* The buffer holds whole records (getdents64(2)). */
static int copy_records(int from, int to, const char *buf, ssize_t len, unsigned depth,
			struct err *e)
{
	for (ssize_t at = 0; at < len;) {
		const struct dirent64 *d = (const void *)(buf + at);
		int r = is_dot(d->d_name) ? 0 : copy_entry(from, to, d->d_name, depth, e);

		if (r < 0)
			return r;
		at += d->d_reclen;
	}
	return 0;
}

static int copy_tree(int from, int to, unsigned depth, struct err *e)
{
	_Alignas(struct dirent64) char buf[4096];
	ssize_t n;
	int r;

	if (depth > COPY_MAX_DEPTH)
		return err_kind(e, ERR_UNSUPPORTED, "directories are nested deeper than %d",
				COPY_MAX_DEPTH);
	while ((n = getdents64(from, (void *)buf, sizeof(buf))) > 0) {
		r = copy_records(from, to, buf, n, depth, e);
		if (r < 0)
			return r;
	}
	return n < 0 ? err_sys(e, -errno, "getdents64", "directory") : 0;
}

int copy_up_dir(int from_dirfd, int to_dirfd, struct err *e)
{
	return copy_tree(from_dirfd, to_dirfd, 1, e);
}
