/* SPDX-License-Identifier: Apache-2.0 */
/* The namespaces of a running container, as the record and the kernel tell them. */
#include "life/enter.h"

#include <sched.h>

#include "base/fmt.h"
#include "sys/sys.h"

/* Entered whatever config.json said: those init shares with the runtime that made it are not
 * necessarily ours. A user or time namespace is entered only when it is another one: the kernel
 * refuses one's own user namespace. */
#define ALWAYS_ENTERED \
	(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWPID)

/* The record tells what is not the creator's, who may have been root of another user namespace. */
static bool is_in_other_userns(const struct record *r, int proc_fd)
{
	struct stat ours, theirs;
	char path[64];

	fmt_str(path, sizeof(path), "%d/ns/user", (int)r->init.pid);
	return sys_fstatat(proc_fd, "self/ns/user", &ours, 0) == 0 &&
	       sys_fstatat(proc_fd, path, &theirs, 0) == 0 && ours.st_ino != theirs.st_ino;
}

void enter_plan(const struct lc_ctx *ctx, const struct record *r, struct plan *p)
{
	struct plan_namespaces *ns = &p->ns;

	ns->new_flags = (int)r->namespaces | ALWAYS_ENTERED;
	if (!ctx->rootless)
		return;
	ns->new_flags &= ~CLONE_NEWUSER;
	if (is_in_other_userns(r, p->proc_fd))
		ns->new_flags |= CLONE_NEWUSER;
	ns->needs_intermediate = ns->new_flags & CLONE_NEWUSER;
}
