/* SPDX-License-Identifier: Apache-2.0 */
/* What the shim reads and keeps in a bundle: `delete` finds there all it has to know when the shim
 * that ran the container is gone. */
#pragma once

#include <sys/types.h>
#include <time.h>

#include "base/arena.h"
#include "base/err.h"
#include "options.h"

#define BUNDLE_ADDRESS "address"
#define BUNDLE_PID "init.pid"

struct bundle_exit {
	pid_t pid;
	uint32_t status;
	struct timespec at;
};

/* The group a container belongs to: named by an annotation of config.json, else its id. */
int bundle_group(int dirfd, const char *id, struct arena *arena, const char **ret, struct err *e);
/* Text files that peers read, too: no newline at the end. */
int bundle_write_text(int dirfd, const char *name, const char *text, struct err *e);
int bundle_save_options(int dirfd, const struct options *o, struct err *e);
/* All defaults when none were saved. */
int bundle_load_options(int dirfd, struct arena *arena, struct options *ret, struct err *e);
int bundle_save_exit(int dirfd, const struct bundle_exit *x, struct err *e);
/* Of the init process; -ENOENT when it has not been seen to end. */
int bundle_load_exit(int dirfd, struct bundle_exit *ret, struct err *e);
