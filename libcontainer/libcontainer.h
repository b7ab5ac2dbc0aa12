/* SPDX-License-Identifier: Apache-2.0 */
/* libcontainer: OCI containers on Linux, one function per verb. The only header programs include
 * (with base/). Every function returns >= 0 or a negative errno with *e filled; nothing is printed.
 * Not thread-safe per context; no globals but the log. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ev.h"
#include "base/json.h"

/* Readiness as services tell it to systemd, sd_notify(3): a container made with one has a socket of
 * its own as $NOTIFY_SOCKET. `to` is the program's: a path, or @name. The rest is lc_start's. */
struct lc_notify {
	const char *to;
	int fd;	   /* readable: lc_notify_take(); -EBADF: the container has nothing more to say */
	int pidfd; /* of its init */
	pid_t pid;
};
#define LC_NOTIFY_TO(socket)                                  \
	{                                                     \
		.to = (socket), .fd = -EBADF, .pidfd = -EBADF \
	}
/* Takes a message. When it says that the container is ready we say so too, as_main with its init as
 * MAINPID, and wait until that is read, 5 s at most; then it is closed. */
int lc_notify_take(struct lc_notify *n, bool as_main, struct err *e);
/* Waits until the container has said so, as_main, or has ended. */
int lc_notify_wait(struct lc_notify *n, struct err *e);
void lc_notify_close(struct lc_notify *n);

/* Where and how: set by the program once, borrowed by every call. */
struct lc_ctx {
	const char *root;	  /* state directory, made (0700) when missing: /run/hull */
	const char *cgroup_root;  /* tests: stands for the cgroup2 mount; NULL: find it */
	bool systemd_cgroup;	  /* --systemd-cgroup */
	bool cgroup_disabled;	  /* --cgroup-manager disabled */
	bool rootless;		  /* decided by the program: --rootless or the caller's ids */
	struct lc_notify *notify; /* NULL: nobody wants to know when containers are ready */
};

struct lc_create_opts {
	const char *bundle;	    /* NULL: the working directory */
	const char *console_socket; /* path of a unix socket, or NULL */
	const char *pidfd_socket;   /* of one that gets init's pidfd, or NULL */
	const char *pid_file;
	unsigned preserve_fds;
	bool no_pivot, no_new_keyring;
	bool detach;	 /* for messages and terminal rules only */
	int terminal_fd; /* run in the foreground with a terminal: a unix socket of the caller's
				       that gets the pty master instead of console_socket; else -EBADF */
};

