/* SPDX-License-Identifier: Apache-2.0 */
/* process.execCPUAffinity. */
#pragma once

#include <sys/types.h>

#include "base/cpulist.h"
#include "base/err.h"

/* Sets the affinity of a process (0: ours) to a list that spec_check has accepted; NULL or "":
 * nothing. `where` is the place in process.json. */
int affinity_set(pid_t pid, const char *list, const char *where, struct err *e);
/* Ours now, and back to it. */
int affinity_save(struct cpulist *ret, struct err *e);
int affinity_restore(const struct cpulist *a, struct err *e);
