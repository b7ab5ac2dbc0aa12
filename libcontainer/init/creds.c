/* SPDX-License-Identifier: Apache-2.0 */
/* Becoming the program's user. What must not survive goes first, while there are the rights to drop
 * it: bounding set, then ids with the permitted set kept, then the sets themselves. */
#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>

#include "init/init.h"
#include "sys/sys.h"

#define MAX_CAPS 64

static bool has_cap(uint64_t set, unsigned cap)
{
	return set >> cap & 1;
}

/* The kernel says EINVAL for the first number beyond its last capability; those of Linux 5.14, the
 * oldest that we run on, are always there. */
static int drop_bounding(uint64_t keep, struct err *e)
{
	for (unsigned cap = 0; cap < MAX_CAPS; cap++) {
		int r = has_cap(keep, cap) ? 0 : sys_prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);

		if (r == -EINVAL && cap > CAP_CHECKPOINT_RESTORE)
			break;
		if (r < 0)
			return err_sys(e, r, "prctl", "PR_CAPBSET_DROP %u", cap);
	}
	return 0;
}

/* In a user namespace made by an unprivileged caller nobody may change groups
 * (user_namespaces(7), "/proc/PID/setgroups"): then only the wish for groups is an error. */
static int set_groups(const struct plan_process *pp, struct err *e)
{
	int r = pp->keep_groups ? 0 : sys_setgroups(pp->n_groups, pp->groups);

	if (r == -EPERM && pp->n_groups == 0)
		return 0;
	return r < 0 ? err_sys(e, r, "setgroups", "%zu groups", pp->n_groups) : 0;
}

static int set_ids(const struct plan_process *pp, struct err *e)
{
	int r = set_groups(pp, e);

	if (r < 0)
		return r;
	r = sys_setresgid(pp->gid, pp->gid, pp->gid);
	if (r < 0)
		return err_sys(e, r, "setresgid", "%u", pp->gid);
	r = sys_setresuid(pp->uid, pp->uid, pp->uid);
	return r < 0 ? err_sys(e, r, "setresuid", "%u", pp->uid) : 0;
}

/* capset(2) has left of the runtime's own ambient set what is permitted and inheritable now. */
static int set_ambient(const struct plan_caps *caps, struct err *e)
{
	uint64_t left = caps->permitted & caps->inheritable;
	int r = 0;

	if (left & ~caps->ambient)
		r = sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (r < 0)
		return err_sys(e, r, "prctl", "PR_CAP_AMBIENT_CLEAR_ALL");
	for (unsigned cap = 0; caps->ambient && cap < MAX_CAPS; cap++) {
		if (!has_cap(caps->ambient, cap))
			continue;
		r = sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
		if (r < 0)
			return err_sys(e, r, "prctl", "PR_CAP_AMBIENT_RAISE %u", cap);
	}
	return 0;
}

static int set_caps(const struct plan_caps *caps, struct err *e)
{
	int r = sys_capset(caps->effective, caps->permitted, caps->inheritable);

	if (r < 0)
		return err_sys(e, r, "capset", "of the program");
	return set_ambient(caps, e);
}

int creds_apply(const struct plan_process *pp, struct err *e)
{
	int r = drop_bounding(pp->caps.bounding, e);

	if (r < 0)
		return r;
	/* The sets would not survive becoming another than root; the exec takes this back. */
	if (pp->uid != 0) {
		r = sys_prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
		if (r < 0)
			return err_sys(e, r, "prctl", "PR_SET_KEEPCAPS");
	}
	r = set_ids(pp, e);
	if (r < 0)
		return r;
	(void)umask(pp->umask);
	return set_caps(&pp->caps, e);
}
