/* SPDX-License-Identifier: Apache-2.0 */
/* What resctrl tells about a container: its schemata, its use of cache and memory bandwidth. */
#pragma once

#include "base/arena.h"
#include "libcontainer.h"

/* clos, monitor: directories in resctrl, -EBADF: none. What cannot be read is left out. 0 or -ENOMEM. */
int intelrdt_stats_read(int clos, int monitor, struct arena *arena, struct lc_stats *ret);
