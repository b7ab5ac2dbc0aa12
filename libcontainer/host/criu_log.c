/* SPDX-License-Identifier: Apache-2.0 */
/* CRIU's log: thousands of lines, of which the first error says what went wrong, and the last ones what
 * came of it. */
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "host/criu.h"
#include "sys/sys.h"

#define TAIL 65536 /* bytes of the log that are looked at */
#define LINES_MAX 4
#define SHOWN_MAX 300 /* bytes: the message holds the path of the log, too */

const char *criu_log_name(const struct criu_job *j)
{
	return j->dump ? "dump.log" : "restore.log";
}

/* The end of the log, terminated; its length. */
static size_t read_tail(const struct criu_job *j, char text[TAIL + 1])
{
	_cleanup_close_ int fd = sys_openat(j->work_fd, criu_log_name(j), O_RDONLY | O_NOFOLLOW, 0);
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	ssize_t n = 0;

	if (end > 0)
		n = pread(fd, text, TAIL, end > TAIL ? end - TAIL : 0);
	n = n < 0 ? 0 : n;
	text[n] = '\0';
	return (size_t)n;
}

/* The lines that tell an error, without time and pid: from "Error (" on. The first and the last ones. */
static size_t find_errors(char *text, const char *ret[LINES_MAX])
{
	size_t n = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		const char *error = strstr(line, "Error (");

		if (!error)
			continue;
		if (n == LINES_MAX)
			memmove(ret + 1, ret + 2, (--n - 1) * sizeof(*ret));
		ret[n++] = error;
	}
	return n;
}

static size_t shown_length(const char *line)
{
	return strlen(line) + strlen("; ");
}

/* Leaves out from the middle what there is no room for; a first line that is too long is cut. */
static void show(const char *lines[LINES_MAX], size_t n, char shown[SHOWN_MAX])
{
	size_t len = n > 0 ? shown_length(lines[0]) : 0, last = n;

	while (last > 1 && len + shown_length(lines[last - 1]) < SHOWN_MAX)
		len += shown_length(lines[--last]);
	len = 0;
	for (size_t i = 0; i < n; i = i == 0 ? last : i + 1)
		len += fmt_str(shown + len, SHOWN_MAX - len, "%s; ", lines[i]);
}

int criu_log_explain(const struct criu_job *j, const char *what, struct err *e)
{
	_cleanup_free_ char *text = malloc(TAIL + 1);
	const char *lines[LINES_MAX];
	char shown[SHOWN_MAX] = "";

	if (!text)
		return err_nomem(e);
	if (read_tail(j, text))
		show(lines, find_errors(text, lines), shown);
	return err_kind(e, ERR_STATE, "%s: %ssee %s/%s", what, shown, j->work_path,
			criu_log_name(j));
}
