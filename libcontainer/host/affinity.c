/* SPDX-License-Identifier: Apache-2.0 */
/* CPU affinity, ours and that of others. */
#include "host/affinity.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "sys/sys.h"

int affinity_set(pid_t pid, const char *list, const char *where, struct err *e)
{
	struct cpulist cpus;
	int r;

	if (!list || !*list)
		return 0;
	if (cpulist_parse(list, &cpus) < 0)
		return err_bad(e, where, "\"%s\" is not a list of CPUs like \"0-3,7\"", list);
	r = sys_sched_setaffinity(pid, sizeof(cpus), cpus.bits);
	if (r < 0) {
		err_sys(e, r, "sched_setaffinity", "CPUs %s", list);
		return err_at(e, "%s", where);
	}
	return 0;
}

int affinity_reset(pid_t pid, struct err *e)
{
	struct cpulist all;
	int r;

	memset(&all, 0xff, sizeof(all));
	r = sys_sched_setaffinity(pid, sizeof(all), all.bits);
	return r < 0 && r != -EPERM ? err_sys(e, r, "sched_setaffinity", "all CPUs") : 0;
}

int affinity_save(struct cpulist *ret, struct err *e)
{
	if (sched_getaffinity(0, sizeof(*ret), (cpu_set_t *)ret->bits) < 0)
		return err_sys(e, errno, "sched_getaffinity", "of the runtime");
	return 0;
}

int affinity_restore(const struct cpulist *a, struct err *e)
{
	int r = sys_sched_setaffinity(0, sizeof(*a), a->bits);

	return r < 0 ? err_sys(e, r, "sched_setaffinity", "back to the runtime's own") : 0;
}
