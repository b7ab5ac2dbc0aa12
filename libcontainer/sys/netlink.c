/* SPDX-License-Identifier: Apache-2.0 */
/* Network devices. The loopback link needs no dialogue: any socket carries the interface ioctls
 * (netdevice(7)), and one of AF_UNIX needs neither IPv4 nor IPv6 in the kernel. */
#include "sys/sys.h"

#include <linux/netlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "sys/fault.h"
#include "sys/result.h"

int sys_loopback_up(void)
{
	/* The kernel keeps IFF_LOOPBACK by itself: only the settable flags are replaced. */
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	_cleanup_close_ int fd = -EBADF;

	FAULT_POINT(loopback_up);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	return sys_result(ioctl(fd, SIOCSIFFLAGS, &request));
}

int sys_netlink_route(void)
{
	static const int on = 1;
	_cleanup_close_ int fd = -EBADF;

	FAULT_POINT(netlink_route);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0 || setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) < 0)
		return -errno;
	return take_fd(fd);
}

ssize_t sys_netlink_send(int fd, const void *data, size_t size)
{
	FAULT_POINT(netlink_send);
	return sys_result(send(fd, data, size, 0));
}

ssize_t sys_netlink_receive(int fd, void *data, size_t size)
{
	ssize_t n;

	FAULT_POINT(netlink_receive);
	n = recv(fd, data, size, MSG_TRUNC);
	if (n < 0)
		return -errno;
	return (size_t)n > size ? -EMSGSIZE : n;
}
