/* SPDX-License-Identifier: Apache-2.0 */
/* The host's mounts, read by libmount, which is loaded on first use. */
#pragma once

#include <stddef.h>

#include "base/err.h"

/* The target of the first mount of that type. 0; ERR_NOTFOUND when there is none, ERR_UNSUPPORTED
 * naming the package when libmount is not installed. */
int mount_tree_find_fstype(const char *fstype, char *ret_path, size_t size, struct err *e);