/* What lc_update changes: each part may be NULL. */
struct lc_changes {
	const char *resources;	       /* JSON text of the OCI resources object ... */
	size_t len;		       /* ... of this length */
	const char *l3_cache, *mem_bw; /* lines for the schemata of resctrl */
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
/* malloc'd pids of the container's cgroup or, when it has none, of its pid namespace. */
int lc_ps(struct lc_ctx *ctx, const char *id, pid_t **ret, size_t *ret_n, struct err *e);
/* Other limits, all of them or none. */
int lc_update(struct lc_ctx *ctx, const char *id, const struct lc_changes *c, struct err *e);

/* Mounts of a container that is there, all of them or none. JSON text: an array of the
 * specification's mounts, or an object with one as "mounts". Relative sources start at the bundle. */
int lc_mounts_add(struct lc_ctx *ctx, const char *id, const char *json, size_t len, struct err *e);
/* Unmounts what is mounted at the destinations. ERR_STATE when that is not what lc_mounts_add has
 * put there. */
int lc_mounts_remove(struct lc_ctx *ctx, const char *id, const char *json, size_t len,
		     struct err *e);

struct lc_exec_opts {
	const char *process_json; /* the process as JSON text (terminal: tty), or NULL: */
	const char *
		process_file; /* process.json, or NULL: built from the container's own process with: */
	uint16_t rows, columns;	 /* of the terminal, if it has one; 0: as the process says */
	const char *const *args; /* NULL terminated */
	const char *const *env;	 /* additional NAME=VALUE, NULL terminated, or NULL */
	const char *cwd, *user;	 /* user: uid[:gid] */
	const uint32_t *additional_gids;
	size_t n_additional_gids;
	const char *const *caps; /* additional capability names, NULL terminated, or NULL */
	bool tty, no_new_privs;
	const char *apparmor, *process_label, *cgroup; /* cgroup: sub-path below the container's */
	bool ignore_paused, detach;
	const char *console_socket, *pidfd_socket, *pid_file;
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
/* rootfs_unmount.c: unmounts everything at and below rootfs; fine when nothing is mounted or there is
 * no such directory (a symlink is none). */
int lc_unmount_rootfs(const char *rootfs, struct err *e);

/* cgroup_open.c: the cgroup2 directory of a container; of one that another runtime has made the one
 * that its process is in. An owned fd. ERR_NOTFOUND when we are in that group, or below it, ourselves. */
int lc_cgroup_open(const struct lc_ctx *ctx, const char *id, pid_t pid, struct err *e);
/* The malloc'd pids of a group opened so and of its sub-groups, and a signal to all of them. */
int lc_cgroup_pids(int cgroup, pid_t **ret, size_t *ret_n, struct err *e);
int lc_cgroup_signal(int cgroup, int sig, struct err *e);

/* ---- statistics ---- */

/* What the kernel counts for a cgroup, under the names of its files: bytes, microseconds, and
 * LC_UNLIMITED for a limit of "max". What the host does not count is 0. */
#define LC_UNLIMITED UINT64_MAX
#define LC_MAX_PAGE_SIZES 16

struct lc_pressure_line {
	uint32_t avg10, avg60, avg300; /* hundredths of a percent */
	uint64_t total;
};
struct lc_pressure {
	bool measured; /* by this kernel */
	struct lc_pressure_line some, full;
};
struct lc_cpu_stats {
	uint64_t usage_usec, user_usec, system_usec;
	uint64_t nr_periods, nr_throttled, throttled_usec, nr_bursts, burst_usec;
	const char *cpus, *mems; /* effective lists, NULL without cpuset controller */
	struct lc_pressure pressure;
};
struct lc_usage {
	uint64_t current, max, peak;
};
struct lc_memory_events {
	uint64_t low, high, max, oom, oom_kill, oom_group_kill;
};
struct lc_counter {
	const char *name;
	uint64_t value;
};
struct lc_io_device {
	uint64_t major, minor, rbytes, wbytes, rios, wios, dbytes, dios;
};
struct lc_hugetlb {
	const char *page_size; /* "2MB" */
	uint64_t current, max, failcnt;
};
struct lc_rdma_usage {
	const char *device;
	uint64_t hca_handle, hca_object;
};
struct lc_rdt_domain {
	const char *name; /* "mon_L3_00" */
	uint64_t llc_occupancy, mbm_total_bytes, mbm_local_bytes;
};
struct lc_network {
	const char *name;
	uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped;
	uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped;
};
struct lc_stats {
	struct lc_cpu_stats cpu;
	struct {
		struct lc_usage usage, swap;
		struct {
			struct lc_counter *items; /* every one of memory.stat */
			size_t n;
		} stat;
		bool has_events;
		struct lc_memory_events events;
		struct lc_pressure pressure;
	} memory;
	struct lc_usage pids;
	struct {
		struct lc_io_device *devices;
		size_t n_devices;
		struct lc_pressure pressure;
	} io;
	struct {
		struct lc_hugetlb sizes[LC_MAX_PAGE_SIZES];
		size_t n;
	} hugetlb;
	struct {
		struct lc_rdma_usage *current, *max;
		size_t n_current, n_max;
	} rdma;
	struct {
		const char *l3_schema, *mem_bw_schema; /* "L3:0=ff", "MB:0=100", NULL: none */
		struct lc_rdt_domain *domains;
		size_t n;
	} rdt;
	struct {
		struct lc_network *items;
		size_t n;
	} networks;
};

/* LC_BRIEF leaves out what costs the most: memory.stat, memory.events, swap, peaks, cpuset, huge
 * pages, rdma, resctrl and networks. */
enum lc_detail { LC_BRIEF, LC_ALL };
/* Reads the files of a group's directory, so neither resctrl nor networks. Lists and strings in the arena.
 * ERR_NOTFOUND "cgroup does not exist" when it is gone. */
int lc_cgroup_stats(int cgroup, enum lc_detail detail, struct arena *arena, struct lc_stats *ret,
		    struct err *e);
/* The line of `events`, without newline: {"type":"stats","id":...,"data":{...}} as runc writes it. */
int lc_stats_write(const char *id, const struct lc_stats *s, struct buf *out, struct err *e);

/* A container that is looked at again and again. Everything is owned: lc_watch_close(). */
struct lc_watch {
	int cgroup;		   /* its directory */
	int pidfd;		   /* of its init: readable when the container has ended */
	int rdt_clos, rdt_monitor; /* its directories in resctrl, -EBADF: none */
	pid_t pid;
	bool has_network; /* of its own */
};
#define LC_WATCH_NONE                                                                        \
	{                                                                                    \
		.cgroup = -EBADF, .pidfd = -EBADF, .rdt_clos = -EBADF, .rdt_monitor = -EBADF \
	}
/* ERR_STATE "container not running" when it has ended. */
int lc_watch_open(struct lc_ctx *ctx, const char *id, struct lc_watch *ret, struct err *e);
void lc_watch_close(struct lc_watch *w);
/* As lc_cgroup_stats; LC_ALL with resctrl and the container's own network interfaces. */
int lc_watch_stats(const struct lc_watch *w, enum lc_detail detail, struct arena *arena,
		   struct lc_stats *ret, struct err *e);
/* The ids of all containers below root, sorted, NULL terminated, in the arena. */
int lc_ids(const struct lc_ctx *ctx, struct arena *arena, const char *const **ret, struct err *e);

/* Kills by the kernel for lack of memory, told by an event loop as the memory.events of a group changes. */
struct lc_oom_watch {
	void (*fn)(struct lc_oom_watch *w); /* the kernel has killed since the last call */
	struct ev_source source;
	int cgroup;	   /* borrowed */
	int events, above; /* memory.events; the directory above */
	uint64_t kills, kills_above;
	int64_t changed_ms; /* when memory.events did last */
};
/* cgroup: its directory. A group without memory controller is never heard of. */
void lc_oom_add(struct ev_loop *loop, struct lc_oom_watch *w, int cgroup,
		void (*fn)(struct lc_oom_watch *w));
/* Looks now: what the kernel has done, but not told yet; also when the group has been removed. */
void lc_oom_check(struct lc_oom_watch *w);
/* Fine when never added (zeroed). */
void lc_oom_remove(struct lc_oom_watch *w);

/* ---- checkpoint and restore, by CRIU ---- */

enum lc_cgroups_mode { LC_CGROUPS_SOFT, LC_CGROUPS_FULL, LC_CGROUPS_STRICT, LC_CGROUPS_IGNORE };

/* What a checkpoint and its restore agree on; criu(8) explains each. */
struct lc_criu_opts {
	const char *image_path; /* directory of the images; NULL: ./checkpoint */
	const char *work_path;	/* directory of CRIU's log; NULL: image_path */
	bool tcp_established, ext_unix_sk, shell_job, file_locks, auto_dedup, lazy_pages;
	bool empty_network; /* the network namespace's contents are somebody else's business */
	enum lc_cgroups_mode cgroups_mode;
};

struct lc_checkpoint_opts {
	struct lc_criu_opts criu;
	bool leave_running;	 /* else the container is deleted once the images are complete */
	bool pre_dump;		 /* only memory, as a base for a later one; the container runs on */
	const char *parent_path; /* of a pre-dump, relative to image_path; or NULL */
	bool tcp_skip_in_flight, link_remap;
	const char *page_server; /* ADDRESS:PORT, or NULL */
	int status_fd;		 /* gets a byte when lazy pages are ready; -EBADF: none */
};
/* Writes a running or paused container to images. */
int lc_checkpoint(struct lc_ctx *ctx, const char *id, const struct lc_checkpoint_opts *o,
		  struct err *e);

struct lc_restore_opts {
	struct lc_create_opts create;
	struct lc_criu_opts criu;
	bool tcp_close;
	const char *lsm_profile, *lsm_mount_context; /* instead of those in the images; or NULL */
};
/* A container from a bundle and images: it runs as it did when they were made. Its init is a child of
 * the caller. The standard streams it had, unless they were a terminal, become the caller's. */
int lc_restore(struct lc_ctx *ctx, const char *id, const struct lc_restore_opts *o, pid_t *ret_pid,
	       struct err *e);

/* selfexe.c: protects the running executable from the containers it enters (CVE-2019-5736): runs
 * the program again from a read-only detached mount or sealed memory, at most once; returns 0 when
 * it is protected already. Call first in main for create, run and exec. */
int lc_protect_self(char *const argv[], struct err *e);
