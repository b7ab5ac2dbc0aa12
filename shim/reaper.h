/* SPDX-License-Identifier: Apache-2.0 */
/* Exits of child processes. The shim is a subreaper: it is told of every process of its containers
 * whose parent is gone. As nobody else waits for them, a pid stays ours until its exit was told. */
#pragma once

#include <sys/types.h>
#include <time.h>

#include "base/err.h"
#include "base/ev.h"

struct reaper;
struct reaper_watch;
/* status: as shells tell it, 128 + signal for a killed process. The watch has ended. */
typedef void (*reaper_fn)(struct reaper_watch *w, int status, const struct timespec *when);

struct reaper_watch {
	pid_t pid;
	reaper_fn fn;
	struct reaper_watch *next;
};

/* Blocks SIGCHLD for this process. */
int reaper_new(struct ev_loop *loop, struct reaper **ret, struct err *e);
struct reaper *reaper_free(struct reaper *r);
/* fn is called once, from the loop; at once when that process has ended already (see reaper_hold). */
void reaper_add(struct reaper *r, struct reaper_watch *w, pid_t pid, reaper_fn fn);
/* Fine when it has ended or was never added (zeroed). */
void reaper_remove(struct reaper *r, struct reaper_watch *w);
/* Between hold and release exits that nobody watches are remembered: whoever makes processes holds
 * until their pids are known. Nests; the last release forgets. */
void reaper_hold(struct reaper *r);
void reaper_release(struct reaper *r);
