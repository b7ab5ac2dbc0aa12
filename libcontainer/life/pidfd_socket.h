/* SPDX-License-Identifier: Apache-2.0 */
/* Handing a process descriptor to whoever asked for it. */
#pragma once

#include "base/err.h"

/* Connects to the socket at path; an owned fd. Without path *ret stays as it is. */
int pidfd_socket_connect(const char *path, int *ret, struct err *e);
/* One message with the pidfd (borrowed), and which story the process is of, in the words of other
 * runtimes: "standard" for create, "setns" for exec. Nothing to do when socket is -EBADF. */
int pidfd_socket_send(int socket, int pidfd, const char *story, struct err *e);
