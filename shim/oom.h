/* SPDX-License-Identifier: Apache-2.0 */
/* Kills by the kernel for lack of memory: one inotify descriptor for all containers, on the
 * memory.events of their cgroups. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/ev.h"

struct oom;
struct oom_watch {
	void (*fn)(struct oom_watch *w); /* the kernel has killed since the last call */
	int cgroup;			 /* borrowed */
	int wd;
	uint64_t kills;
	struct oom_watch *next;
};

int oom_new(struct ev_loop *loop, struct oom **ret, struct err *e);
struct oom *oom_free(struct oom *o);
/* cgroup: its directory. A group without memory controller is never heard of. */
void oom_add(struct oom *o, struct oom_watch *w, int cgroup, void (*fn)(struct oom_watch *w));
/* Looks now: what the kernel has done, but not told yet. */
void oom_check(struct oom_watch *w);
/* Fine when never added (zeroed). */
void oom_remove(struct oom *o, struct oom_watch *w);
