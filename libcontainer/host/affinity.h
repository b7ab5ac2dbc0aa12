/* SPDX-License-Identifier: Apache-2.0 */
/* The processors that a process may use: process.execCPUAffinity, or all of its cpuset. */
#pragma once

#include <sys/types.h>

#include "base/cpulist.h"
#include "base/err.h"

/* Sets the affinity of a process (0: ours) to a list that spec_check has accepted; NULL or "":
 * nothing. `where` is the place in process.json. */
int affinity_set(pid_t pid, const char *list, const char *where, struct err *e);
/* Takes off a process (0: ours) what it has inherited: it may use all of its cpuset, also of a later one.
 * Since Linux 6.2 an affinity outlives changes of the cpuset. Left as it is where that is not allowed. */
int affinity_reset(pid_t pid, struct err *e);
/* Ours now, and back to it. */
int affinity_save(struct cpulist *ret, struct err *e);
int affinity_restore(const struct cpulist *a, struct err *e);
