/* SPDX-License-Identifier: Apache-2.0 */
/* A file system in the making (fsopen(2)), and what the kernel says about it. No allocation: for
 * init as well as for the host side. */
#pragma once

#include "base/err.h"

/* Sets an option, a flag when value is NULL. */
int fs_context_set(int fs, const char *key, const char *value, struct err *e);
/* Describes a failed call with the message that the kernel left in the context. */
int fs_context_error(int fs, int errnum, const char *op, const char *what, struct err *e);
