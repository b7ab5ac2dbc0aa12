/* SPDX-License-Identifier: Apache-2.0 */
/* The plan: a config.json compiled to flat, read-only orders. host/ fills it before the clone (each
 * concept its own part), init/ carries it out after; nobody else knows both worlds. Everything lives
 * in one arena, sealed before the clone. Descriptors (all O_CLOEXEC) belong to the plan and are
 * closed by plan_done(); init inherits them by the clone. */
#pragma once

#include <linux/filter.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

#define PLAN_N_NAMESPACES 8
/* of mounts of a running container, at once */
#define PLAN_MAX_CHANGES 64
/* HOME= and a path */
#define PLAN_HOME_SIZE (5 + 4096)
/* LISTEN_PID= and a number */
#define PLAN_LISTEN_PID_SIZE 24

/* A namespace to join: fd of the ns file. */
struct plan_join {
	int fd;
	int type; /* CLONE_NEW* */
	const char *path;
};

struct plan_namespaces {
	int new_flags; /* CLONE_NEW* to create (without time: see new_time) */
	bool new_time;
	const char *time_offsets;		  /* text for timens_offsets, or NULL */
	struct plan_join join[PLAN_N_NAMESPACES]; /* user first, mount last */
	size_t n_join;
	int own; /* CLONE_NEW* given by path that are the runtime's: nothing is set in them */
	/* the id maps as the kernel reads them; NULL without a new user namespace */
	const char *uid_map, *gid_map;
	bool needs_intermediate; /* to enter namespaces from inside others (see life/spawn.c) */
};

struct plan_fs_option {
	const char *key, *value; /* value NULL: a flag */
};

enum plan_mount_kind {
	PLAN_MOUNT_FS,	    /* new file system: fstype, options */
	PLAN_MOUNT_BIND,    /* source_fd: a detached tree, made and attributed by the host */
	PLAN_MOUNT_REMOUNT, /* change the attributes of what is mounted at target */
	PLAN_MOUNT_SYMLINK, /* no mount: the symbolic link that source is, made in the container */
	PLAN_MOUNT_CGROUP,  /* cgroup2 by the rules of CONFORMANCE.md, C13 */
};

struct plan_mount {
	enum plan_mount_kind kind;
	size_t index;	    /* in config.json, for error messages */
	const char *target; /* cleaned absolute path inside the root file system */
	const char *fstype, *source;
	int source_fd;		  /* BIND (and idmapped ones): mount fd; else -EBADF */
	bool source_is_dir;	  /* what a missing target becomes */
	bool recursive, idmapped; /* BIND: how the host made it */
	bool target_nofollow;	  /* BIND: on a symbolic link at target, not where it leads */
	const char *link;	  /* SYMLINK: its text */
	struct plan_fs_option *options;
	size_t n_options;
	uint64_t attr_set, attr_clr; /* MOUNT_ATTR_* of this mount; BIND has them already */
	uint64_t rec_attr_set,
		rec_attr_clr; /* recursive (rro, rnosuid...): REMOUNT; BIND has them */
	uint64_t
		propagation; /* MS_SHARED|SLAVE|PRIVATE|UNBINDABLE or 0; FS only: binds have it already */
	bool propagation_rec;
	bool late_readonly; /* a tmpfs that must be filled first: read-only at the very end */
	bool copy_up;	    /* tmpcopyup */
	bool inherit_mode;  /* a tmpfs without mode= takes the mode of the directory it covers */
};

struct plan_device {
	const char *path; /* cleaned, inside the root file system */
	mode_t mode;	  /* S_IFCHR|S_IFBLK|S_IFIFO and permissions */
	dev_t rdev;
	uid_t uid;
	gid_t gid;
	int bind_fd; /* >= 0: cannot mknod (user namespace): attach this detached node instead */
	bool is_default; /* one of ours (null, zero...), not the user's */
};

struct plan_symlink {
	const char *path, *target;
};

