/* SPDX-License-Identifier: Apache-2.0 */
/* Handing the master side of a container's terminal to whoever asked for it. */
#pragma once

#include "base/err.h"

/* Connects to a console socket (AF_UNIX, SOCK_STREAM): an owned fd. */
int console_connect(const char *path, struct err *e);
/* One message: a name and the descriptor (borrowed). */
int console_send(int socket, int master, struct err *e);
