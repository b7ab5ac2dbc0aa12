/* SPDX-License-Identifier: Apache-2.0 */
/* The systemd driver: the group is the scope of a transient unit, and systemd knows every limit that
 * it has a property for, so that it keeps them when it writes the group's files anew. D-Bus is spoken
 * by a program of its own, hull-systemd (systemd/main.c), which is executed for each request. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "host/host.h"
#include "plan/plan.h"
#include "spec/spec.h"

/* Unit, slice and properties from linux.cgroupsPath (slice:prefix:name), from the writes of cg and
 * from the annotations org.systemd.property.*; sets cg->systemd and cg->path, which is where the
 * group is going to be as far as that can be known before. */
int cgroup_systemd_plan(const struct host_env *h, const struct spec *s, struct plan_cgroup *cg,
			struct arena *arena, struct err *e);
/* cgroup_systemd_limits.c: the writes of cg as properties, added to sd; a write for which systemd has
 * no property is left out. */
int cgroup_systemd_limits(const struct plan_cgroup *cg, struct plan_systemd *sd,
			  struct arena *arena, struct err *e);
/* Adds a property; replaces an earlier one of that name. Strings are borrowed. */
int cgroup_systemd_put(struct plan_systemd *sd, const struct plan_property *p, struct arena *arena,
		       struct err *e);
/* The same with one value, which may be NULL: then there was no memory for it. */
int cgroup_systemd_put_value(struct plan_systemd *sd, const struct plan_property *p,
			     const char *value, struct arena *arena, struct err *e);
/* cgroup_systemd_variant.c: the annotation org.systemd.property.NAME with a value in GVariant text:
 * booleans, strings, numbers (with their type in front: "uint64 5") and arrays of them. A number
 * for a NAME that ends with Sec becomes microseconds for NAME with USec instead. ERR_INVALID with
 * the annotation as its place. */
int cgroup_systemd_variant(const char *name, const char *value, struct plan_property *ret,
			   struct arena *arena, struct err *e);

/* cgroup_systemd_call.c. Each executes hull-systemd, found in $HULL_LIBEXEC (which bin/hull sets) or
 * where it is installed; ERR_UNSUPPORTED when it is not there, ERR_TIMEOUT when systemd does not
 * answer within 30 s.
 *
 * Makes the scope with the process in it, and with owner, a file: URL, among its documentation; ret_path
 * (PATH_MAX bytes) gets the path of its group. ERR_EXISTS when there is such a unit. The limit on tasks is
 * not below 2 yet. */
int cgroup_systemd_start(const struct plan_systemd *sd, const char *owner, pid_t pid,
			 char *ret_path, struct err *e);
/* After the process has gone that the scope was made with: the limit on tasks as it is wanted. */
int cgroup_systemd_settle(const struct plan_systemd *sd, struct err *e);
/* Sets the properties of a unit that is there. */
int cgroup_systemd_set(const struct plan_systemd *sd, struct err *e);
/* Stops the unit and forgets that it failed; fine when there is none. One that was not started with
 * this owner is only forgotten; NULL: it was for sure. */
int cgroup_systemd_stop(const struct plan_systemd *sd, const char *owner, struct err *e);
/* How much of a group's path is that of the unit's own; all of it when the unit is not in it. */
size_t cgroup_systemd_top(const char *path, const char *unit);
/* Moves a process of ours into the group path, the scope's or one below it. */
int cgroup_systemd_attach(const struct plan_systemd *sd, pid_t pid, const char *path,
			  struct err *e);
/* One request, words that each end with NUL (plan/systemd_request.h); answer gets what it tells. */
int cgroup_systemd_ask(const struct buf *request, int deadline_ms, char *answer, size_t size,
		       struct err *e);
