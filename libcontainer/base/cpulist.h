/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of CPUs or memory nodes as the kernel writes them: "0-3,7" (cpuset(7), "List format"). */
#pragma once

#include <limits.h>
#include <stddef.h>

#define CPULIST_MAX 8192
#define CPULIST_WORD (sizeof(unsigned long) * CHAR_BIT)

struct cpulist {
	unsigned long bits[CPULIST_MAX / CPULIST_WORD];
};

/* 0, or -EINVAL with *ret untouched: not such a list, or a number from CPULIST_MAX on. */
int cpulist_parse(const char *text, struct cpulist *ret);
