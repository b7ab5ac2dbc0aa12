/* SPDX-License-Identifier: Apache-2.0 */
/* The host's mounts. */
#pragma once

#include <stddef.h>

#include "base/err.h"

/* The target of the first mount of that type. 0; ERR_NOTFOUND when there is none.
 * Source: proc_pid_mounts(5). */
int mount_tree_find_fstype(const char *fstype, char *ret_path, size_t size, struct err *e);
