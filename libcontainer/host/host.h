/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's side of each concept: x_plan() compiles a part of the specification into the plan;
 * pure but for opening descriptors. A struct host_env carries what compiling may look at. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "plan/plan.h"
#include "spec/spec.h"

struct host_env {
	const char *id;
	const char *bundle;	  /* absolute */
	int bundle_fd;		  /* O_PATH; relative paths of config.json start here */
	const char *cgroup_root;  /* tests: a directory standing for the cgroup2 mount; else NULL */
	const char *resctrl_root; /* tests: a directory standing for resctrl; else NULL */
	bool dry_run; /* golden tests, --dry-run: open nothing, need nothing of the host */
	bool no_pivot, no_new_keyring;
	unsigned preserve_fds;
	bool notify;		/* see host/notify.h */
	bool detached_terminal; /* a console socket was given */
	bool rootless;		/* euid != 0 or not in the initial user namespace with full caps */
	bool cgroup_disabled;	/* --cgroup-manager disabled */
	bool cgroup_systemd;	/* --systemd-cgroup */
	const char *seccomp_cache; /* directory for compiled filters, NULL: none */
};

/* The steps, in this order; each fills its own part of *p. All return 0 or negative errno with *e
 * filled (e->where = place in config.json). In dry_run nothing of the host is opened. */
int namespaces_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e);
int idmap_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e);
int netdev_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e);
int rootfs_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e);
int mounts_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e);
int devices_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e);
int paths_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e);
int sysctl_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e);
int cgroup_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e);
int intelrdt_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e);
int hooks_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e);
/* The process of create (s->process) or of exec: fills *pp; args are strings of the arena. s may
 * supply seccomp and personality (linux section) and is needed by both. */
int process_plan(const struct host_env *h, const struct spec *s, const struct spec_process *sp,
		 struct plan_process *pp, struct arena *arena, struct err *e);
/* parts of process_plan, each in its file */
/* Ids, umask and capabilities. Unknown names and what can never be granted are logged and left out.
 * An absent capabilities object leaves the sets as the runtime has them; an empty one empties all. */
int creds_plan(const struct host_env *h, const struct spec *s, const struct spec_process *sp,
	       struct plan_process *pp, struct arena *arena, struct err *e);
int rlimits_plan(const struct spec_process *sp, struct plan_process *pp, struct arena *arena,
		 struct err *e);
int sched_plan(const struct spec *s, const struct spec_process *sp, struct plan_process *pp,
	       struct arena *arena, struct err *e);
int mempolicy_plan(const struct spec *s, struct plan_process *pp, struct arena *arena,
		   struct err *e);
int lsm_plan(const struct host_env *h, const struct spec_process *sp, struct plan_process *pp,
	     struct arena *arena, struct err *e);
/* lsm.c: an SELinux label that the loaded policy knows; *ret stays NULL when none is given. */
int lsm_label(const struct host_env *h, const char *label, const char **ret, struct arena *arena,
	      struct err *e);
/* lsm.c: what CRIU is told to use instead, "apparmor:PROFILE" or "selinux:LABEL" (criu(8),
 * --lsm-profile), is enabled and loaded here. NULL: nothing. CRIU itself would find out too late. */
int lsm_check(const char *option, struct arena *arena, struct err *e);
int seccomp_plan(const struct host_env *h, const struct spec *s, struct plan_process *pp,
		 struct arena *arena, struct err *e);

/* plan_build.c. Opens the host's procfs, O_PATH, and checks that it is one. */
int plan_open_proc(int *ret, struct err *e);
/* Runs all steps by table. The caller seals the arena (cgroup_create still marks cg->created). */
int plan_build(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e);

/* Applied by the host to a process that waits in init, by pid; proc_fd is the host's procfs. */
int rlimits_apply(const struct plan_process *pp, pid_t pid, struct err *e);
int sched_apply(const struct plan_process *pp, pid_t pid, int proc_fd, struct err *e);
/* A caller without privileges cannot reach the score of its child once that has other ids: it takes
 * the score itself for the moment of the clone. Returns 1 when it did, and then its own one in
 * *ret_own, 0 when there is no need, or -errno. */
int sched_lend_oom_score(const struct plan_process *pp, int proc_fd, int *ret_own);
void sched_take_back_oom_score(int own, int proc_fd);
/* Writes the id maps. */
int idmap_apply(const struct plan_namespaces *ns, pid_t pid, int proc_fd, struct err *e);
/* Writes one of setgroups, gid_map, uid_map of a process, in one write(2). 0 or -errno. */
int idmap_write(int proc_fd, pid_t pid, const char *file, const char *text);

/* Hooks for a runtime in a user namespace: run by a child of it that has stayed outside. */
struct userns_hooks {
	int (*run)(void *data, enum plan_hook_kind kind, pid_t pid, struct err *e);
	void *data;
};

/* userns.c: a caller without the right to mount becomes one that has it, for good: in a user namespace
 * of its own, where ids are what they were, or in the one that config.json names; with a mount
 * namespace of its own. hooks (may be NULL): how hooks_run() runs them from then on.
 * Returns 1 when the mount namespace is another now, 0 when nothing was needed;
 * ERR_INVALID when config.json has no user namespace, ERR_UNSUPPORTED naming the package uidmap,
 * ERR_DENIED with what newuidmap said. To be called before anything is planned. */
int userns_enter(const struct spec *s, const struct userns_hooks *hooks, struct err *e);
/* The same for a container that runs: into the user namespace that its runtime was in. container_ns: the
 * container's own; made: create made it, config.json did not name it. */
int userns_enter_again(int container_ns, bool made, struct err *e);

/* hooks.c: opens the files that annotations name for what hooks write; made when missing (0600). No
 * part of hooks_plan(), which changes nothing. */
int hooks_open_outputs(const struct spec *s, struct plan *p, struct err *e);
/* Runs the hooks of a kind in the caller's namespaces, with the state on stdin, in which the status is
 * what that kind comes in; pid may be 0 (poststop). Each has its deadline:
 * the process group is killed on expiry. Stops at the first failure (ERR_SYS or ERR_TIMEOUT naming
 * hook and exit status); poststop goes on and reports the first. */
int hooks_run(const struct plan *p, enum plan_hook_kind kind, pid_t pid, struct err *e);

/* Names for `features`. */
extern const char *const mount_opts_names[]; /* ends with NULL */
const char *const *creds_capability_names(void);
int creds_capability(const char *name); /* bit number, or -EINVAL: unknown to this build */
extern const char *const seccomp_supported_flags[];
const char *seccomp_library_version(void);
