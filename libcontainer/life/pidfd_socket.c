/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol of --pidfd-socket. */
#include "life/pidfd_socket.h"

#include <string.h>

#include "base/fd.h"
#include "life/unix_socket.h"

int pidfd_socket_connect(const char *path, int *ret, struct err *e)
{
	int fd = path ? unix_socket_connect(path, "pidfd socket", e) : 0;

	if (!path || fd < 0)
		return fd;
	*ret = fd;
	return 0;
}

int pidfd_socket_send(int socket, int pidfd, const char *story, struct err *e)
{
	return socket >= 0 ? fd_send(socket, story, strlen(story), &pidfd, 1, e) : 0;
}
