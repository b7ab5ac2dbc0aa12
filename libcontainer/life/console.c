/* SPDX-License-Identifier: Apache-2.0 */
/* The console socket protocol: one message with the name of the terminal and one descriptor. */
#include "life/console.h"

#include "base/fd.h"
#include "life/unix_socket.h"

int console_connect(const char *path, struct err *e)
{
	return unix_socket_connect(path, "console socket", e);
}

int console_send(int socket, int master, struct err *e)
{
	static const char name[] = "/dev/ptmx";

	return fd_send(socket, name, sizeof(name) - 1, &master, 1, e);
}
