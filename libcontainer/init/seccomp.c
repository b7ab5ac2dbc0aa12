/* SPDX-License-Identifier: Apache-2.0 */
/* The filter, compiled by the host, is loaded. */
#include <errno.h>
#include <linux/seccomp.h>

#include "init/init.h"
#include "sys/sys.h"

int seccomp_apply(const struct plan_process *pp, struct err *e)
{
	const struct plan_seccomp *s = &pp->seccomp;
	int r = s->prog ? sys_seccomp(SECCOMP_SET_MODE_FILTER, s->flags, s->prog) : 0;

	return r < 0 ? err_sys(e, r, "seccomp", "filter of %u instructions", s->prog->len) : 0;
}
