/* SPDX-License-Identifier: Apache-2.0 */
/* Paths inside an untrusted tree: everything is an O_PATH descriptor below one root descriptor,
 * resolved by the kernel with RESOLVE_IN_ROOT. No allocation: callable in init. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Opens path below root; symlinks stay inside. flags are open(2)'s (O_CLOEXEC is added). Restarts
 * on EAGAIN and EINTR. Returns an owned fd or -errno. */
int path_open_in(int root, const char *path, int flags);
/* Like it, creating missing directories (mode 0755) on the way; `file` says what the last
 * component becomes when it is missing: a directory or an empty regular file (0644... created
 * O_CREAT|O_EXCL|O_NOFOLLOW). Returns an O_PATH fd of the last component. Dangling symlinks are an
 * error, never followed for creation outside. */
int path_make_in(int root, const char *path, bool file, struct err *e);
/* Opens the parent directory of path below root, creating it when `make`; *ret_name points into
 * path at the last component ("." for the root itself is -EINVAL). Returns an owned O_PATH fd. */
int path_open_parent_in(int root, const char *path, bool make, const char **ret_name,
			struct err *e);
/* Lexical clean-up into buf: absolute, no "//", "." or ".." (".." stops at the root). Returns the
 * length or -ENAMETOOLONG. "a/../b" -> "/b". */
ssize_t path_clean(const char *path, char *buf, size_t size);
/* Opens a file of a procfs tree for writing or reading beneath proc_fd without leaving that very
 * mount and without magic links (RESOLVE_BENEATH|NO_XDEV|NO_MAGICLINKS). */
int path_open_proc(int proc_fd, const char *path, int flags);
