/* SPDX-License-Identifier: Apache-2.0 */
/* Files as block devices. The device clears itself when its last user, a mount, is gone. */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>

#include "base/cleanup.h"
#include "life/rootfs_mount.h"
#include "sys/sys.h"

#define CONTROL "/dev/loop-control"
/* Between "this one is free" and taking it others may take it. */
#define TRIES 64

/* Direct I/O spares the second copy in the page cache; not every file system has it. */
static int configure(int device, int file, bool read_only)
{
	struct loop_config config = {
		.fd = (unsigned)file,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO |
				 (read_only ? LO_FLAGS_READ_ONLY : 0),
	};
	int r = sys_ioctl(device, LOOP_CONFIGURE, &config);

	if (r != -EINVAL)
		return r;
	config.info.lo_flags &= ~(unsigned)LO_FLAGS_DIRECT_IO;
	return sys_ioctl(device, LOOP_CONFIGURE, &config);
}

int loop_device_attach(const char *file, bool read_only, struct arena *arena, const char **ret,
		       struct err *e)
{
	const int mode = read_only ? O_RDONLY : O_RDWR;
	_cleanup_close_ int source = sys_openat(AT_FDCWD, file, mode, 0);
	_cleanup_close_ int control = sys_openat(AT_FDCWD, CONTROL, O_RDWR, 0);
	int r = -EBUSY;

	if (source < 0)
		return err_sys(e, source, "open", "%s", file);
	if (control < 0)
		return err_sys(e, control, "open", "%s", CONTROL);
	for (int i = 0; i < TRIES && r == -EBUSY; i++) {
		int number = sys_ioctl(control, LOOP_CTL_GET_FREE, NULL);
		const char *path = arena_printf(arena, "/dev/loop%d", number);
		_cleanup_close_ int device = -EBADF;

		if (number < 0)
			return err_sys(e, number, "ioctl", "%s", CONTROL);
		if (!path)
			return err_nomem(e);
		device = sys_openat(AT_FDCWD, path, mode, 0);
		if (device < 0)
			return err_sys(e, device, "open", "%s", path);
		r = configure(device, source, read_only);
		if (r == 0) {
			*ret = path;
			return take_fd(device);
		}
	}
	return err_sys(e, r, "ioctl", "loop device for %s", file);
}
