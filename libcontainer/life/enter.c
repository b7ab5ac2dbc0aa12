/* SPDX-License-Identifier: Apache-2.0 */
/* The namespaces of a running container, as the record and the kernel tell them. */
#include "life/enter.h"

#include <sched.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/map.h"
#include "sys/sys.h"

/* Entered whatever config.json said: those init shares with the runtime that made it are not
 * necessarily ours. A user or time namespace is entered only when it is another one: the kernel
 * refuses one's own user namespace. */
#define ALWAYS_ENTERED \
	(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWPID)

static bool is_in_other(const struct record *r, const char *ns, int proc_fd)
{
	struct stat ours, theirs;
	char path[64];

	fmt_str(path, sizeof(path), "self/ns/%s", ns);
	if (sys_fstatat(proc_fd, path, &ours, 0) < 0)
		return false;
	fmt_str(path, sizeof(path), "%d/ns/%s", (int)r->init.pid, ns);
	return sys_fstatat(proc_fd, path, &theirs, 0) < 0 || ours.st_ino != theirs.st_ino;
}

/* Without privileges those of the host cannot be entered, and need not be. The record does not tell:
 * its writer may have been root of another user namespace. */
static int other_namespaces(const struct record *r, int proc_fd)
{
	static const struct name_value all[] = {
		{ "mnt", CLONE_NEWNS },	   { "net", CLONE_NEWNET },   { "ipc", CLONE_NEWIPC },
		{ "uts", CLONE_NEWUTS },   { "pid", CLONE_NEWPID },   { "cgroup", CLONE_NEWCGROUP },
		{ "user", CLONE_NEWUSER }, { "time", CLONE_NEWTIME },
	};
	int flags = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		flags |= is_in_other(r, all[i].name, proc_fd) ? (int)all[i].value : 0;
	return flags;
}

void enter_plan(const struct lc_ctx *ctx, const struct record *r, struct plan *p)
{
	struct plan_namespaces *ns = &p->ns;

	ns->new_flags = (int)r->namespaces | ALWAYS_ENTERED;
	if (ctx->rootless)
		ns->new_flags = other_namespaces(r, p->proc_fd);
	ns->needs_intermediate =
		ctx->rootless && ns->new_flags & (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME);
}
