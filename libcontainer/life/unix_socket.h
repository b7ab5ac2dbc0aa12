/* SPDX-License-Identifier: Apache-2.0 */
/* Unix sockets by path, of any length. What we say there is small and has a deadline: whoever does
 * not listen blocks nobody for ever. */
#pragma once

#include "base/err.h"

/* An owned socket connected to path; `what` names it in errors ("console socket"). */
int unix_socket_connect(const char *path, const char *what, struct err *e);
/* In a directory of ours, where two of us meet (SOCK_SEQPACKET): the one that listens, at a name that
 * is free, and the one that connects. Owned fds. */
int unix_socket_listen_at(int dirfd, const char *name, struct err *e);
int unix_socket_connect_at(int dirfd, const char *name, struct err *e);
/* An owned socket of that type bound to a name that is free there. */
int unix_socket_bind_at(int dirfd, const char *name, int type, struct err *e);
