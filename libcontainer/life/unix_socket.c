/* SPDX-License-Identifier: Apache-2.0 */
/* Unix sockets by path or by directory and name. */
#include "life/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "sys/sys.h"

#define DEADLINE_S 10

/* A path longer than sun_path is reached through a descriptor of the socket itself. */
static int address(const char *path, const char *what, struct sockaddr_un *ret, int *ret_fd,
		   struct err *e)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) < sizeof(ret->sun_path)) {
		memcpy(ret->sun_path, path, strlen(path) + 1);
		return 0;
	}
	*ret_fd = sys_openat(AT_FDCWD, path, O_PATH, 0);
	if (*ret_fd < 0)
		return err_sys(e, *ret_fd, "open", "%s %s", what, path);
	fmt_str(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d", *ret_fd);
	return 0;
}

static struct sockaddr_un address_at(int dirfd, const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	fmt_str(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/%s", dirfd, name);
	return a;
}

static int open_socket(int type, struct err *e)
{
	const struct timeval deadline = { .tv_sec = DEADLINE_S };
	_cleanup_close_ int fd = sys_unix_socket(type);

	if (fd < 0)
		return err_sys(e, fd, "socket", "AF_UNIX");
	/* of connect(2) as well, see socket(7) */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline)) < 0)
		return err_sys(e, errno, "setsockopt", "SO_SNDTIMEO");
	return take_fd(fd);
}

static int connect_to(const struct sockaddr_un *a, int type, const char *what, const char *path,
		      struct err *e)
{
	_cleanup_close_ int fd = open_socket(type, e);
	int r = fd < 0 ? fd : sys_connect(fd, a, sizeof(*a));

	if (fd < 0)
		return fd;
	if (r == -EAGAIN)
		return err_kind(e, ERR_TIMEOUT, "nobody answers at %s %s", what, path);
	return r < 0 ? err_sys(e, r, "connect", "%s %s", what, path) : take_fd(fd);
}

int unix_socket_connect(const char *path, const char *what, struct err *e)
{
	_cleanup_close_ int via = -EBADF;
	struct sockaddr_un a;
	int r = address(path, what, &a, &via, e);

	return r < 0 ? r : connect_to(&a, SOCK_STREAM, what, path, e);
}

int unix_socket_connect_at(int dirfd, const char *name, struct err *e)
{
	const struct sockaddr_un a = address_at(dirfd, name);

	return connect_to(&a, SOCK_SEQPACKET, "socket", name, e);
}

int unix_socket_listen_at(int dirfd, const char *name, struct err *e)
{
	_cleanup_close_ int fd = unix_socket_bind_at(dirfd, name, SOCK_SEQPACKET, e);
	int r = fd < 0 ? fd : sys_listen(fd, 1);

	if (fd < 0)
		return fd;
	return r < 0 ? err_sys(e, r, "listen", "socket %s", name) : take_fd(fd);
}

int unix_socket_bind_at(int dirfd, const char *name, int type, struct err *e)
{
	const struct sockaddr_un a = address_at(dirfd, name);
	_cleanup_close_ int fd = open_socket(type, e);
	int r;

	if (fd < 0)
		return fd;
	r = sys_bind(fd, &a);
	return r < 0 ? err_sys(e, r, "bind", "socket %s", name) : take_fd(fd);
}
