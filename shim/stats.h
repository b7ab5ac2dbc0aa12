/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel counts for a cgroup, as io.containerd.cgroups.v2.Metrics. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* Reads the files of the directory; those that are missing (no controller) count as 0 or are left
 * out. Appends the encoded message. ERR_NOTFOUND when the group is gone. */
int stats_encode(int cgroup, struct arena *arena, struct buf *out, struct err *e);
/* The type of that message. */
extern const char stats_type[];
