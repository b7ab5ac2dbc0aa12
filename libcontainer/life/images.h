/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of a checkpoint: CRIU's images with our own note beside them, and CRIU's log. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "libcontainer.h"

struct images {
	int fd, work_fd;
	const char *work_path;
};
#define IMAGES_EMPTY                            \
	{                                       \
		.fd = -EBADF, .work_fd = -EBADF \
	}

/* make: they are made (0700) where missing. Strings in the arena. */
int images_open(const struct lc_criu_opts *o, bool make, struct arena *arena, struct images *ret,
		struct err *e);
void images_close(struct images *m);
#define _cleanup_images_ __attribute__((cleanup(images_close)))

/* What CRIU calls the standard streams of a process that come from outside of its container: a name
 * each, "" for one that does not. */
struct images_stdio {
	const char *names[3];
};
int images_find_stdio(pid_t pid, struct arena *arena, struct images_stdio *ret, struct err *e);
/* Kept among the images; those of somebody else have no such note: all names are "". */
int images_save_stdio(const struct images *m, const struct images_stdio *s, struct err *e);
int images_load_stdio(const struct images *m, struct arena *arena, struct images_stdio *ret,
		      struct err *e);
