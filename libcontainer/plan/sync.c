/* SPDX-License-Identifier: Apache-2.0 */
/* The messages between runtime and init: one fixed-size record each, never a byte more. */
#include "plan/sync.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/fd.h"

static const char *const names[] = {
	[SYNC_ERROR] = "error",
	[SYNC_PID] = "pid",
	[SYNC_PLACED] = "placed",
	[SYNC_MAP_IDS] = "map-ids",
	[SYNC_IDS_MAPPED] = "ids-mapped",
	[SYNC_MOVE_NETDEVS] = "move-netdevs",
	[SYNC_NETDEVS_MOVED] = "netdevs-moved",
	[SYNC_RUN_HOOKS] = "run-hooks",
	[SYNC_HOOKS_RAN] = "hooks-ran",
	[SYNC_TERMINAL] = "terminal",
	[SYNC_LISTENER] = "listener",
	[SYNC_LISTENER_TAKEN] = "listener-taken",
	[SYNC_MOUNT] = "mount",
	[SYNC_READY] = "ready",
	[SYNC_RECORDED] = "recorded",
};

int sync_send(int sock, enum sync_type type, int32_t value, int fd, struct err *e)
{
	struct sync_msg msg = { .type = type, .value = value };

	return fd_send(sock, &msg, sizeof(msg), &fd, fd >= 0 ? 1 : 0, e);
}

void sync_send_error(int sock, const struct err *cause)
{
	struct sync_msg msg = { .type = SYNC_ERROR, .err = *cause };
	struct err ignored;

	(void)fd_send(sock, &msg, sizeof(msg), NULL, 0, &ignored); /* a dead peer needs no news */
}

int sync_receive(int sock, int32_t *ret_value, int *ret_fd, struct err *e)
{
	struct sync_msg msg;
	_cleanup_close_ int fd = -EBADF;
	size_t n = 1;
	ssize_t size = fd_recv(sock, &msg, sizeof(msg), &fd, &n, e);

	if (size < 0)
		return (int)size;
	if (size == 0)
		return err_sys(e, ECONNRESET, "sync", "the other side is gone");
	if (size != sizeof(msg) || msg.type < SYNC_ERROR || msg.type > SYNC_RECORDED)
		return err_kind(e, ERR_BUG, "sync: malformed message");
	if (msg.type == SYNC_ERROR) {
		*e = msg.err;
		return err_errno(e);
	}
	if (ret_value)
		*ret_value = msg.value;
	if (ret_fd)
		*ret_fd = n ? take_fd(fd) : -EBADF;
	return (int)msg.type;
}

int sync_expect(int sock, enum sync_type type, int *ret_fd, struct err *e)
{
	int r = sync_receive(sock, NULL, ret_fd, e);

	if (r < 0)
		return r;
	if (r != (int)type)
		return err_kind(e, ERR_BUG, "sync: got %s instead of %s", names[r], names[type]);
	return 0;
}
