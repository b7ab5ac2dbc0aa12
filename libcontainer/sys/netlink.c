/* SPDX-License-Identifier: Apache-2.0 */
/* The loopback link. Any socket carries the interface ioctls (netdevice(7)); one of AF_UNIX needs
 * neither IPv4 nor IPv6 in the kernel, and three calls beat a netlink dialogue. */
#include "sys/sys.h"

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
