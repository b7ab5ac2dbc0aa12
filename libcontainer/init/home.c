/* SPDX-License-Identifier: Apache-2.0 */
/* HOME out of the container's /etc/passwd, read as text: no NSS, for its modules would be the
 * container's. A file that is missing, strange or endless means that "/" stays. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/num.h"
#include "init/init.h"
#include "sys/sys.h"

#define MAX_PASSWD (16u << 20)
/* A longer line is cut into pieces, none of which is an entry with a home directory. */
#define MAX_LINE 8192
enum { FIELD_UID = 2, FIELD_HOME = 5, N_FIELDS = 7 };

/* Cuts the line in place; NULL unless it is an entry of uid that names a directory. */
static const char *home_of(char *line, uid_t uid)
{
	const char *fields[N_FIELDS];
	uint32_t id;

	for (size_t i = 0; i < N_FIELDS; i++) {
		fields[i] = line;
		if (!line)
			return NULL;
		line = strchr(line, ':');
		if (line)
			*line++ = '\0';
	}
	if (num_parse_u32(fields[FIELD_UID], &id) < 0 || id != uid)
		return NULL;
	return fields[FIELD_HOME][0] == '/' ? fields[FIELD_HOME] : NULL;
}

/* Takes whole lines from text until one tells; *ret_rest is where the unfinished last one begins. */
static const char *search_lines(char *text, uid_t uid, size_t *ret_rest)
{
	char *line = text, *end;
	const char *home = NULL;

	while (!home && (end = strchr(line, '\n'))) {
		*end = '\0';
		home = home_of(line, uid);
		line = end + 1;
	}
	*ret_rest = (size_t)(line - text);
	return home;
}

/* Adds a piece of the file to text; the end of the file ends the last line as well. */
static ssize_t read_piece(int fd, char *text, size_t len)
{
	ssize_t n = sys_read(fd, text + len, MAX_LINE - len);

	if (n == 0)
		text[len] = '\n';
	text[len + (size_t)(n > 0 ? n : n == 0)] = '\0';
	return n;
}

/* A line that the end of a piece cuts is moved to the front of the next piece. */
static void search_file(int fd, uid_t uid, char *ret_home, size_t size)
{
	char text[MAX_LINE + 2];
	const char *home = NULL;
	size_t len = 0, rest;
	ssize_t n = 1;

	for (size_t total = 0; n > 0 && !home && total < MAX_PASSWD; total += (size_t)n) {
		n = read_piece(fd, text, len);
		if (n < 0)
			return;
		home = search_lines(text, uid, &rest);
		len += (size_t)n;
		if (home && strlen(home) < size - strlen("HOME="))
			fmt_str(ret_home, size, "HOME=%s", home);
		else if (rest == 0 && len == MAX_LINE)
			len = 0;
		else if (n > 0)
			memmove(text, text + rest, len -= rest);
	}
}

int home_fill(const struct plan_process *pp, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r;

	if (!pp->home)
		return 0;
	fd = sys_openat(AT_FDCWD, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return 0;
	r = sys_fstat(fd, &st);
	if (r < 0)
		return err_sys(e, r, "fstat", "/etc/passwd");
	if (S_ISREG(st.st_mode))
		search_file(fd, pp->uid, pp->home, PLAN_HOME_SIZE);
	return 0;
}
