/* SPDX-License-Identifier: Apache-2.0 */
/* Unix sockets. */
#include <sys/socket.h>
#include <sys/un.h>

#include "sys/fault.h"
#include "sys/result.h"
#include "sys/sys.h"

int sys_unix_socket(int type)
{
	FAULT_POINT(socket);
	return sys_result(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
}

int sys_connect(int fd, const struct sockaddr_un *address, size_t size)
{
	FAULT_POINT(connect);
	return sys_result(connect(fd, (const struct sockaddr *)address, (socklen_t)size));
}

int sys_bind(int fd, const struct sockaddr_un *address)
{
	FAULT_POINT(bind);
	return sys_result(bind(fd, (const struct sockaddr *)address, sizeof(*address)));
}

int sys_listen(int fd, int backlog)
{
	FAULT_POINT(listen);
	return sys_result(listen(fd, backlog));
}

int sys_accept(int fd)
{
	FAULT_POINT(accept);
	return sys_result(accept4(fd, NULL, NULL, SOCK_CLOEXEC));
}
