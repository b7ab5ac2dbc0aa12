/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling a specification: every concept fills its part of the plan, in this order. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "sys/sys.h"

static int program_plan(const struct host_env *h, const struct spec *s, struct plan *p,
			struct err *e)
{
	if (!s->process)
		return 0;
	p->has_process = true;
	return process_plan(h, s, s->process, &p->process, p->arena, e);
}

typedef int (*plan_fn)(const struct host_env *, const struct spec *, struct plan *, struct err *);

static const plan_fn steps[] = {
	namespaces_plan, idmap_plan,   netdev_plan, cgroup_plan, intelrdt_plan, rootfs_plan,
	mounts_plan,	 devices_plan, paths_plan,  sysctl_plan, program_plan,	hooks_plan,
};

/* The host's own procfs: whatever the container mounts, writes to attr, sysctl and maps go here. */
int plan_open_proc(int *ret, struct err *e)
{
	_cleanup_close_ int fd = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
	struct statfs fs;

	if (fd < 0)
		return err_sys(e, fd, "open", "/proc");
	if (fstatfs(fd, &fs) < 0)
		return err_sys(e, errno, "fstatfs", "/proc");
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_kind(e, ERR_UNSUPPORTED, "/proc is not procfs: mount it first");
	*ret = take_fd(fd);
	return 0;
}

int plan_build(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	int r;

	p->id = arena_strdup(p->arena, h->id);
	p->bundle = arena_strdup(p->arena, h->bundle);
	p->hostname = s->hostname ? arena_strdup(p->arena, s->hostname) : NULL;
	p->domainname = s->domainname ? arena_strdup(p->arena, s->domainname) : NULL;
	if (!p->id || !p->bundle)
		return err_nomem(e);
	if (!h->dry_run) {
		r = plan_open_proc(&p->proc_fd, e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		r = steps[i](h, s, p, e);
		if (r < 0)
			return r;
	}
	return 0;
}
