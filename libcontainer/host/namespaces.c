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

/* setns(2) refuses the user namespace that one is in already; every other may be joined again. */
static int is_own_userns(const struct plan *p, int fd, struct err *e)
{
	struct stat theirs, ours;
	int r = sys_fstat(fd, &theirs);

	if (r >= 0)
		r = sys_fstatat(p->proc_fd, "self/ns/user", &ours, 0);
	if (r < 0)
		return err_sys(e, r, "stat", "user namespace");
	return theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev;
}

static int plan_join(const struct host_env *h, struct plan *p, int type, const char *path,
		     struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!h->dry_run) {
		fd = open_namespace(path, type, e);
		if (fd < 0)
			return fd;
		r = type == CLONE_NEWUSER ? is_own_userns(p, fd, e) : 0;
		if (r != 0)
			return r < 0 ? r : 0;
	}
	path = arena_strdup(p->arena, path);
	if (!path)
		return err_nomem(e);
	if (type == CLONE_NEWUSER)
		p->ns.needs_intermediate = true;
	p->ns.join[p->ns.n_join++] =
		(struct plan_join){ .fd = take_fd(fd), .type = type, .path = path };
	return 0;
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
		} else {
			p->ns.new_flags |= join_order[i];
		}
	}
	return p->ns.new_time ? plan_time_offsets(&s->linux_, p, e) : 0;
}
