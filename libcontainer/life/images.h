/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of a checkpoint: CRIU's images with our own note beside them, and CRIU's log. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "libcontainer.h"

struct images {
	int fd, work_fd;
	const char *path, *work_path;
	size_t made, work_made; /* length of the path up to the first directory made; 0: none */
	const char **before;	/* names of the files that were there; NULL: none is to be made */
	size_t n_before;
};
#define IMAGES_EMPTY                            \
	{                                       \
		.fd = -EBADF, .work_fd = -EBADF \
	}

/* make: the images' own is made (0710) where it is missing, as the log's always is. Strings in the
 * arena. */
int images_open(const struct lc_criu_opts *o, bool make, struct arena *arena, struct images *ret,
		struct err *e);
/* After a failure: images and directories that were not there before go, CRIU's log stays. */
void images_undo(const struct images *m);
void images_close(struct images *m);
#define _cleanup_images_ __attribute__((cleanup(images_close)))

/* What CRIU calls the standard streams that a container has got from its creator: a name each, "" for
 * one that CRIU finds in the container itself, such as its own terminal. */
struct images_stdio {
	const char *names[3];
};
#define IMAGES_NO_STDIO                 \
	{                               \
		.names = { "", "", "" } \
	}
extern const struct json_field images_stdio_fields[];
/* The name is that of somebody else's terminal. */
bool images_is_terminal(const char *name);
/* Of this process, which a container inherits. They are named when it is made: later its program may
 * have put something else in their place, for good or for a moment. */
int images_name_stdio(struct arena *arena, struct images_stdio *ret, struct err *e);
/* Kept among the images; those of somebody else have no such note: all names are "". */
int images_save_stdio(const struct images *m, const struct images_stdio *s, struct err *e);
int images_load_stdio(const struct images *m, struct arena *arena, struct images_stdio *ret,
		      struct err *e);
