/* SPDX-License-Identifier: Apache-2.0 */
/* What hull says. */
#include "report.h"

#include <stdbool.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fmt.h"

#define PROGRAM "hull: "
/* Room for a command, an id and every error (640, see err_text). */
#define LINE_MAX_SIZE 2048

/* The log itself is on stderr and not for people: nothing else may be there. */
static bool only_log;

int report_open(const struct log_config *config, struct err *e)
{
	int r = log_open(config);

	if (r < 0)
		return err_sys(e, r, "open", "log %s",
			       config->target ? config->target : "on stderr");
	only_log = !config->target && config->format == LOG_FORMAT_JSON;
	return 0;
}

static size_t format(char *line, size_t size, const char *command, const char *subject,
		     const struct err *e)
{
	char text[640];

	err_text(e, text, sizeof(text));
	return fmt_str(line, size, PROGRAM "%s%s%s%s%s", command ? command : "",
		       command && subject ? " " : "", subject ? subject : "",
		       command || subject ? ": " : "", text);
}

void report_error(const char *command, const char *subject, const struct err *e)
{
	char line[LINE_MAX_SIZE];
	size_t len = format(line, sizeof(line) - 1, command, subject, e);

	fmt_printable(line); /* the subject is from outside, too */
	if (only_log || log_is_elsewhere())
		log_error("%s", line + sizeof(PROGRAM) - 1);
	if (only_log)
		return;
	line[len++] = '\n';
	(void)fd_write_all(STDERR_FILENO, line, len); /* nobody is left to tell */
}

int report_output(const struct buf *out, struct err *e)
{
	int r = buf_ok(out);

	if (r < 0)
		return err_nomem(e);
	r = fd_write_all(STDOUT_FILENO, out->data, out->len);
	return r < 0 ? err_sys(e, r, "write", "standard output") : 0;
}
