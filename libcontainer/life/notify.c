/* SPDX-License-Identifier: Apache-2.0 */
/* Readiness as systemd's services tell it (sd_notify(3)), passed on. Of what the container says only
 * READY=1 is: the rest would speak for the service that we are. */
#include "life/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "base/log.h"
#include "life/unix_socket.h"
#include "sys/sys.h"

#define MAX_MESSAGE 4096
#define BARRIER_MS 5000

/* A path, or a name that begins with @. */
static int address(const char *text, struct sockaddr_un *ret, size_t *ret_size, struct err *e)
{
	size_t len = strlen(text);

	if ((text[0] != '/' && text[0] != '@') || len < 2 || len >= sizeof(ret->sun_path))
		return err_bad(e, "",
			       "NOTIFY_SOCKET=%s: neither an absolute path nor @name, or too long",
			       text);
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret->sun_path, text, len);
	if (text[0] == '@')
		ret->sun_path[0] = '\0';
	*ret_size = offsetof(struct sockaddr_un, sun_path) + len + (text[0] == '/');
	return 0;
}

int notify_check(const struct lc_notify *n, struct err *e)
{
	struct sockaddr_un a;
	size_t size;

	return n ? address(n->to, &a, &size, e) : 0;
}

/* ---- create ---- */

static int set_attr(int tree, uint64_t attrs)
{
	const struct mount_attr attr = { .attr_set = attrs, .propagation = MS_PRIVATE };

	return sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr);
}

int notify_prepare(const struct statedir *d, struct plan *p, struct err *e)
{
	struct plan_mount *m = p->rootfs.notify;
	_cleanup_close_ int tree = -EBADF;
	int r;

	if (!m)
		return 0;
	r = sys_mkdirat(d->dir_fd, STATEDIR_NOTIFY, 0755);
	if (r == 0)
		r = sys_fchmodat(d->dir_fd, STATEDIR_NOTIFY, 0755); /* whatever our umask */
	if (r < 0)
		return err_sys(e, r, "mkdir", STATEDIR_NOTIFY);
	tree = sys_open_tree(d->dir_fd, STATEDIR_NOTIFY, OPEN_TREE_CLONE);
	if (tree < 0)
		return err_sys(e, tree, "open_tree", STATEDIR_NOTIFY);
	r = set_attr(tree, m->attr_set);
	if (r < 0)
		return err_sys(e, r, "mount_setattr", STATEDIR_NOTIFY);
	m->source_fd = take_fd(tree);
	return 0;
}

/* ---- start ---- */

int notify_listen(struct lc_notify *n, const struct statedir *d, const struct record *rec,
		  int pidfd, struct err *e)
{
	_cleanup_close_ int fd = -EBADF, init = -EBADF;
	int r;

	if (!n || !rec->has_notify)
		return 0;
	(void)sys_unlinkat(d->dir_fd, STATEDIR_NOTIFY_SOCKET, 0); /* of a start that was killed */
	fd = unix_socket_bind_at(d->dir_fd, STATEDIR_NOTIFY_SOCKET, SOCK_DGRAM, e);
	if (fd < 0)
		return fd;
	r = sys_fchmodat(d->dir_fd, STATEDIR_NOTIFY_SOCKET, 0666); /* the program may be anybody */
	if (r < 0)
		return err_sys(e, r, "chmod", STATEDIR_NOTIFY_SOCKET);
	init = fcntl(pidfd, F_DUPFD_CLOEXEC, 0);
	if (init < 0)
		return err_sys(e, errno, "fcntl", "pidfd");
	n->fd = take_fd(fd);
	n->pidfd = take_fd(init);
	n->pid = (pid_t)rec->init.pid;
	return 0;
}

/* ---- passing it on ---- */

static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	while (*text) {
		size_t n = strcspn(text, "\n");

		if (n == len && memcmp(text, line, n) == 0)
			return true;
		text += n + (text[n] == '\n');
	}
	return false;
}

static int send_text(int sock, const char *text, const int *fd, struct err *e)
{
	return fd_send(sock, text, strlen(text), fd, fd ? 1 : 0, e);
}

/* Who sent a message is looked up when it is read: we must not be gone by then. */
static void wait_until_read(int sock)
{
	struct err ignored;
	int ends[2];

	if (sys_pipe(ends) < 0)
		return;
	if (send_text(sock, "BARRIER=1", &ends[1], &ignored) == 0) {
		ends[1] = x_close(ends[1]);
		(void)fd_wait(&ends[0], 1, BARRIER_MS);
	}
	x_close(ends[1]);
	x_close(ends[0]);
}

static int pass_on(const struct lc_notify *n, bool as_main, struct err *e)
{
	_cleanup_close_ int sock = sys_unix_socket(SOCK_DGRAM);
	struct sockaddr_un a;
	char text[64];
	size_t size;
	int r = address(n->to, &a, &size, e);

	if (r < 0)
		return r;
	r = sock < 0 ? sock : sys_connect(sock, &a, size);
	if (r < 0)
		return err_sys(e, r, "connect", "NOTIFY_SOCKET=%s", n->to);
	fmt_str(text, sizeof(text), "READY=1");
	if (as_main)
		fmt_str(text, sizeof(text), "READY=1\nMAINPID=%d", (int)n->pid);
	r = send_text(sock, text, NULL, e);
	if (r == 0)
		wait_until_read(sock);
	return r;
}

int lc_notify_take(struct lc_notify *n, bool as_main, struct err *e)
{
	char text[MAX_MESSAGE + 1];
	ssize_t len = recv(n->fd, text, MAX_MESSAGE, MSG_DONTWAIT);

	if (len < 0)
		return 0;
	text[len] = '\0';
	if (!has_line(text, "READY=1"))
		return 0;
	lc_notify_close(n);
	return pass_on(n, as_main, e);
}

int lc_notify_wait(struct lc_notify *n, struct err *e)
{
	int r = 0;

	while (n->fd >= 0 && r >= 0) {
		r = fd_wait((int[]){ n->fd, n->pidfd }, 2, -1);
		if (r < 0)
			return err_sys(e, r, "poll", "for readiness");
		if (!(r & 1))
			lc_notify_close(n); /* it has ended without a word */
		else
			r = lc_notify_take(n, true, e);
	}
	return r < 0 ? r : 0;
}

void lc_notify_close(struct lc_notify *n)
{
	n->fd = x_close(n->fd);
	n->pidfd = x_close(n->pidfd);
}
