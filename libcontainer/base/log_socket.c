/* SPDX-License-Identifier: Apache-2.0 */
/* Records as the system's log daemons take them: systemd's JOURNAL_NATIVE_PROTOCOL, RFC 3164. */
#include "base/log_socket.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#include "base/buf.h"
#include "base/cleanup.h"

#define FACILITY_DAEMON (3 << 3)
/* A datagram must fit into the socket's buffer (net.core.wmem_default, 208 KiB). */
#define MAX_MESSAGE ((size_t)64 << 10)
#define DEADLINE_S 1 /* a daemon that hangs must not hang containers */

static const char *const paths[] = {
	[LOG_JOURNALD] = "/run/systemd/journal/socket",
	[LOG_SYSLOG] = "/dev/log",
};

static const int severities[] = {
	[LOG_ERROR] = 3,
	[LOG_WARNING] = 4,
	[LOG_INFO] = 6,
	[LOG_DEBUG] = 7,
};

int log_socket_connect(enum log_daemon daemon)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct timeval deadline = { .tv_sec = DEADLINE_S };

	strncpy(address.sun_path, paths[daemon], sizeof(address.sun_path) - 1);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline)) < 0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return take_fd(fd);
}

/* Fields, a line each; the message with its length, as it may hold newlines. */
static void format_journald(struct buf *out, const char *identifier, enum log_level level,
			    const char *msg, size_t len)
{
	uint64_t size = htole64(len);

	buf_fmt(out, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE\n", severities[level], identifier);
	buf_add(out, &size, sizeof(size));
	buf_add(out, msg, len);
	buf_str(out, "\n");
}

static void format_syslog(struct buf *out, const char *identifier, enum log_level level,
			  const char *msg, size_t len)
{
	char when[32];
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm); /* by RFC 3164 */
	strftime(when, sizeof(when), "%b %e %H:%M:%S", &tm);
	buf_fmt(out, "<%d>%s %s[%d]: ", FACILITY_DAEMON | severities[level], when, identifier,
		(int)getpid());
	buf_add(out, msg, len);
}

void log_socket_send(int fd, enum log_daemon daemon, const char *identifier, enum log_level level,
		     const char *msg, size_t len)
{
	_cleanup_buf_ struct buf out = {};

	if (len > MAX_MESSAGE)
		len = MAX_MESSAGE;
	if (daemon == LOG_JOURNALD)
		format_journald(&out, identifier, level, msg, len);
	else
		format_syslog(&out, identifier, level, msg, len);
	/* There is nowhere left to complain about a log that cannot be written. */
	if (buf_ok(&out) == 0)
		(void)send(fd, out.data, out.len, MSG_NOSIGNAL);
}
