/* SPDX-License-Identifier: Apache-2.0 */
/* The socket for sd_notify(3): a directory of ours, bound to where the container's environment says. Its
 * source is opened when the container has a directory (life/notify.c). */
#include "host/notify.h"

#include <errno.h>

#include "host/host.h"
#include "host/mounts.h"

bool notify_is_wanted(const struct host_env *h, const struct spec *s)
{
	const struct spec_namespace *ns = spec_find_namespace(s, CLONE_NEWNS);

	return h->notify && ns && !ns->path;
}

void notify_plan(struct plan_mount *m, size_t index)
{
	*m = (struct plan_mount){
		.kind = PLAN_MOUNT_BIND,
		.index = index,
		.target = NOTIFY_TARGET,
		.source = "the socket for sd_notify",
		.source_fd = -EBADF,
		.source_is_dir = true,
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			    MOUNT_ATTR_NOEXEC,
	};
}
