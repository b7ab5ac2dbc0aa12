/* SPDX-License-Identifier: Apache-2.0 */
/* One hook, run the same way by the runtime (host/hooks.c) and inside the container (init/hooks.c):
 * no allocation. */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"

struct hook_run {
	const struct plan *plan; /* for the state's text */
	enum plan_hook_kind kind;
	pid_t pid; /* of the container's first process as the hook is to see it, 0: none */
	const char *status;
	const char *cwd; /* NULL: as it is */
};

/* The name of a kind in config.json. */
const char *hook_kind_name(enum plan_hook_kind kind);
/* Runs it in a process group of its own: state on stdin, stdout and stderr ours or the plan's, every other
 * descriptor closed, signals at their defaults, umask 0022. Waits for it; past its deadline the
 * group is killed. 0, or ERR_TIMEOUT or ERR_SYS with op "hook" and the hook and its end in msg. */
int hook_run(const struct hook_run *run, const struct plan_hook *hook, struct err *e);
