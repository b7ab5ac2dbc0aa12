/* SPDX-License-Identifier: Apache-2.0 */
/* Where a checkpoint is kept, and what of its standard streams has to be remembered. */
#include "life/images.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "sys/sys.h"

#define STANDARD_PATH "checkpoint"
#define STDIO_FILE "stdio.json"
#define STDIO_MAX 4096
#define PARENT_LINK "parent" /* CRIU's, to the images of a pre-dump */
#define TERMINAL "tty["
#define MEMORY_MAJOR 1 /* /dev/null, /dev/zero: files to CRIU */

/* ---- directories ---- */

/* Closed but for our own group, by which CRIU restores (restore.c, map_images): not that of a directory
 * above with the set-group-ID bit. */
static int make_dir(const char *path)
{
	int r = sys_mkdirat(AT_FDCWD, path, 0700);

	if (r == 0)
		r = sys_fchownat(AT_FDCWD, path, (uid_t)-1, getegid(), AT_SYMLINK_NOFOLLOW);
	return r == 0 ? sys_fchmodat(AT_FDCWD, path, 0710) : r;
}

/* ret_made: length of the first that was made, 0: none. What matters is the last one. */
static int make_dirs(char *path, size_t *ret_made, struct err *e)
{
	int r = 0;

	*ret_made = 0;
	for (char *p = path + 1; p[-1]; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		r = make_dir(path);
		*p = c;
		if (r == 0 && *ret_made == 0)
			*ret_made = (size_t)(p - path);
	}
	return r < 0 && r != -EEXIST ? err_sys(e, r, "mkdir", "%s", path) : 0;
}

static int open_dir(const char *path, size_t *ret_made, struct arena *arena, struct err *e)
{
	char *copy = arena_strdup(arena, path);
	int r = !copy ? err_nomem(e) : ret_made ? make_dirs(copy, ret_made, e) : 0;

	if (r < 0)
		return r;
	r = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	return r < 0 ? err_sys(e, r, "open", "%s", path) : r;
}

static DIR *open_list(int fd, struct err *e)
{
	_cleanup_close_ int list = sys_openat(fd, ".", O_RDONLY | O_DIRECTORY, 0);
	DIR *d = list < 0 ? NULL : fdopendir(list);

	if (d)
		(void)take_fd(list);
	else
		err_sys(e, list < 0 ? list : -errno, "open", "directory of images");
	return d;
}

static int list_files(struct images *m, struct arena *arena, struct err *e)
{
	DIR *d = open_list(m->fd, e);
	const char **names = NULL;
	size_t n = 0, cap = 0;
	bool enough = true;

	if (!d)
		return err_errno(e);
	for (struct dirent *entry; enough && (entry = readdir(d));) {
		const char **more = arena_grow(arena, names, &cap, n + 1, sizeof(*more));

		names = more ? more : names;
		enough = more && (names[n++] = arena_strdup(arena, entry->d_name));
	}
	closedir(d);
	if (!enough)
		return err_nomem(e);
	m->before = names;
	m->n_before = n;
	return 0;
}

static int open_dirs(struct images *m, bool make, struct arena *arena, struct err *e)
{
	int r;

	m->fd = open_dir(m->path, make ? &m->made : NULL, arena, e);
	if (m->fd < 0)
		return m->fd;
	r = make ? list_files(m, arena, e) : 0;
	if (r < 0)
		return r;
	m->work_fd = open_dir(m->work_path, &m->work_made, arena, e);
	return m->work_fd < 0 ? m->work_fd : 0;
}

int images_open(const struct lc_criu_opts *o, bool make, struct arena *arena, struct images *ret,
		struct err *e)
{
	_cleanup_images_ struct images m = IMAGES_EMPTY;
	int r;

	m.path = o->image_path ? o->image_path : STANDARD_PATH;
	m.work_path = o->work_path ? o->work_path : m.path;
	r = open_dirs(&m, make, arena, e);
	if (r < 0) {
		images_undo(&m);
		return r;
	}
	*ret = m;
	m.fd = m.work_fd = -EBADF;
	return 0;
}

void images_close(struct images *m)
{
	m->fd = x_close(m->fd);
	m->work_fd = x_close(m->work_fd);
}

/* ---- and back again ---- */

/* Somebody else may keep files there, too, and CRIU its log. */
static bool is_image(const char *name)
{
	size_t n = strlen(name);

	return (n > 4 && strcmp(name + n - 4, ".img") == 0) || strcmp(name, STDIO_FILE) == 0 ||
	       strcmp(name, PARENT_LINK) == 0;
}

static bool was_there(const struct images *m, const char *name)
{
	for (size_t i = 0; i < m->n_before; i++)
		if (strcmp(m->before[i], name) == 0)
			return true;
	return false;
}

