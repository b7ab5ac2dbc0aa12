/* SPDX-License-Identifier: Apache-2.0 */
/* Where a checkpoint is kept, and what of its standard streams has to be remembered. */
#include "life/images.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "base/json.h"
#include "base/num.h"
#include "sys/sys.h"

#define STANDARD_PATH "checkpoint"
#define STDIO_FILE "stdio.json"
#define STDIO_MAX 4096
#define MEMORY_MAJOR 1 /* /dev/null, /dev/zero: files to CRIU */

/* ---- directories ---- */

static int make_dirs(char *path, struct err *e)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		(void)sys_mkdirat(AT_FDCWD, path, 0700); /* what matters is the last one */
		*p = '/';
	}
	int r = sys_mkdirat(AT_FDCWD, path, 0700);

	return r < 0 && r != -EEXIST ? err_sys(e, r, "mkdir", "%s", path) : 0;
}

static int open_dir(const char *path, bool make, struct arena *arena, struct err *e)
{
	char *copy = arena_strdup(arena, path);
	int r = !copy ? err_nomem(e) : make ? make_dirs(copy, e) : 0;

	if (r < 0)
		return r;
	r = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	return r < 0 ? err_sys(e, r, "open", "%s", path) : r;
}

int images_open(const struct lc_criu_opts *o, bool make, struct arena *arena, struct images *ret,
		struct err *e)
{
	const char *path = o->image_path ? o->image_path : STANDARD_PATH;
	_cleanup_images_ struct images m = IMAGES_EMPTY;

	m.work_path = o->work_path ? o->work_path : path;
	m.fd = open_dir(path, make, arena, e);
	if (m.fd < 0)
		return m.fd;
	m.work_fd = open_dir(m.work_path, true, arena, e);
	if (m.work_fd < 0)
		return m.work_fd;
	ret->work_path = m.work_path;
	ret->fd = take_fd(m.fd);
	ret->work_fd = take_fd(m.work_fd);
	return 0;
}

void images_close(struct images *m)
{
	m->fd = x_close(m->fd);
	m->work_fd = x_close(m->work_fd);
}

/* ---- standard streams ---- */

/* The number behind "mnt_id:" of a descriptor, 0 when it cannot be told. */
static unsigned mount_of(pid_t pid, int fd)
{
	char path[64], text[512], *found;
	uint32_t id = 0;

	fmt_str(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
	if (file_read_buf(AT_FDCWD, path, text, sizeof(text)) < 0)
		return 0;
	found = strstr(text, "mnt_id:");
	found = found ? found + strlen("mnt_id:") : text;
	found += strspn(found, " \t");
	found[strcspn(found, "\n")] = '\0';
	return num_parse_u32(found, &id) < 0 ? 0 : id;
}

/* Is it a mount that the process sees? Each line of mountinfo begins with a number. */
static int sees_mount(pid_t pid, unsigned id, struct err *e)
{
	_cleanup_free_ char *line = NULL;
	char path[64];
	size_t size = 0, n;
	FILE *table;
	bool found = false;

	fmt_str(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	table = fopen(path, "re");
	if (!table)
		return err_sys(e, errno, "open", "%s", path);
	fmt_str(path, sizeof(path), "%u ", id);
	n = strlen(path);
	while (!found && getline(&line, &size, table) > 0)
		found = strncmp(line, path, n) == 0;
	fclose(table);
	return found;
}

/* What CRIU opens by path. */
static bool is_file(const struct stat *st)
{
	return S_ISREG(st->st_mode) || S_ISFIFO(st->st_mode) ||
	       (S_ISCHR(st->st_mode) && major(st->st_rdev) == MEMORY_MAJOR);
}

/* A file that no mount of the container leads to. */
static int name_file(pid_t pid, int fd, const char *link, char *ret, size_t size, struct err *e)
{
	unsigned mount = mount_of(pid, fd);
	struct stat st;
	int r = sys_fstatat(AT_FDCWD, link, &st, 0);

	if (r < 0)
		return err_sys(e, r, "stat", "%s", link);
	if (mount == 0 || !is_file(&st))
		return 0;
	r = sees_mount(pid, mount, e);
	if (r == 0)
		fmt_str(ret, size, "file[%x:%llx]", mount, (unsigned long long)st.st_ino);
	return r < 0 ? r : 0;
}

static bool is_anonymous(const char *target)
{
	return strncmp(target, "pipe:[", 6) == 0 || strncmp(target, "socket:[", 8) == 0;
}

static int name_stream(pid_t pid, int fd, char *ret, size_t size, struct err *e)
{
	char link[64], target[PATH_MAX];
	ssize_t n;

	fmt_str(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, fd);
	n = readlink(link, target, sizeof(target) - 1);
	ret[0] = '\0';
	if (n < 0) /* closed */
		return errno == ENOENT ? 0 : err_sys(e, errno, "readlink", "%s", link);
	target[n] = '\0';
	if (!is_anonymous(target))
		return name_file(pid, fd, link, ret, size, e);
	fmt_str(ret, size, "%s", target);
	return 0;
}

int images_find_stdio(pid_t pid, struct arena *arena, struct images_stdio *ret, struct err *e)
{
	for (int fd = 0; fd < 3; fd++) {
		char name[64];
		int r = name_stream(pid, fd, name, sizeof(name), e);

		if (r < 0)
			return r;
		ret->names[fd] = arena_strdup(arena, name);
		if (!ret->names[fd])
			return err_nomem(e);
	}
	return 0;
}

static const struct json_field stdio_fields[] = {
	JSON_FIELD("stdin", J_STRING, struct images_stdio, names[0], .flags = JSON_REQUIRED),
	JSON_FIELD("stdout", J_STRING, struct images_stdio, names[1], .flags = JSON_REQUIRED),
	JSON_FIELD("stderr", J_STRING, struct images_stdio, names[2], .flags = JSON_REQUIRED),
	{},
};

int images_save_stdio(const struct images *m, const struct images_stdio *s, struct err *e)
{
	_cleanup_buf_ struct buf text = {};
	int r = json_encode(stdio_fields, s, 0, &text, e);

	return r < 0 ? r : file_write_atomic_at(m->fd, STDIO_FILE, text.data, text.len, 0600, e);
}

int images_load_stdio(const struct images *m, struct arena *arena, struct images_stdio *ret,
		      struct err *e)
{
	_cleanup_free_ char *text = NULL;
	struct images_stdio s = { .names = { "", "", "" } };
	size_t len;
	int r = file_read_at(m->fd, STDIO_FILE, STDIO_MAX, &text, &len, e);

	if (r >= 0)
		r = json_decode(stdio_fields, &s, text, len, arena, NULL, e);
	else if (r == -ENOENT)
		r = 0;
	if (r < 0)
		return err_wrap(e, "images: " STDIO_FILE);
	*ret = s;
	return 0;
}