struct plan_rootfs {
	const char *path; /* as resolved, for messages */
	int tree_fd;	  /* detached mount of it, propagation set; attached by init */
	bool readonly;
	uint64_t propagation; /* rootfsPropagation for "/" after the pivot (MS_*|MS_REC), 0: none */
	bool no_pivot;
	bool joined_mount_ns; /* none of our own (joined or inherited): chroot, no pivot */
	struct plan_mount *mounts;
	size_t n_mounts;
	struct plan_mount *notify; /* the one of them that needs a source yet, or NULL */
	struct plan_device *devices;
	size_t n_devices;
	struct plan_symlink *symlinks; /* /dev/fd ... created where the source exists */
	size_t n_symlinks;
	const char **masked, **readonly_paths; /* cleaned */
	size_t n_masked, n_readonly_paths;
	const char *mount_label_type; /* "context", or another of a file system's labels */
	const char *mount_label;      /* SELinux: of what covers masked directories, or NULL */
	bool console;		      /* /dev/console is to be bound to the terminal */
	bool setup_dev;		      /* /dev is ours to fill (not a bind mount of the user) */
};

/* A network device of the host that moves into the container's network namespace. */
struct plan_netdev {
	const char *name;     /* on the host */
	const char *new_name; /* there; "%d": the first number that is free */
};

struct plan_sysctl {
	const char *path, *value; /* path below proc: "sys/net/ipv4/ip_forward" */
	const char *key;
};

/* Five capability sets as bit masks. */
struct plan_caps {
	uint64_t effective, permitted, inheritable, bounding, ambient;
};

struct plan_rlimit {
	int resource;
	const char *name;
	struct rlimit value;
};

struct plan_sched {
	bool has_oom_score_adj;
	int oom_score_adj;
	bool has_attr;
	struct plan_sched_attr { /* struct sched_attr of sched_setattr(2) */
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
		uint32_t util_min, util_max;
	} attr;
	int ioprio; /* IOPRIO_PRIO_VALUE or -1 */
	bool has_personality;
	unsigned long personality;
};

/* set_mempolicy(2). */
struct plan_mempolicy {
	const char *text; /* in the words of config.json; NULL: the policy stays as it is */
	int mode;	  /* MPOL_* and MPOL_F_* */
	const unsigned long *nodes; /* bits, or NULL */
	unsigned long max;	    /* maxnode of the system call */
};

struct plan_seccomp {
	struct sock_fprog *prog; /* NULL: none */
	unsigned flags;		 /* SECCOMP_FILTER_FLAG_* */
	bool listener;		 /* made with the filter and given to the runtime, for its agent */
};

/* What becomes of argv: shared by init and exec. */
struct plan_process {
	bool terminal;
	unsigned short rows, columns;
	const char **argv, **envp; /* NULL terminated; every name once */
	char *home; /* the HOME entry of envp when init has to look it up: PLAN_HOME_SIZE writable
		     * bytes outside of the arena, "HOME=/" until then; NULL: HOME was given */
	char *listen_pid; /* the same: LISTEN_PID, unless it is 1 for sure */
	const char *path; /* the PATH to search (value only), never NULL */
	const char *cwd;
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	size_t n_groups;
	bool keep_groups; /* those of hull stay, whatever groups says */
	mode_t umask;
	bool no_new_privs;
	struct plan_caps caps;
	const char *apparmor; /* text for attr/apparmor/exec or attr/exec, or NULL */
	const char *selinux;  /* text for attr/exec, or NULL */
	struct plan_seccomp seccomp;
	struct plan_rlimit *rlimits;
	size_t n_rlimits;
	struct plan_sched sched;
	struct plan_mempolicy mempolicy;
	const char *session_keyring;		       /* name, NULL: keep the caller's */
	unsigned preserve_fds;			       /* 3 .. 3+n-1 stay open */
	const char *initial_affinity, *final_affinity; /* exec only; cpu lists */
};

