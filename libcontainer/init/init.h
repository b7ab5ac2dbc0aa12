/* SPDX-License-Identifier: Apache-2.0 */
/* The container's side of each concept: carries out the plan between clone and exec. No malloc, no
 * stdio, no NSS, no library (tests/lint/nm-init.sh proves it). All return 0 or negative errno with
 * *e filled. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"

/* What init learns on its way. */
struct init_ctx {
	const struct plan *plan;
	int sync;    /* our end of the SEQPACKET pair */
	int root_fd; /* root of the container's file system */
	int fifo_fd; /* O_PATH of exec.fifo, handed in by the host; -EBADF for exec */
	int start;   /* listening socket for a talk with start; -EBADF: there is nothing to say */
	int report;  /* where errors go: sync first, the fifo once start has opened it */
	int target;  /* exec: pidfd of the init whose namespaces are entered; else -EBADF */
};

/* What start reads from exec.fifo: one byte when init goes on, then nothing but end of file when
 * the program runs, or one of these. */
#define INIT_GO '0'
struct init_report {
	bool hook; /* a startContainer hook failed: the container is to be destroyed */
	struct err err;
};

/* rootfs.c: propagation of "/" in the new mount namespace, the tree attached, later the pivot. */
int rootfs_attach(struct init_ctx *c, struct err *e);
int rootfs_pivot(struct init_ctx *c, struct err *e); /* pivot_root or, no_pivot, move and chroot */
/* read-only root, late read-only tmpfs, propagation */
int rootfs_finish(struct init_ctx *c, struct err *e);
/* mounts.c: the mounts of the plan in order; copy_up.c fills a tmpfs from what it covers. */
int mounts_apply(struct init_ctx *c, struct err *e);
/* One of them, of kind FS or BIND. Returns a descriptor of it, to be kept until the process ends. */
int mounts_attach(struct init_ctx *c, const struct plan_mount *m, struct err *e);
int copy_up_dir(int from_dirfd, int to_dirfd, struct err *e);
/* devices.c: nodes, /dev symlinks, ptmx. */
int devices_apply(struct init_ctx *c, struct err *e);
/* paths.c: masked and read-only paths. */
int paths_apply(struct init_ctx *c, struct err *e);
/* sysctl.c, uts.c */
int sysctl_apply(struct init_ctx *c, struct err *e);
int uts_apply(struct init_ctx *c, struct err *e);
/* terminal.c: a pty from the container's /dev/pts (after the pivot; verified devpts), size set,
 * ONLCR cleared, slave becomes stdio and controlling terminal of a new session (setsid is done by
 * init before), /dev/console bound when the plan says so. Returns the master in *ret_master. */
int terminal_apply(struct init_ctx *c, int *ret_master, struct err *e);
/* personality.c, mempolicy.c, lsm.c, creds.c, seccomp.c: the last steps before the program. */
int mempolicy_apply(const struct plan_process *pp, struct err *e);
int personality_apply(const struct plan_process *pp, struct err *e);
int lsm_apply(const struct plan_process *pp, int proc_fd, struct err *e); /* exec labels */
/* begin: keys made from now on have the program's SELinux label; else they are as usual again. */
int lsm_label_keys(const struct plan_process *pp, bool begin, int proc_fd, struct err *e);
/* Bounding set, keep-caps, groups, gid, uid (umask too); then sets and ambient. */
int creds_apply(const struct plan_process *pp, struct err *e);
/* In this order, with what the filter forbids in between. */
int seccomp_prepare(const struct init_ctx *c, struct err *e);
int seccomp_apply(const struct plan_process *pp, struct err *e);
/* hooks.c: createContainer (path opened by the host) and startContainer, run in the container. */
int init_hooks_run(struct init_ctx *c, enum plan_hook_kind kind, const char *status, struct err *e);
/* program.c: finds the program as execvp would, from the container's root, by the process's own
 * rights; ret_path has PATH_MAX bytes. Errors are the texts clients match (cli.md). */
int program_find(const struct plan_process *pp, char *ret_path, struct err *e);
/* chdir to cwd (created when missing? no: an error), refusing one outside of the root. */
int program_chdir(const struct plan_process *pp, struct err *e);
/* home.c: HOME from the container's /etc/passwd for uid when the environment lacks it; "/" stays
 * when passwd does not tell. */
int home_fill(const struct plan_process *pp, struct err *e);

/* join.c */
int join_namespaces(const struct plan_namespaces *ns, struct err *e);
/* The stories, from the clone to execve: they do not return. init.c, init_exec.c. */
void init_main(struct init_ctx *c) __attribute__((noreturn));

void init_exec_main(struct init_ctx *c) __attribute__((noreturn));
/* ... of mounts that come to a running container or go: init_mounts.c. */
void init_mounts_add_main(struct init_ctx *c) __attribute__((noreturn));
void init_mounts_remove_main(struct init_ctx *c) __attribute__((noreturn));
/* Into the namespaces of c->target, invisible to who is there, as root of them; opens c->root_fd. */
int init_exec_enter(struct init_ctx *c, struct err *e);
