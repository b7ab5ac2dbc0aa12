/* SPDX-License-Identifier: Apache-2.0 */
/* state.json: what outlives the command that made a container. Replaced whole (rename), with a
 * checksum and the boot it belongs to. Not synced to disk: after a crash of the machine no process
 * and no cgroup is left that it could describe, and a torn record only ever means "stopped".
 * A reader trusts nothing: no record harms a process that is not the container's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "libcontainer.h"
#include "life/images.h"
#include "life/statedir.h"
#include "plan/plan.h"

/* A process, safe against reuse of its number: start is field 22 of /proc/PID/stat. */
struct record_process {
	int64_t pid;
	uint64_t start;
};

struct record {
	const char *id, *bundle, *rootfs, *oci_version;
	const char *created; /* RFC 3339, UTC */
	const char *owner;   /* number of the user who made it */
	const char *boot_id;
	const char *cgroup_path; /* below the cgroup2 mount, or NULL */
	const char *unit;	 /* of systemd, which holds the cgroup, or NULL */
	bool unit_user;		 /* of the user's own manager */
	bool delegated;		 /* processes are in groups below the cgroup only */
	const char *rdt_group;	 /* directory in resctrl, or NULL */
	bool rdt_made;		 /* it is the container's own and goes with it */
	const char *rdt_monitor; /* likewise always its own, or NULL */
	struct record_process creator;
	struct record_process init; /* pid 0: only an intent, create has not finished */
	struct images_stdio stdio;  /* what it got at create */
	uint64_t namespaces;	    /* CLONE_NEW* that init has of its own and exec enters */
	bool has_poststart, has_poststop;
	bool has_notify;   /* the container has $NOTIFY_SOCKET from us */
	bool has_listener; /* start gets one from init, for the seccomp agent */
	struct {
		uint64_t *items; /* ids (statx) of mounts that came after create */
		size_t n;
	} added_mounts;
	struct {
		struct json_pair *items;
		size_t n;
	} annotations;
};

/* Fills boot_id, created, owner and creator: this process, now. Strings in the arena. */
int record_stamp(struct record *r, struct arena *arena, struct err *e);
int record_write(const struct statedir *d, const struct record *r, struct err *e);
/* ERR_INVALID when it is torn, of another format or another id; ERR_NOTFOUND when missing: the
 * caller decides (delete --force goes on). Strings in the arena. */
int record_read(const struct statedir *d, const char *id, struct arena *arena, struct record *ret,
		struct err *e);
/* The unit as requests to systemd name it; its name is NULL when there is none. */
struct plan_systemd record_unit(const struct record *r);
/* What is true now, from /proc, the fifo and the cgroup, not from memory. */
enum lc_status record_status(const struct statedir *d, const struct record *r,
			     const char *cgroup_root);
/* An owned pidfd of the container's init; ERR_STATE "container not running" when it is gone, never
 * somebody else's process. */
int record_open_init(const struct record *r, struct err *e);
/* 0 when there is no such process (a zombie counts as gone). */
uint64_t record_start_time(pid_t pid);
