/* SPDX-License-Identifier: Apache-2.0 */
/* The host's mounts. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* The target of the first mount of that type. 0; ERR_NOTFOUND when there is none.
 * Source: proc_pid_mounts(5). */
int mount_tree_find_fstype(const char *fstype, char *ret_path, size_t size, struct err *e);

/* What is mounted below the directory (not on it) in a table: "/proc/PID/mounts", as that process
 * sees it. The paths, in the order of mounting, are in the arena. */
int mount_tree_below(const char *table, const char *dir, struct arena *arena, const char ***ret,
		     size_t *ret_n, struct err *e);
