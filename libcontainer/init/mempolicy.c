/* SPDX-License-Identifier: Apache-2.0 */
/* The NUMA memory policy: a process sets its own, nobody can do it from outside. */
#include <errno.h>

#include "init/init.h"
#include "sys/sys.h"

int mempolicy_apply(const struct plan_process *pp, struct err *e)
{
	const struct plan_mempolicy *policy = &pp->mempolicy;
	int r = policy->text ? sys_set_mempolicy(policy->mode, policy->nodes, policy->max) : 0;

	if (r == 0)
		return 0;
	err_sys(e, r, "set_mempolicy", "%s%s", policy->text,
		r == -EINVAL ? ": a node that is not there, or a mode this kernel lacks" : "");
	return err_at(e, "linux.memoryPolicy");
}
