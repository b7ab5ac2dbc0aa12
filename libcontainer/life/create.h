/* SPDX-License-Identifier: Apache-2.0 */
/* A container in the making: the steps that create and restore have in common, in their order. All
 * return 0 or negative errno; after a failure behind create_open() comes create_undo(). */
#pragma once

#include <limits.h>
#include <sys/types.h>

#include "base/err.h"
#include "host/netdev.h"
#include "libcontainer.h"
#include "life/bundle.h"
#include "life/spawn.h"

struct create {
	struct lc_ctx *ctx;
	const char *id;
	const struct lc_create_opts *opts;
	struct bundle bundle;
	struct statedir dir;
	struct record record;
	struct spawn spawn;
	struct netdevs netdevs;
	char scope_path[PATH_MAX]; /* of the group that systemd has made */
	int keeper, keeper_pipe;   /* pidfd and end of a process that keeps it (life/scope.h) */
	int console;		   /* where the pty master goes, borrowed or owned_console */
	int owned_console;
	int pidfd_socket; /* owned, -EBADF: nobody asks for it */
};
#define CREATE_EMPTY                                                                  \
	{                                                                             \
		.bundle = BUNDLE_EMPTY, .dir = STATEDIR_EMPTY, .spawn = SPAWN_EMPTY,  \
		.netdevs = NETDEVS_EMPTY, .console = -EBADF, .owned_console = -EBADF, \
		.pidfd_socket = -EBADF, .keeper = -EBADF, .keeper_pipe = -EBADF       \
	}

/* Reads, checks and compiles the bundle, reaches the console socket; then takes the id. ctx, id and
 * opts are given. */
int create_open(struct create *c, struct err *e);
/* From here on `delete --force` knows what to undo. */
int create_write_intent(struct create *c, struct err *e);
/* spawn.cgroup_fd, marked as ours; -EBADF when none is wanted. create itself leaves the systemd driver's
 * to the clone (scope_make). */
int create_make_cgroup(struct create *c, struct err *e);
/* The directories in resctrl; the process enters by intelrdt_apply(). */
int create_make_rdt(struct create *c, struct err *e);
/* Limits, device program, our copy of config.json: the container's processes need none of it to come
 * to be, and must not run before all of it is there. */
int create_set_limits(struct create *c, struct err *e);
/* prestart and createRuntime. */
int create_run_hooks(const struct create *c, pid_t pid, struct err *e);
/* The final record, and the pid file. */
int create_record_init(struct create *c, pid_t pid, struct err *e);
/* Whatever there is of it goes; the first error is what the user is told. */
void create_undo(struct create *c);
void create_done(struct create *c);
#define _cleanup_create_ __attribute__((cleanup(create_done)))
