/* SPDX-License-Identifier: Apache-2.0 */
/* Control groups, version 2 only: one directory per container below the cgroup2 mount. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"
#include "spec/spec.h"

struct host_env;

/* Opens the root of the cgroup2 tree: root when given (tests), else /sys/fs/cgroup when it is
 * cgroup2, else /sys/fs/cgroup/unified, else the first cgroup2 mount of mountinfo. O_PATH fd,
 * ERR_NOTFOUND when there is none. ret_path (may be NULL, PATH_MAX bytes) gets its path. */
int cgroup_open_root(const char *root, char *ret_path, struct err *e);

/* Creates the directories of cg->path (parents too), enables the controllers that its writes need,
 * refuses a frozen parent and a non-empty existing group (ERR_BUSY), a controller the tree lacks
 * (ERR_UNSUPPORTED, e->where = the limit that asks for it). Sets cg->created. Returns an owned
 * O_DIRECTORY fd of the group (usable with CLONE_INTO_CGROUP). Undoes its own work on failure. */
int cgroup_create(const char *root, struct plan_cgroup *cg, struct err *e);
/* ERR_BUSY when a process in that group would stop at once: the message names the group, itself or one
 * above it, that is frozen. Source: cgroups(7) and the kernel's cgroup-v2.rst, cgroup.freeze. */
int cgroup_check_thawed(const char *root, const char *path, struct err *e);
/* For a group that systemd has made: makes the controllers available that systemd knows nothing of
 * (hugetlb, rdma). Returns an owned O_DIRECTORY fd. */
int cgroup_adopt(const char *root, const struct plan_cgroup *cg, struct err *e);
/* Removes the empty directories that cgroup_create made, parents too. */
void cgroup_unmake(const char *root, const struct plan_cgroup *cg);
/* Whether cgroup_create could: are the controllers of its writes there? Changes nothing. */
int cgroup_check(const char *root, const struct plan_cgroup *cg, struct err *e);
/* Writes the limits in order, attaches the device program, changes ownership. */
int cgroup_apply(int dirfd, const struct plan_cgroup *cg, struct err *e);
/* Kills everything in it (cgroup.kill), waits until it is empty and removes it with its sub-groups,
 * depth first, by the path below the mount; a missing one is fine. Then go the groups above it that
 * cgroup_create has made, as far as they are empty. deadline_ms bounds the wait: ERR_TIMEOUT naming a
 * pid that will not die. kill false: only removes, ERR_BUSY when populated. */
int cgroup_remove(const char *root, const char *path, bool kill, int deadline_ms, struct err *e);
/* Signals every process of the group and its sub-groups. SIGKILL uses cgroup.kill. */
int cgroup_signal(const char *root, const char *path, int sig, struct err *e);
int cgroup_signal_in(int dirfd, const char *path, int sig, struct err *e); /* path: for messages */
/* Freezes or thaws and waits (10 s) until cgroup.events says so; on failure thaws again. */
int cgroup_freeze(const char *root, const char *path, bool freeze, struct err *e);
/* 1 frozen, 0 not, negative errno. */
int cgroup_is_frozen(const char *root, const char *path);
/* The pids of the group and its sub-groups, malloc'd. */
int cgroup_pids(const char *root, const char *path, pid_t **ret, size_t *ret_n, struct err *e);
int cgroup_pids_in(int dirfd, const char *path, pid_t **ret, size_t *ret_n, struct err *e);
/* Opens the directory of an existing group (for exec's CLONE_INTO_CGROUP). O_DIRECTORY fd. */
int cgroup_open(const char *root, const char *path, struct err *e);

/* cgroup_rootless.c: the path of the group of a process ("self" or a number) below the cgroup2 mount, ""
 * when it is in none. Source: cgroups(7). */
int cgroup_path_of(const char *process, char ret[PATH_MAX], struct err *e);
/* Moves this process, and its child outside, into a group that is made when missing. */
int cgroup_step_aside(int root_fd, const char *path, struct err *e);
/* A caller without privileges: cg, which may be placed beside our processes, stays when it is
 * delegated to us, and becomes none else. ERR_DENIED when it has limits then. */
int cgroup_rootless_plan(const struct host_env *h, bool beside, struct plan_cgroup *cg,
			 struct arena *arena, struct err *e);

/* cgroup_below.c: the annotation key, which names a group below another: a path that begins with a slash,
 * NULL without it. ERR_INVALID, with the annotation as its place, for what leads nowhere or out. */
int cgroup_below_plan(const struct spec *s, const char *key, const char **ret, struct arena *arena,
		      struct err *e);
/* Makes the group path, below the one that its first `top` bytes name, moves the only process of that
 * there and passes all controllers on. */
int cgroup_below_enter(const char *root, const char *path, size_t top, pid_t pid, struct err *e);
/* Carries out cg->delegate, if any, when the container's group has no other process than pid. 0: all are
 * where they belong already. */
int cgroup_delegate(const char *root, const struct plan_cgroup *cg, pid_t pid, struct err *e);

/* cgroup_limits.c: resources that passed spec_check -> writes, in the arena; where begins with `at`
 * ("linux.resources"). ERR_UNSUPPORTED for what cgroup v2 cannot do (swappiness). */
int cgroup_limits_plan(const struct spec_resources *r, const char *at, struct plan_cgroup *cg,
		       struct arena *arena, struct err *e);
/* cgroup_update.c: checkBeforeUpdate. ERR_INVALID, with memory.limit as its place, when that is set and
 * the group uses more than the limit. */
int cgroup_check_usage(int dirfd, const struct spec_resources *r, struct err *e);
/* Writes the given limits of an existing group (checkBeforeUpdate honoured, device
 * rules left alone). systemd: its unit, without properties, or NULL. */
int cgroup_update(const char *root, const char *path, struct plan_systemd *systemd,
		  const struct spec_resources *r, struct err *e);
/* cgroup_weight.c: cpu.shares -> cpu.weight, blkio weight (10-1000) -> io.weight. */
uint64_t cgroup_weight_from_shares(uint64_t shares);
uint64_t cgroup_io_weight(uint64_t blkio_weight);

/* cgroup_devices.c: rules -> BPF program in cg (NULL when everything is allowed). */
int cgroup_devices_plan(const struct spec_linux *l, struct plan_cgroup *cg, struct arena *arena,
			struct err *e);
/* Loads and attaches; replaces the program of an earlier call on the same group. */
int cgroup_devices_attach(int dirfd, const struct plan_cgroup *cg, struct err *e);
