/* SPDX-License-Identifier: Apache-2.0 */
/* Names of sockets, and who may have them: the first shim of a group; the others find it there. */
#include "address.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "base/path.h"
#include "sha256.h"

#define BACKLOG 128
#define ANSWER_MS 1000

int address_make(const char *dir, const char *containerd, const char *ns, const char *group,
		 char ret[ADDRESS_SIZE], struct err *e)
{
	char name[PATH_MAX], clean[PATH_MAX], digest[2 * SHA256_SIZE + 1];
	ssize_t n;

	fmt_str(name, sizeof(name), "%s/%s/%s", containerd, ns, group);
	n = path_clean(name, clean, sizeof(clean));
	if (n < 0)
		return err_sys(e, (int)n, "address", "%s", name);
	sha256_hex(clean, (size_t)n, digest);
	if (strlen(dir) + 1 + strlen(digest) > ADDRESS_PATH_MAX)
		return err_bad(
			e, "",
			"socket directory %s: the path of a socket would be longer than %d bytes",
			dir, ADDRESS_PATH_MAX);
	fmt_str(ret, ADDRESS_SIZE, ADDRESS_SCHEME "%s/%s", dir, digest);
	return 0;
}

const char *address_path(const char *address)
{
	size_t n = strlen(ADDRESS_SCHEME);

	return strncmp(address, ADDRESS_SCHEME, n) == 0 ? address + n : address;
}

int address_make_dirs(const char *path, unsigned mode, struct err *e)
{
	char part[PATH_MAX];

	for (const char *slash = path; slash;) {
		slash = strchr(slash + 1, '/');
		fmt_str(part, sizeof(part), "%.*s",
			(int)(slash ? slash - path : (ssize_t)strlen(path)), path);
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return err_sys(e, errno, "mkdir", "%s", part);
	}
	return 0;
}

static struct sockaddr_un socket_name(const char *address)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	fmt_str(a.sun_path, sizeof(a.sun_path), "%s", address_path(address));
	return a;
}

/* A connection alone proves nothing: of a shim that was killed a worker may still be there, with all its
 * descriptors, for as long as it takes to end. Who says nothing in time is taken for a busy shim. */
bool address_answers(const char *address)
{
	/* the shortest request of all, of no service: whoever serves refuses it */
	static const char request[] = { 0, 0, 0, 0, 0, 0, 0, 1, 1, 0 };
	struct sockaddr_un a = socket_name(address);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char byte;

	if (fd < 0)
		return false;
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return errno == EAGAIN; /* its queue is full, but it is there */
	if (send(fd, request, sizeof(request), MSG_NOSIGNAL) < 0)
		return false;
	return fd_wait(&fd, 1, ANSWER_MS) == 0 || recv(fd, &byte, 1, 0) == 1;
}

/* 0, -EADDRINUSE or another error. The mask makes the socket 0600 from its first moment on. */
static int bind_private(int fd, const struct sockaddr_un *a)
{
	mode_t before = umask(0177);
	int r = bind(fd, (const struct sockaddr *)a, sizeof(*a)) < 0 ? -errno : 0;

	umask(before);
	return r;
}

static int make_parent(const char *path, struct err *e)
{
	char dir[PATH_MAX];

	fmt_str(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path), path);
	return address_make_dirs(dir, 0700, e);
}

int address_listen(const char *address, int *ret, struct err *e)
{
	struct sockaddr_un a = socket_name(address);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = fd < 0 ? err_sys(e, errno, "socket", "%s", address) : make_parent(a.sun_path, e);

	if (r < 0)
		return r;
	r = bind_private(fd, &a);
	if (r == -EADDRINUSE && address_answers(address)) {
		*ret = -EBADF;
		return 0;
	}
	if (r == -EADDRINUSE && (unlink(a.sun_path) == 0 || errno == ENOENT))
		r = bind_private(fd, &a);
	if (r < 0)
		return err_sys(e, r, "bind", "%s", a.sun_path);
	if (listen(fd, BACKLOG) < 0) {
		(void)unlink(a.sun_path); /* the error of listen is the one to tell */
		return err_sys(e, errno, "listen", "%s", a.sun_path);
	}
	*ret = take_fd(fd);
	return 0;
}
