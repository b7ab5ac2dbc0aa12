/* SPDX-License-Identifier: Apache-2.0 */
/* Log records in the two forms that the clients of OCI runtimes read. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/utf8.h"

static struct {
	int fd; /* owned when it is a file */
	bool is_file;
	enum log_format format;
	enum log_level level;
} sink = { .fd = STDERR_FILENO, .format = LOG_FORMAT_TEXT, .level = LOG_INFO };

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

int log_open(const struct log_config *config)
{
	int fd = STDERR_FILENO;

	if (config->path) {
		fd = open(config->path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC, 0644);
		if (fd < 0)
			return -errno;
	}
	log_close();
	sink.fd = fd;
	sink.is_file = config->path != NULL;
	sink.format = config->format;
	sink.level = config->level;
	return 0;
}

void log_close(void)
{
	if (sink.is_file)
		x_close(sink.fd);
	sink.fd = STDERR_FILENO;
	sink.is_file = false;
}

bool log_enabled(enum log_level level)
{
	return level <= sink.level;
}

bool log_is_file(void)
{
	return sink.is_file;
}

/* Adds a character that may not stand in a quoted string as it is. */
static void add_escaped(struct buf *b, unsigned char c)
{
	if (c == '\n')
		buf_str(b, "\\n");
	else if (c == '\t')
		buf_str(b, "\\t");
	else if (c == '"' || c == '\\')
		buf_fmt(b, "\\%c", c);
	else if (c < ' ')
		buf_fmt(b, "\\u00%x%x", c >> 4, c & 15u);
	else
		buf_str(b, "\xef\xbf\xbd"); /* half a character: U+FFFD */
}

/* How many bytes from s on need no escape. */
static size_t plain_length(const char *s, size_t n)
{
	size_t i = 0;

	n = utf8_valid_prefix(s, n);
	while (i < n && (unsigned char)s[i] >= ' ' && s[i] != '"' && s[i] != '\\')
		i++;
	return i;
}

/* Quoted as JSON does; the text form has no rules of its own. */
static void add_quoted(struct buf *b, const char *s, size_t n)
{
	buf_str(b, "\"");
	for (size_t i = 0; i < n; i++) {
		size_t plain = plain_length(s + i, n - i);

		buf_add(b, s + i, plain);
		i += plain;
		if (i < n)
			add_escaped(b, (unsigned char)s[i]);
	}
	buf_str(b, "\"");
}

static void format_time(char *text, size_t size)
{
	time_t now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static void add_record(struct buf *b, enum log_level level, const struct buf *msg)
{
	char now[32];

	format_time(now, sizeof(now));
	if (sink.format == LOG_FORMAT_JSON)
		buf_fmt(b, "{\"level\":\"%s\",\"msg\":", level_names[level]);
	else
		buf_fmt(b, "time=\"%s\" level=%s msg=", now, level_names[level]);
	add_quoted(b, msg->data, msg->len);
	if (sink.format == LOG_FORMAT_JSON)
		buf_fmt(b, ",\"time\":\"%s\"}", now);
	buf_str(b, "\n");
}

void log_at(enum log_level level, const char *fmt, ...)
{
	_cleanup_buf_ struct buf msg = {}, record = {};
	va_list ap;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	buf_fmtv(&msg, fmt, ap);
	va_end(ap);
	if (buf_ok(&msg) == 0)
		add_record(&record, level, &msg);
	/* There is nowhere left to complain about a log that cannot be written. */
	if (record.data && buf_ok(&record) == 0)
		(void)fd_write_all(sink.fd, record.data, record.len);
}
