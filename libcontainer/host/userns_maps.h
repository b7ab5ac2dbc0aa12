/* SPDX-License-Identifier: Apache-2.0 */
/* The id maps of the runtime's own user namespace (userns.c). */
#pragma once

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "spec/spec.h"

struct userns_map {
	const char *file;    /* below /proc/PID */
	const char *where;   /* in config.json */
	const char *program; /* what a caller without the right needs */
	unsigned own_id;
	const spec_id_maps *ids;
	struct buf text;
};

/* Fills text, which is the caller's to free: each id as itself. */
int userns_map_identity(struct userns_map *map, struct err *e);
/* Writes both for a process of a new user namespace, from outside of it. ERR_UNSUPPORTED naming the
 * package of newuidmap, ERR_DENIED with what it said. */
int userns_write_maps(struct userns_map *uids, struct userns_map *gids, pid_t pid, int proc_fd,
		      struct err *e);