struct plan_hook {
	const char *path;
	const char **argv, **envp; /* NULL terminated; argv[0] defaults to path */
	int timeout_ms;		   /* 0: none */
	int path_fd; /* createContainer: the program opened in the runtime's world, else -EBADF */
	size_t index;
};

enum plan_hook_kind {
	PLAN_PRESTART,
	PLAN_CREATE_RUNTIME,
	PLAN_CREATE_CONTAINER,
	PLAN_START_CONTAINER,
	PLAN_POSTSTART,
	PLAN_POSTSTOP,
	PLAN_N_HOOKS,
};

struct plan_hooks {
	struct plan_hook *items;
	size_t n;
};

/* cgroup side: carried out by the host before and after the clone; init never looks. */
struct plan_cgroup_write {
	const char *file, *value;
	const char *where;	/* place in config.json */
	const char *controller; /* that must be there ("memory"), NULL: core file */
	bool optional;		/* a missing file is fine (memory.swap.max for max or 0) */
	bool otherwise;		/* only when the write before it had no effect (io.weight) */
};

/* A property of a systemd unit; values in text. */
struct plan_property {
	const char *name;
	const char *type; /* D-Bus signature: one letter, or 'a' and one letter */
	const char **values;
	size_t n;	/* 1 unless it is an array */
	unsigned since; /* version of systemd that knows it; 0: all that we run with */
};

/* The transient scope that holds the group, when systemd makes it (host/cgroup_systemd.h). */
struct plan_systemd {
	const char *unit, *slice;
	const char *subgroup; /* the container's group is that one below the scope's, or NULL */
	bool user;	      /* of the user's own manager */
	struct plan_property *properties;
	size_t n;
};

struct plan_cgroup {
	const char *path; /* below the cgroup2 mount, absolute, cleaned; NULL: none wanted */
	bool created;
	size_t kept;	   /* so much of path was there before */
	const char *aside; /* hull goes into this group first, beside path; or NULL */
	struct plan_cgroup_write *writes; /* in order */
	size_t n_writes;
	struct bpf_insn *device_prog; /* NULL: every device allowed */
	size_t n_device_insns;
	bool own; /* F12: give the cgroup's files to owner_uid */
	uid_t owner_uid;
	const char *delegate;	      /* the processes go to this one below path, or NULL */
	uid_t delegate_uid;	      /* whose it is */
	struct plan_systemd *systemd; /* NULL: we make the group ourselves */
};

/* resctrl: the class of service and monitoring group of the container, as absolute paths. */
struct plan_rdt {
	const char *clos;      /* NULL: not asked for */
	bool make;	       /* it is not there: ours to make, and to remove with the container */
	const char **schemata; /* lines, in the order of writing */
	size_t n_schemata;
	const char *monitor;  /* NULL: none */
	bool made, monitored; /* what intelrdt_make has made */
};

struct plan {
	struct arena *arena;
	const char *id, *bundle;
	struct plan_namespaces ns;
	struct plan_cgroup cgroup;
	struct plan_rdt rdt;
	struct plan_rootfs rootfs;
	struct plan_netdev *netdevs;
	size_t n_netdevs;
	struct plan_sysctl *sysctls;
	size_t n_sysctls;
	const char *hostname, *domainname;
	struct plan_process process;
	bool has_process; /* false: process absent; start will refuse */
	struct plan_hooks hooks[PLAN_N_HOOKS];
	/* files for what hooks write; -EBADF: it goes where ours does */
	int hook_stdout, hook_stderr;
	/* state JSON for hooks: text before the pid, between pid and status, after the status */
	const char *hook_state_head, *hook_state_mid, *hook_state_tail;
	int proc_fd; /* the host's procfs, O_PATH: attr, sysctl and map writes go beneath it only */
};

/* Closes what the plan owns, frees its arena; fine for a zeroed or half-built plan. */
void plan_done(struct plan *p);
/* A zeroed plan with an arena and every fd empty. 0 or -ENOMEM. */
int plan_init(struct plan *p, struct err *e);
