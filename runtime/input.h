/* SPDX-License-Identifier: Apache-2.0 */
/* JSON that a command takes from a file, or from standard input. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* Reads all of path, "-" for standard input, of at most JSON_MAX_SIZE bytes. out->data is terminated
 * on success. */
int input_read(const char *path, struct buf *out, struct err *e);
