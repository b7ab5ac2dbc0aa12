/* SPDX-License-Identifier: Apache-2.0 */
/* Entering existing namespaces from inside the new process. */
#include <errno.h>
#include <sched.h>

#include "init/init.h"
#include "sys/sys.h"

/* pid and time took effect with the clone (life/spawn.c); user was entered by the intermediate. */
int join_namespaces(const struct plan_namespaces *ns, struct err *e)
{
	for (size_t i = 0; i < ns->n_join; i++) {
		const struct plan_join *j = &ns->join[i];
		int r;

		if (j->type & (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME))
			continue;
		r = sys_setns(j->fd, j->type);
		if (r < 0)
			return err_sys(e, r, "setns", "%s", j->path);
	}
	return 0;
}
