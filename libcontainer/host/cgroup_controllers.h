/* SPDX-License-Identifier: Apache-2.0 */
/* The controllers that a group's limits and figures need. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "plan/plan.h"

/* Is every controller that the writes of cg need in the tree? ERR_UNSUPPORTED with e->where = the
 * limit when it lacks one; root_path is for the message. Looks at nothing when no write needs one. */
int cgroup_controllers_check(int root_fd, const char *root_path, const struct plan_cgroup *cg,
			     struct err *e);
/* Makes them available in cg->path, enabling them in each group above it where they are not yet. With
 * counting, the controllers of a container's figures (cpu, io, memory, pids) too, as far as that can
 * be done: it is no error where it cannot. */
int cgroup_controllers_enable(int root_fd, const struct plan_cgroup *cg, bool counting,
			      struct err *e);
/* Passes all controllers on that there are: in the group that the first `top` bytes of path name and in
 * each below it on the way to path. */
int cgroup_controllers_pass_on(int root_fd, const char *path, size_t top, struct err *e);
