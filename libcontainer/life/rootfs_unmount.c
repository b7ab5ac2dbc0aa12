/* SPDX-License-Identifier: Apache-2.0 */
/* A root file system comes apart: what is mounted on its directory and below, by whomever. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "libcontainer.h"
#include "sys/sys.h"

#define MOUNTS "/proc/self/mountinfo"
#define MOUNTS_MAX (64u << 20)

/* ---- mountinfo ---- */

/* Cuts the last line off text, which is not empty. */
static char *take_last_line(char *text, size_t *len)
{
	char *newline;

	text[--*len] = '\0';
	newline = memrchr(text, '\n', *len);
	*len = newline ? (size_t)(newline + 1 - text) : 0;
	return text + *len;
}

/* A space and the like is a backslash and three octal digits. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (*s == '\\' && s[1] && s[2] && s[3]) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	*to = '\0';
}

/* The fifth word of a line, proc_pid_mountinfo(5). */
static const char *mount_point(char *line)
{
	char *word = NULL;

	for (int i = 0; i < 5; i++)
		word = strsep(&line, " ");
	if (word)
		unescape(word);
	return word;
}

/* ---- unmounting ---- */

static bool is_within(const char *point, const char *path)
{
	const size_t n = strlen(path);

	return strncmp(point, path, n) == 0 && (point[n] == '/' || point[n] == '\0');
}

/* Whoever shares the files may put a symlink in the place of a directory of the path at any time: it
 * is not followed, and what is unmounted is what was opened. */
static int unmount(const char *point)
{
	_cleanup_close_ int fd =
		sys_openat2(AT_FDCWD, point, O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_SYMLINKS);
	char link[64];

	if (fd < 0)
		return fd;
	fmt_str(link, sizeof(link), "/proc/self/fd/%d", fd);
	return sys_umount2(link, MNT_DETACH);
}

/* The latest first: it may cover those before it. */
static int unmount_within(const char *path, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = file_read_at(AT_FDCWD, MOUNTS, MOUNTS_MAX, &text, &len, e), ret = r;

	while (r == 0 && len > 0) {
		const char *point = mount_point(take_last_line(text, &len));
		int failed = point && is_within(point, path) ? unmount(point) : 0;

		if (failed && failed != -EINVAL && failed != -ENOENT) /* these: gone already */
			ret = err_sys(e, failed, "umount", "%s", point);
	}
	return ret;
}

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

static bool is_empty(DIR *d)
{
	const struct dirent *entry;

	while ((entry = readdir(d)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return false;
	return true;
}

/* Below an empty directory nothing can be mounted: the table of mounts may be long. */
static int unmount_below(const char *dir, struct err *e)
{
	_cleanup_(closedirp) DIR *d = opendir(dir);
	char link[64], path[PATH_MAX];
	ssize_t n;

	if (!d)
		return err_sys(e, errno, "open", "%s", dir);
	if (is_empty(d))
		return 0;
	fmt_str(link, sizeof(link), "/proc/self/fd/%d", dirfd(d));
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return err_sys(e, errno, "readlink", "%s", link);
	path[n] = '\0';
	return unmount_within(path, e);
}

/* What is mounted below a mount goes with it. A symlink is left alone: what it leads to is not ours. */
int lc_unmount_rootfs(const char *rootfs, struct err *e)
{
	struct stat st;
	int r;

	while ((r = sys_umount2(rootfs, MNT_DETACH | UMOUNT_NOFOLLOW)) == 0)
		;
	if (r != -EINVAL && r != -ENOENT)
		return err_sys(e, r, "umount", "%s", rootfs);
	r = sys_fstatat(AT_FDCWD, rootfs, &st, AT_SYMLINK_NOFOLLOW);
	if (r < 0 && r != -ENOENT)
		return err_sys(e, r, "stat", "%s", rootfs);
	return r == 0 && S_ISDIR(st.st_mode) ? unmount_below(rootfs, e) : 0;
}
