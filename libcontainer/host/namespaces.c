/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces: which are made by the clone, which are joined and in what order. */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/map.h"
#include "host/host.h"
#include "sys/sys.h"

/* The user namespace first, for it gives the rights to join the others; mount last, for it changes
 * what paths mean. */
static const int join_order[PLAN_N_NAMESPACES] = {
	CLONE_NEWUSER, CLONE_NEWIPC,	CLONE_NEWUTS,  CLONE_NEWNET,
	CLONE_NEWPID,  CLONE_NEWCGROUP, CLONE_NEWTIME, CLONE_NEWNS,
};

static const char *type_name(int type)
{
	return map_name(spec_namespace_names, spec_namespace_n, (uint64_t)type);
}

/* O_NONBLOCK: whatever the path names, opening it must not wait. */
static int open_namespace(const char *path, int type, struct err *e)
{
	_cleanup_close_ int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);

	if (fd < 0)
		return err_sys(e, fd, "open", "%s", path);
	if (sys_ioctl(fd, NS_GET_NSTYPE, NULL) != type)
		return err_bad(e, "", "%s is not a %s namespace", path, type_name(type));
	return take_fd(fd);
}

/* Is it one that the runtime itself is in, of those where that makes a difference? */
static int is_own(const struct plan *p, int fd, int type, struct err *e)
{
	static const struct name_value files[] = {
		{ "self/ns/user", CLONE_NEWUSER },
		{ "self/ns/net", CLONE_NEWNET },
		{ "self/ns/ipc", CLONE_NEWIPC },
		{ "self/ns/uts", CLONE_NEWUTS },
	};
	const char *file = MAP_NAME(files, (uint64_t)type);
	struct stat theirs, ours;
	int r;

	if (!file)
		return 0;
	r = sys_fstat(fd, &theirs);
	if (r >= 0)
		r = sys_fstatat(p->proc_fd, file, &ours, 0);
	if (r < 0)
		return err_sys(e, r, "stat", "%s", file);
	return theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev;
}

static int plan_join(const struct host_env *h, struct plan *p, int type, const char *path,
		     struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int own = 0;

	if (!h->dry_run) {
		fd = open_namespace(path, type, e);
		if (fd < 0)
			return fd;
		own = is_own(p, fd, type, e);
	}
	if (own < 0)
		return own;
	if (own)
		p->ns.own |= type;
	/* setns(2) refuses the user namespace that one is in; every other may be joined again. */
	if (own && type == CLONE_NEWUSER)
		return 0;
	path = arena_strdup(p->arena, path);
	if (!path)
		return err_nomem(e);
	if (type == CLONE_NEWUSER || (type == CLONE_NEWPID && h->rootless) ||
	    (type == CLONE_NEWTIME && h->rootless))
		p->ns.needs_intermediate = true;
	p->ns.join[p->ns.n_join++] =
		(struct plan_join){ .fd = take_fd(fd), .type = type, .path = path };
	return 0;
}

/* The host's own name is not the container's to set. */
static int check_hostname(const struct spec *s, const struct plan *p, struct err *e)
{
	const char *where = s->hostname ? "hostname" : s->domainname ? "domainname" : NULL;

	if (!where || !(p->ns.own & CLONE_NEWUTS))
		return 0;
	return err_bad(e, where, "would change the host: the uts namespace is that of the host");
}

/* Text for timens_offsets (time_namespaces(7)), a line for each clock that is given. */
static int plan_time_offsets(const struct spec_linux *l, struct plan *p, struct err *e)
{
	const struct {
		const char *clock;
		const struct spec_time_offset *offset;
	} clocks[] = { { "monotonic", &l->monotonic }, { "boottime", &l->boottime } };
	const char *text = "";

	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		if (!clocks[i].offset->given)
			continue;
		text = arena_printf(p->arena, "%s%s %lld %u\n", text, clocks[i].clock,
				    (long long)clocks[i].offset->secs, clocks[i].offset->nanosecs);
		if (!text)
			return err_nomem(e);
	}
	p->ns.time_offsets = text[0] ? text : NULL;
	return 0;
}

int namespaces_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(join_order); i++) {
		const struct spec_namespace *ns = spec_find_namespace(s, (uint64_t)join_order[i]);

		if (!ns)
			continue;
		if (ns->path) {
			if (plan_join(h, p, join_order[i], ns->path, e) < 0)
				return err_at(e, "linux.namespaces[%zu].path",
					      (size_t)(ns - s->linux_.namespaces.items));
		} else if (join_order[i] == CLONE_NEWTIME) {
			p->ns.new_time = true;
			p->ns.needs_intermediate |= h->rootless;
		} else {
			p->ns.new_flags |= join_order[i];
		}
	}
	if (check_hostname(s, p, e) < 0)
		return err_errno(e);
	return p->ns.new_time ? plan_time_offsets(&s->linux_, p, e) : 0;
}
