/* SPDX-License-Identifier: Apache-2.0 */
/* Cache and memory bandwidth of a container: its directory in resctrl (intelrdt_plan is in host.h).
 * Source: the kernel's Documentation/arch/x86/resctrl.rst. */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"

/* Makes the directories that are the container's own, and tells in rdt which it has made: somebody
 * else may have been faster with the class of service. */
int intelrdt_make(struct plan_rdt *rdt, struct err *e);
/* Writes the schemata of a class that we made, and puts a process in. */
int intelrdt_apply(const struct plan_rdt *rdt, pid_t pid, struct err *e);
/* Puts another process in; either directory may be NULL. -ENOENT: somebody has removed it. */
int intelrdt_enter(const char *clos, const char *monitor, pid_t pid, struct err *e);
/* The schemata of a class, malloc'd: what intelrdt_update(clos, *ret, NULL, e) brings back. */
int intelrdt_read(const char *clos, char **ret, struct err *e);
/* Writes another schemata of a running container's class; either may be NULL. On failure some of its
 * lines may have been written. */
int intelrdt_update(const char *clos, const char *l3_cache, const char *mem_bw, struct err *e);
/* Removes one of those directories; a missing one is fine. Who is in it falls back. */
int intelrdt_remove(const char *dir, struct err *e);
