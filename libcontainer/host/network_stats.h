/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel counts for the network interfaces of a process's network namespace. */
#pragma once

#include "base/arena.h"
#include "libcontainer.h"

/* Reads /proc/PID/net/dev. Its interfaces in *ret, in the arena. 0 or -errno. */
int network_stats_read(pid_t pid, struct arena *arena, struct lc_stats *ret);
