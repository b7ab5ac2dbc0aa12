/* SPDX-License-Identifier: Apache-2.0 */
/* Small files of ours and of our callers: read whole, replaced whole. Host side only. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fmt.h"

/* O_NONBLOCK, for a FIFO must not hold us up before it is recognised. */
static int open_regular(int dirfd, const char *path, size_t max, size_t *ret_size, struct err *e)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return err_sys(e, errno, "open", "%s", path);
	if (fstat(fd, &st) < 0)
		return err_sys(e, errno, "fstat", "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_bad(e, "", "%s: not a regular file", path);
	/* Files of procfs never tell their size. */
	*ret_size = st.st_size > 0 ? (size_t)st.st_size : max;
	return take_fd(fd);
}

int file_read_at(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len,
		 struct err *e)
{
	size_t size = 0;
	_cleanup_close_ int fd = open_regular(dirfd, path, max, &size, e);
	_cleanup_free_ char *text = NULL;
	ssize_t n;

	if (fd < 0)
		return fd;
	if (size > max)
		return err_bad(e, "", "%s: larger than %zu bytes", path, max);
	text = malloc(size + 1);
	if (!text)
		return err_nomem(e);
	n = fd_read_full(fd, text, size + 1);
	if (n < 0)
		return err_sys(e, (int)n, "read", "%s", path);
	if ((size_t)n > size)
		return err_bad(e, "", "%s: has grown over %zu bytes while read", path, size);
	text[n] = '\0';
	*ret = take_ptr(text);
	*ret_len = (size_t)n;
	return 0;
}

/* A leftover of a crash is removed; whoever writes one file from two processes holds a lock. */
static int create_new(int dirfd, const char *path)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dirfd, path, flags, 0600);

	if (fd < 0 && errno == EEXIST && unlinkat(dirfd, path, 0) == 0)
		fd = openat(dirfd, path, flags, 0600);
	return fd < 0 ? -errno : fd;
}

int file_write_new_at(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
		      struct err *e)
{
	_cleanup_close_ int fd = create_new(dirfd, path);
	int r;

	if (fd < 0)
		return err_sys(e, fd, "create", "%s", path);
	r = fd_write_all(fd, data, len);
	if (r < 0)
		return err_sys(e, r, "write", "%s", path);
	if (fchmod(fd, mode) < 0)
		return err_sys(e, errno, "fchmod", "%s to 0%o", path, mode);
	return 0;
}

/* No fsync: what is written here means nothing after a reboot. */
int file_write_atomic_at(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
			 struct err *e)
{
	char temporary[PATH_MAX];
	int r;

	if (fmt_str(temporary, sizeof(temporary), "%s.tmp", path) == sizeof(temporary) - 1)
		return err_sys(e, ENAMETOOLONG, "create", "%s", path);
	r = file_write_new_at(dirfd, temporary, data, len, mode, e);
	if (r == 0 && renameat(dirfd, temporary, dirfd, path) < 0)
		r = err_sys(e, errno, "rename", "%s to %s", temporary, path);
	if (r < 0)
		(void)unlinkat(dirfd, temporary, 0); /* the first error is the one to tell */
	return r;
}
