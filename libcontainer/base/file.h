/* SPDX-License-Identifier: Apache-2.0 */
/* Small files, always relative to a directory descriptor. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* Reads a regular file (opened O_NONBLOCK; FIFO, device or directory: ERR_INVALID; larger than
 * `max`: ERR_INVALID) into malloc'd, terminated memory owned by the caller. Host side. */
int file_read_at(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len,
		 struct err *e);
/* Reads a proc, sysfs or cgroup file into buf (terminated, one trailing newline cut). Returns its
 * length or -errno; -E2BIG when it does not fit. No allocation: callable in init. */
ssize_t file_read_buf(int dirfd, const char *path, char *buf, size_t size);
/* Writes text to an existing file in one write(2): sysctl, attr, cgroup. 0 or -errno. No
 * allocation: callable in init. */
int file_write_at(int dirfd, const char *path, const char *text);
/* Makes a file that is not there yet (a leftover is removed). Not atomic: for what nobody reads
 * before something else says that it is complete. */
int file_write_new_at(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
		      struct err *e);
/* Replaces path whole: O_TMPFILE or name.tmp, full write checked, rename(2). Mode as given. */
int file_write_atomic_at(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
			 struct err *e);
