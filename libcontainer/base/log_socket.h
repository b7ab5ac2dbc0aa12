/* SPDX-License-Identifier: Apache-2.0 */
/* The system's log daemons, spoken to by datagrams: journald in its native protocol, and syslog. */
#pragma once

#include <stddef.h>

#include "base/log.h"

enum log_daemon { LOG_JOURNALD, LOG_SYSLOG };

/* A connected socket, or -errno: there is no such daemon. */
int log_socket_connect(enum log_daemon daemon);
/* One record under the name identifier, one datagram. What the daemon does not take within a second
 * is lost. */
void log_socket_send(int fd, enum log_daemon daemon, const char *identifier, enum log_level level,
		     const char *msg, size_t len);
