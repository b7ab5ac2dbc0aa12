/* SPDX-License-Identifier: Apache-2.0 */
/* A container's directory, ROOT/ID/ (0711 in a 0700 root):
 *	state.json	the record (life/record.h)
 *	config.json	the configuration as it was at create (verbatim; exec takes its defaults here)
 *	exec.fifo	from create until start: its presence is what "created" means
 *	start.sock	as long, when init has something to give to start (a seccomp listener)
 *	notify/		bound into the container, with the socket of sd_notify while start waits
 *	cgroup		a symlink whose text is the cgroup's path: made once the group is ours, so that
 *			delete knows what it may kill even when the record is lost */
#pragma once

#include <errno.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

#define STATEDIR_RECORD "state.json"
#define STATEDIR_CONFIG "config.json"
#define STATEDIR_FIFO "exec.fifo"
#define STATEDIR_START "start.sock"
#define STATEDIR_NOTIFY "notify"
#define STATEDIR_NOTIFY_SOCKET "notify/notify.sock"
#define STATEDIR_CGROUP "cgroup"

/* An open directory, with the lock when asked for: held until statedir_close (or death). Every verb
 * that changes something takes it; state and list do not. O_CLOEXEC, and closed first thing in init
 * so that a lock never outlives its holder. */
struct statedir {
	int root_fd, dir_fd;
};
#define STATEDIR_EMPTY                              \
	{                                           \
		.root_fd = -EBADF, .dir_fd = -EBADF \
	}

/* Makes ROOT (0700) and ROOT/ID and locks it; exactly one of several callers wins, the others get
 * ERR_EXISTS "container with given ID already exists". */
int statedir_create(const char *root, const char *id, struct statedir *ret, struct err *e);
/* How statedir_open locks: not at all, at once or not at all (ERR_BUSY), or waiting up to 10 s. */
enum statedir_lock { STATEDIR_UNLOCKED, STATEDIR_TRY_LOCK, STATEDIR_LOCKED };
/* Opens an existing one; ERR_NOTFOUND "container does not exist"; ERR_BUSY when somebody else holds
 * the lock. */
int statedir_open(const char *root, const char *id, enum statedir_lock lock, struct statedir *ret,
		  struct err *e);
/* The path of the group that is ours to kill; false when there is none. */
bool statedir_cgroup(const struct statedir *d, char *ret, size_t size);
/* Removes what we put there, then the directory: the last step of delete. Does not close. */
int statedir_remove(struct statedir *d, const char *id, struct err *e);
/* ROOT/,seccomp, where compiled filters are kept (host/seccomp_cache.h): with a comma it is never
 * taken for a container. NULL when out of memory. */
const char *statedir_seccomp_cache(const char *root, struct arena *arena);
/* Closes (and unlocks); fine when empty. */
void statedir_close(struct statedir *d);
#define _cleanup_statedir_ __attribute__((cleanup(statedir_close)))
