/* SPDX-License-Identifier: Apache-2.0 */
/* The console socket protocol: one message with the name of the terminal and one descriptor. */
#include "life/console.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "sys/sys.h"

/* A path longer than sun_path is reached through a descriptor of the socket itself. */
static int address(const char *path, struct sockaddr_un *ret, int *ret_fd, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(path) < sizeof(a.sun_path)) {
		memcpy(a.sun_path, path, strlen(path) + 1);
	} else {
		*ret_fd = sys_openat(AT_FDCWD, path, O_PATH, 0);
		if (*ret_fd < 0)
			return err_sys(e, *ret_fd, "open", "console socket %s", path);
		fmt_str(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d", *ret_fd);
	}
	*ret = a;
	return 0;
}

int console_connect(const char *path, struct err *e)
{
	_cleanup_close_ int via = -EBADF;
	_cleanup_close_ int fd = -EBADF;
	struct sockaddr_un a;
	int r = address(path, &a, &via, e);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, errno, "socket", "for the console");
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return err_sys(e, errno, "connect", "console socket %s", path);
	return take_fd(fd);
}

int console_send(int socket, int master, struct err *e)
{
	static const char name[] = "/dev/ptmx";

	return fd_send(socket, name, sizeof(name) - 1, &master, 1, e);
}
