/* SPDX-License-Identifier: Apache-2.0 */
/* Unix sockets by path, of any length. What we say there is small and has a deadline: whoever does
 * not listen blocks nobody for ever. */
#pragma once

#include "base/err.h"

/* An owned socket connected to path; `what` names it in errors ("console socket"). */
int unix_socket_connect(const char *path, const char *what, struct err *e);
/* The same for a socket of that type in a directory of ours; `name` serves for errors as well. */
int unix_socket_connect_at(int dirfd, const char *name, int type, struct err *e);
/* An owned socket bound to a name that is free there. */
int unix_socket_bind_at(int dirfd, const char *name, int type, struct err *e);
