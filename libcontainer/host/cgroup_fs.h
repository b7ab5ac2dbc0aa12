/* SPDX-License-Identifier: Apache-2.0 */
/* What the cgroup files share below cgroup.h: one group as a directory with its control files. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "plan/plan.h"

/* Opens a group by its path below the root descriptor; no symlinks, no other file system. Returns
 * an owned O_DIRECTORY fd or -errno. */
int cgroup_fs_open(int root_fd, const char *path);
/* Whether a group was made by cgroup_create on the way to a container's group. */
bool cgroup_fs_is_made(int root_fd, const char *path);
/* Writes the limits in order. */
int cgroup_fs_write(int dirfd, const struct plan_cgroup *cg, struct err *e);
/* A key of cgroup.events ("populated", "frozen"): 0, 1 or -errno. */
int cgroup_fs_event(int dirfd, const char *key);
/* Waits until the key has that value; deadline in milliseconds of fd_now_ms(). 0, -ETIMEDOUT or
 * another -errno. */
int cgroup_fs_wait(int dirfd, const char *key, bool want, int64_t deadline);
