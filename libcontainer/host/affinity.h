/* SPDX-License-Identifier: Apache-2.0 */
/* process.execCPUAffinity: CPU lists as the kernel writes them ("0-3,7"). */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define AFFINITY_MAX_CPUS 8192

struct affinity {
	unsigned long bits[AFFINITY_MAX_CPUS / (8 * sizeof(unsigned long))];
};

/* ERR_INVALID naming the list and `where` unless it is a list of numbers and ranges. */
int affinity_parse(const char *list, const char *where, struct affinity *ret, struct err *e);
/* Sets the affinity of a process (0: ours) to a list; NULL or "": nothing. */
int affinity_set(pid_t pid, const char *list, const char *where, struct err *e);
/* Ours now, and back to it. */
int affinity_save(struct affinity *ret, struct err *e);
int affinity_restore(const struct affinity *a, struct err *e);
