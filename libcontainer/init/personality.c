/* SPDX-License-Identifier: Apache-2.0 */
/* The execution domain. */
#include "init/init.h"
#include "sys/sys.h"

int personality_apply(const struct plan_process *pp, struct err *e)
{
	int r = pp->sched.has_personality ? sys_personality(pp->sched.personality) : 0;

	return r < 0 ? err_sys(e, r, "personality", "0x%lx", pp->sched.personality) : 0;
}
