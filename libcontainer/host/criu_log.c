/* SPDX-License-Identifier: Apache-2.0 */
/* CRIU's log: thousands of lines, of which the last errors say what went wrong. */
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

/* The last lines that tell an error, oldest first, without time and pid: from "Error (" on. */
static size_t last_errors(char *text, const char *ret[LINES_MAX])
{
	size_t n = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		const char *error = strstr(line, "Error (");

		if (!error)
			continue;
		if (n == LINES_MAX)
			memmove(ret, ret + 1, --n * sizeof(*ret));
		ret[n++] = error;
	}
	return n;
}

int criu_log_explain(const struct criu_job *j, const char *what, struct err *e)
{
	_cleanup_free_ char *text = malloc(TAIL + 1);
	const char *lines[LINES_MAX];
	char shown[SHOWN_MAX] = "";
	size_t n, first, len = 0;

	if (!text)
		return err_nomem(e);
	n = read_tail(j, text) ? last_errors(text, lines) : 0;
	first = n;
	while (first > 0 && len + strlen(lines[first - 1]) + 2 < sizeof(shown))
		len += strlen(lines[--first]) + 2;
	if (n > 0 && first == n)
		first--; /* a single one that is too long is cut */
	for (len = 0; first < n; first++)
		len += fmt_str(shown + len, sizeof(shown) - len, "%s; ", lines[first]);
	return err_kind(e, ERR_STATE, "%s: %ssee %s/%s", what, shown, j->work_path,
			criu_log_name(j));
}
