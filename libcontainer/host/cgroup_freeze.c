/* SPDX-License-Identifier: Apache-2.0 */
/* Freezing a group and thawing it. */
#include <errno.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "host/cgroup.h"
#include "host/cgroup_fs.h"

#define FREEZE_DEADLINE_MS 10000

static int freeze(int dirfd, bool on)
{
	int r = file_write_at(dirfd, "cgroup.freeze", on ? "1" : "0");

	return r < 0 ? r : cgroup_fs_wait(dirfd, "frozen", on, fd_now_ms() + FREEZE_DEADLINE_MS);
}

int cgroup_freeze(const char *root, const char *path, bool on, struct err *e)
{
	_cleanup_close_ int dirfd = cgroup_open(root, path, e);
	int r;

	if (dirfd < 0)
		return dirfd;
	r = freeze(dirfd, on);
	if (r >= 0)
		return 0;
	if (on) /* A process that cannot be stopped must not leave the others stopped. */
		(void)file_write_at(dirfd, "cgroup.freeze", "0");
	if (r == -ETIMEDOUT)
		return err_kind(e, ERR_TIMEOUT, "cgroup %s is not %s after %d seconds: %s", path,
				on ? "frozen" : "thawed", FREEZE_DEADLINE_MS / 1000,
				on ? "thawed again" : "a group above it may be frozen");
	return err_sys(e, r, on ? "freeze" : "thaw", "cgroup %s", path);
}

int cgroup_is_frozen(const char *root, const char *path)
{
	struct err ignored; /* the number tells the caller enough */
	_cleanup_close_ int dirfd = cgroup_open(root, path, &ignored);

	return dirfd < 0 ? dirfd : cgroup_fs_event(dirfd, "frozen");
}
