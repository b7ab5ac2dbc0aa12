/* SPDX-License-Identifier: Apache-2.0 */
/* Log records: in the two forms that the clients of OCI runtimes read, or for a log daemon. */
#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "base/log_socket.h"
#include "base/utf8.h"

#define MAX_IDENTIFIER 128

static struct sink {
	int fd;				 /* owned unless it is stderr */
	char identifier[MAX_IDENTIFIER]; /* "": a stream; else: */
	enum log_daemon daemon;
	enum log_format format;
	enum log_level level;
} sink = { .fd = STDERR_FILENO, .format = LOG_FORMAT_TEXT, .level = LOG_INFO };

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

/* What follows the prefix of a target, NULL when it has another one. */
static const char *after(const char *target, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(target, prefix, n) == 0 ? target + n : NULL;
}

static int open_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC, 0644);

	return fd < 0 ? -errno : fd;
}

static int open_daemon(struct sink *s, enum log_daemon daemon, const char *identifier)
{
	size_t n = 0;

	while (isgraph((unsigned char)identifier[n]))
		n++;
	if (n == 0 || n >= MAX_IDENTIFIER || identifier[n])
		return -EINVAL;
	fmt_str(s->identifier, sizeof(s->identifier), "%s", identifier);
	s->daemon = daemon;
	return log_socket_connect(daemon);
}

static int open_target(struct sink *s, const char *target)
{
	const char *rest;

	if (!target)
		return STDERR_FILENO;
	if ((rest = after(target, "journald:")))
		return open_daemon(s, LOG_JOURNALD, rest);
	if ((rest = after(target, "syslog:")))
		return open_daemon(s, LOG_SYSLOG, rest);
	rest = after(target, "file:");
	return open_file(rest ? rest : target);
}

int log_open(const struct log_config *config)
{
	struct sink s = { .format = config->format, .level = config->level };

	s.fd = open_target(&s, config->target);
	if (s.fd < 0)
		return s.fd;
	log_close();
	sink = s;
	return 0;
}

void log_close(void)
{
	if (log_is_elsewhere())
		x_close(sink.fd);
	sink.fd = STDERR_FILENO;
	sink.identifier[0] = '\0';
}

bool log_enabled(enum log_level level)
{
	return level <= sink.level;
}

bool log_is_elsewhere(void)
{
	return sink.fd != STDERR_FILENO;
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
	if (buf_ok(&msg) == 0 && sink.identifier[0]) {
		log_socket_send(sink.fd, sink.daemon, sink.identifier, level, msg.data, msg.len);
		return;
	}
	if (buf_ok(&msg) == 0)
		add_record(&record, level, &msg);
	/* There is nowhere left to complain about a log that cannot be written. */
	if (record.data && buf_ok(&record) == 0)
		(void)fd_write_all(sink.fd, record.data, record.len);
}