static void remove_files(const struct images *m)
{
	struct err ignored; /* the first error is the one to tell */
	DIR *d = m->before ? open_list(m->fd, &ignored) : NULL;

	if (!d)
		return;
	for (struct dirent *entry; (entry = readdir(d));)
		if (is_image(entry->d_name) && !was_there(m, entry->d_name))
			(void)sys_unlinkat(m->fd, entry->d_name, 0);
	closedir(d);
}

/* From the last up to the first that was made, as far as they are empty. */
static void remove_dirs(const char *path, size_t made)
{
	char copy[PATH_MAX];
	size_t n = made > 0 ? fmt_str(copy, sizeof(copy), "%s", path) : 0;

	while (made > 0) {
		while (n > 0 && copy[n - 1] == '/')
			n--;
		copy[n] = '\0';
		if (n < made || sys_unlinkat(AT_FDCWD, copy, AT_REMOVEDIR) < 0)
			return;
		while (n > 0 && copy[n - 1] != '/')
			n--;
	}
}

void images_undo(const struct images *m)
{
	remove_files(m);
	remove_dirs(m->work_path, m->work_made);
	remove_dirs(m->path, m->made);
}

/* ---- standard streams ---- */

bool images_is_terminal(const char *name)
{
	return strncmp(name, TERMINAL, strlen(TERMINAL)) == 0;
}

static bool is_anonymous(const char *target)
{
	return strncmp(target, "pipe:[", 6) == 0 || strncmp(target, "socket:[", 8) == 0;
}

/* What CRIU opens by path. */
static bool is_file(const struct statx *st)
{
	return S_ISREG(st->stx_mode) || S_ISFIFO(st->stx_mode) ||
	       (S_ISCHR(st->stx_mode) && st->stx_rdev_major == MEMORY_MAJOR);
}

/* No mount of the container will lead to it: its mounts are others, with numbers of their own. */
static int name_file(int fd, char *ret, size_t size, struct err *e)
{
	struct statx st;
	int r = sys_statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &st);

	if (r < 0)
		return err_sys(e, r, "statx", "descriptor %d", fd);
	if (is_file(&st))
		fmt_str(ret, size, "file[%llx:%llx]", (unsigned long long)st.stx_mnt_id,
			(unsigned long long)st.stx_ino);
	else if (isatty(fd))
		fmt_str(ret, size, TERMINAL "%llx:%llx]",
			(unsigned long long)makedev(st.stx_rdev_major, st.stx_rdev_minor),
			(unsigned long long)makedev(st.stx_dev_major, st.stx_dev_minor));
	return 0;
}

static int name_stream(int fd, char *ret, size_t size, struct err *e)
{
	char link[64], target[PATH_MAX];
	ssize_t n;

	fmt_str(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof(target) - 1);
	ret[0] = '\0';
	if (n < 0) /* closed */
		return errno == ENOENT ? 0 : err_sys(e, errno, "readlink", "%s", link);
	target[n] = '\0';
	if (!is_anonymous(target))
		return name_file(fd, ret, size, e);
	fmt_str(ret, size, "%s", target);
	return 0;
}

int images_name_stdio(struct arena *arena, struct images_stdio *ret, struct err *e)
{
	struct images_stdio s;

	for (int fd = 0; fd < 3; fd++) {
		char name[64];
		int r = name_stream(fd, name, sizeof(name), e);

		if (r < 0)
			return r;
		s.names[fd] = arena_strdup(arena, name);
		if (!s.names[fd])
			return err_nomem(e);
	}
	*ret = s;
	return 0;
}

const struct json_field images_stdio_fields[] = {
	JSON_FIELD("stdin", J_STRING, struct images_stdio, names[0], .flags = JSON_REQUIRED),
	JSON_FIELD("stdout", J_STRING, struct images_stdio, names[1], .flags = JSON_REQUIRED),
	JSON_FIELD("stderr", J_STRING, struct images_stdio, names[2], .flags = JSON_REQUIRED),
	{},
};

int images_save_stdio(const struct images *m, const struct images_stdio *s, struct err *e)
{
	_cleanup_buf_ struct buf text = {};
	int r = json_encode(images_stdio_fields, s, 0, &text, e);

	return r < 0 ? r : file_write_atomic_at(m->fd, STDIO_FILE, text.data, text.len, 0600, e);
}

int images_load_stdio(const struct images *m, struct arena *arena, struct images_stdio *ret,
		      struct err *e)
{
	_cleanup_free_ char *text = NULL;
	struct images_stdio s = IMAGES_NO_STDIO;
	size_t len;
	int r = file_read_at(m->fd, STDIO_FILE, STDIO_MAX, &text, &len, e);

	if (r >= 0)
		r = json_decode(images_stdio_fields, &s, text, len, arena, NULL, e);
	else if (r == -ENOENT)
		r = 0;
	if (r < 0)
		return err_wrap(e, "images: " STDIO_FILE);
	*ret = s;
	return 0;
}
