/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits: set by the host on the waiting init, for only the host may raise hard limits. */
#include <errno.h>

#include "base/map.h"
#include "host/host.h"
#include "sys/sys.h"

int rlimits_plan(const struct spec_process *sp, struct plan_process *pp, struct arena *arena,
		 struct err *e)
{
	size_t n = sp->rlimits.n;
	struct plan_rlimit *limits = arena_array_of(arena, struct plan_rlimit, n);

	if (!limits && n > 0)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++) {
		const struct spec_rlimit *given = &sp->rlimits.items[i];
		const struct name_value *known =
			map_find(spec_rlimit_names, spec_rlimit_n, given->type);

		if (!known) {
			err_bad(e, "", "%s: no such limit", given->type);
			return err_at(e, "process.rlimits[%zu].type", i);
		}
		limits[i] = (struct plan_rlimit){
			.resource = (int)known->value,
			.name = known->name,
			.value = { .rlim_cur = given->soft, .rlim_max = given->hard },
		};
	}
	pp->rlimits = limits;
	pp->n_rlimits = n;
	return 0;
}

int rlimits_apply(const struct plan_process *pp, pid_t pid, struct err *e)
{
	for (size_t i = 0; i < pp->n_rlimits; i++) {
		const struct plan_rlimit *l = &pp->rlimits[i];
		int r = sys_prlimit(pid, l->resource, &l->value);

		if (r == -EPERM)
			err_sys(e, r, "prlimit",
				"%s to %llu: raising a hard limit needs "
				"CAP_SYS_RESOURCE",
				l->name, (unsigned long long)l->value.rlim_max);
		else if (r < 0)
			err_sys(e, r, "prlimit", "%s to %llu:%llu", l->name,
				(unsigned long long)l->value.rlim_cur,
				(unsigned long long)l->value.rlim_max);
		if (r < 0)
			return err_at(e, "process.rlimits[%zu]", i);
	}
	return 0;
}
