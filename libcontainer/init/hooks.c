/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks of the container's world: createContainer before the pivot, startContainer before the
 * program. */
#include <unistd.h>

#include "init/init.h"
#include "plan/hook.h"

int init_hooks_run(struct init_ctx *c, enum plan_hook_kind kind, const char *status, struct err *e)
{
	const struct plan_hooks *hooks = &c->plan->hooks[kind];
	const struct hook_run run = {
		.plan = c->plan, .kind = kind, .pid = getpid(), .status = status
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < hooks->n; i++)
		r = hook_run(&run, &hooks->items[i], e);
	return r;
}
