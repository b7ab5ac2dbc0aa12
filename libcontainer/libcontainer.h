/* SPDX-License-Identifier: Apache-2.0 */
/* libcontainer: OCI containers on Linux, one function per verb. The only header programs include
 * (with base/). Every function returns >= 0 or a negative errno with *e filled; nothing is printed.
 * Not thread-safe per context; no globals but the log. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

/* Where and how: set by the program once, borrowed by every call. */
struct lc_ctx {
	const char *root;	 /* state directory, made (0700) when missing: /run/hull */
	const char *cgroup_root; /* tests: stands for the cgroup2 mount; NULL: find it */
	bool systemd_cgroup;	 /* --systemd-cgroup */
	bool cgroup_disabled;	 /* --cgroup-manager disabled */
	bool rootless;		 /* decided by the program: --rootless or the caller's ids */
};

struct lc_create_opts {
	const char *bundle;	    /* NULL: the working directory */
	const char *console_socket; /* path of a unix socket, or NULL */
	const char *pid_file;
	unsigned preserve_fds;
	bool no_pivot, no_new_keyring;
	bool detach;	 /* for messages and terminal rules only */
	int terminal_fd; /* run in the foreground with a terminal: a unix socket of the caller's
				       that gets the pty master instead of console_socket; else -EBADF */
};

enum lc_status { LC_CREATING, LC_CREATED, LC_RUNNING, LC_PAUSED, LC_STOPPED };

/* One container as `state` and `list` tell it. Everything lives in its arena: lc_state_done(). One
 * whose record cannot be read has an id, the status stopped and otherwise empty strings. */
struct lc_state {
	const char *oci_version, *id, *bundle, *rootfs, *created, *owner;
	enum lc_status status;
	pid_t pid; /* 0 when stopped */
	struct {
		struct json_pair *items;
		size_t n;
	} annotations;
	struct arena *arena;
};
const char *lc_status_name(enum lc_status s);
void lc_state_done(struct lc_state *s);
/* The state as runc prints it: one JSON object, indented by `indent` (0: one line). */
int lc_state_write(const struct lc_state *s, unsigned indent, struct buf *out, struct err *e);
/* `list -f json`: an array of the same objects, `null` when empty. */
int lc_list_write(const struct lc_state *s, size_t n, struct buf *out, struct err *e);

/* The verbs. create: the container's init waits for start; its pid is returned in *ret_pid and it
 * is a child of the caller. On failure nothing is left. */
int lc_create(struct lc_ctx *ctx, const char *id, const struct lc_create_opts *o, pid_t *ret_pid,
	      struct err *e);
/* Runs the program; returns once it has been executed and the poststart hooks are done. */
int lc_start(struct lc_ctx *ctx, const char *id, struct err *e);
int lc_state(struct lc_ctx *ctx, const char *id, struct lc_state *ret, struct err *e);
/* Every container below root, sorted by id. They share an arena: the caller frees all of them, each
 * with lc_state_done, then *ret. */
int lc_list(struct lc_ctx *ctx, struct lc_state **ret, size_t *ret_n, struct err *e);
/* sig > 0; all: every process of the cgroup. */
int lc_kill(struct lc_ctx *ctx, const char *id, int sig, bool all, struct err *e);
/* force: kills first, succeeds when there is no such container, cleans any prefix of create. */
int lc_delete(struct lc_ctx *ctx, const char *id, bool force, struct err *e);
int lc_pause(struct lc_ctx *ctx, const char *id, struct err *e);
int lc_resume(struct lc_ctx *ctx, const char *id, struct err *e);
/* malloc'd pids of the container's cgroup. */
int lc_ps(struct lc_ctx *ctx, const char *id, pid_t **ret, size_t *ret_n, struct err *e);
/* resources: JSON text of the OCI resources object. */
int lc_update(struct lc_ctx *ctx, const char *id, const char *resources, size_t len, struct err *e);

struct lc_exec_opts {
	const char *process_json; /* the process as JSON text (terminal: tty), or NULL: */
	uint16_t rows, columns;	  /* with process_json: size of the terminal, 0: as it says */
	const char *
		process_file; /* process.json, or NULL: built from the container's own process with: */
	const char *const *args; /* NULL terminated */
	const char *const *env;	 /* additional NAME=VALUE, NULL terminated, or NULL */
	const char *cwd, *user;	 /* user: uid[:gid] */
	const uint32_t *additional_gids;
	size_t n_additional_gids;
	const char *const *caps; /* additional capability names, NULL terminated, or NULL */
	bool tty, no_new_privs;
	const char *apparmor, *process_label, *cgroup; /* cgroup: sub-path below the container's */
	bool ignore_paused, detach;
	const char *console_socket, *pid_file;
	unsigned preserve_fds;
	int terminal_fd; /* as in lc_create_opts */
};
/* Starts a process in a running container; it is a child of the caller. */
int lc_exec(struct lc_ctx *ctx, const char *id, const struct lc_exec_opts *o, pid_t *ret_pid,
	    struct err *e);

/* Documents. lc_features: G1-G6; lc_spec: config.json for `hull spec`. */
int lc_features(struct buf *out, struct err *e);
int lc_spec(bool rootless, struct buf *out, struct err *e);
/* `create --dry-run`: the plan as text. */
int lc_plan(struct lc_ctx *ctx, const char *id, const struct lc_create_opts *o, struct buf *out,
	    struct err *e);

/* `hull check`: every problem of a bundle (or of one process.json), with line and column (0: not in
 * the file). Returns the number of problems, or negative errno when the file cannot be read. */
struct lc_problem {
	unsigned line, column;
	struct err err;
};
int lc_check(struct lc_ctx *ctx, const char *bundle, const char *process_file,
	     struct lc_problem **ret, struct err *e);

/* rootfs_mount.c: a root file system made of mounts, as clients with snapshots ask for it. */
struct lc_mount {
	const char *type, *source;
	const char *target; /* below the root file system; "" or NULL: that itself */
	const char *const *options;
	size_t n_options;
};
/* Mounts them in order on the directory rootfs, which is made (0711) when missing. On failure none
 * is left. Overlays may have any number of layers. */
int lc_mount_rootfs(const char *rootfs, const struct lc_mount *mounts, size_t n, struct err *e);
/* Unmounts everything at and below rootfs; fine when nothing is mounted or there is no rootfs. */
int lc_unmount_rootfs(const char *rootfs, struct err *e);

/* cgroup_open.c: the cgroup2 directory that a process is in, whatever runtime has put it there; an
 * owned fd. ERR_NOTFOUND when we are in that group, or below it, ourselves. */
int lc_cgroup_open(const struct lc_ctx *ctx, pid_t pid, struct err *e);
/* The malloc'd pids of a group opened so and of its sub-groups, and a signal to all of them. */
int lc_cgroup_pids(int cgroup, pid_t **ret, size_t *ret_n, struct err *e);
int lc_cgroup_signal(int cgroup, int sig, struct err *e);

/* selfexe.c: protects the running executable from the containers it enters (CVE-2019-5736): runs
 * the program again from a read-only detached mount or sealed memory, at most once; returns 0 when
 * it is protected already. Call first in main for create, run and exec. */
int lc_protect_self(char *const argv[], struct err *e);
