/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: records with passed descriptors, whole reads and writes, bounded waits. */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define FD_MAX_WAITED 8

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * FD_MAX_PASSED)];
};

static void attach_fds(struct msghdr *msg, union control *control, const int *fds, size_t n)
{
	struct cmsghdr *c;

	*control = (union control){};
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(sizeof(int) * n);
	c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * n);
	memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
}

int fd_send(int sock, const void *data, size_t size, const int *fds, size_t n, struct err *e)
{
	struct iovec iov = { .iov_base = (void *)data, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	ssize_t sent;

	if (n > FD_MAX_PASSED)
		return err_kind(e, ERR_BUG, "%zu descriptors in one message", n);
	if (n > 0)
		attach_fds(&msg, &control, fds, n);
	do
		sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return err_sys(e, errno, "sendmsg", "%zu bytes, %zu descriptors", size, n);
	if ((size_t)sent != size)
		return err_sys(e, EMSGSIZE, "sendmsg", "%zd of %zu bytes", sent, size);
	return 0;
}

/* Stores what fits into fds and closes the rest; returns the number stored. */
static size_t collect_fds(struct msghdr *msg, int *fds, size_t max)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (n < max)
				fds[n++] = fd;
			else
				close(fd);
		}
	}
	return n;
}

ssize_t fd_recv(int sock, void *data, size_t size, int *fds, size_t *n_fds, struct err *e)
{
	struct iovec iov = { .iov_base = data, .iov_len = size };
	union control control;
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t got;

	do
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_sys(e, errno, "recvmsg", "%zu bytes", size);
	if (msg.msg_flags & MSG_TRUNC) {
		collect_fds(&msg, NULL, 0);
		return err_sys(e, EMSGSIZE, "recvmsg", "record over %zu bytes", size);
	}
	*n_fds = collect_fds(&msg, fds, *n_fds);
	return got;
}

int fd_write_all(int fd, const void *data, size_t size)
{
	const char *p = data;

	while (size > 0) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

ssize_t fd_read_full(int fd, void *data, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, (char *)data + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

int64_t fd_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int ms_left(int64_t deadline)
{
	int64_t left = deadline - fd_now_ms();

	return left > 0 ? (int)left : 0;
}

int fd_wait(const int *fds, size_t n, int timeout_ms)
{
	int64_t deadline = timeout_ms < 0 ? 0 : fd_now_ms() + timeout_ms;
	struct pollfd polled[FD_MAX_WAITED];
	int r, ready = 0;

	if (n > FD_MAX_WAITED)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		polled[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	do
		r = poll(polled, n, timeout_ms < 0 ? -1 : ms_left(deadline));
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	for (size_t i = 0; i < n; i++)
		if (polled[i].fd >= 0 && polled[i].revents)
			ready |= 1 << i;
	return ready;
}

int fd_close_from(int first)
{
	return syscall(SYS_close_range, first, ~0u, 0) < 0 ? -errno : 0; /* not every libc has it */
}

int fd_ensure_stdio(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number is fd itself; it must survive exec. */
		if (open("/dev/null", O_RDWR) < 0)
			return -errno;
	}
	return 0;
}
