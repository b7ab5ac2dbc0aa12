/* SPDX-License-Identifier: Apache-2.0 */
/* The OCI runtime configuration (config.json, runtime-spec 1.3) as C structs: same names in
 * snake_case, same order as the documents. Filled by spec_load.c through the tables of
 * spec_tables.c; everything lives in one arena. A has_ flag says that a number was given. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

/* The newest version of the specification that this follows. */
#define SPEC_VERSION "1.3.0"

#define SPEC_ARRAY(T)     \
	struct {          \
		T *items; \
		size_t n; \
	}
typedef SPEC_ARRAY(const char *) spec_strings;
typedef SPEC_ARRAY(uint32_t) spec_u32s;
typedef SPEC_ARRAY(struct json_pair) spec_map;

struct spec_id_map {
	uint32_t container_id, host_id, size;
};
typedef SPEC_ARRAY(struct spec_id_map) spec_id_maps;

struct spec_root {
	const char *path;
	bool readonly;
};

struct spec_mount {
	const char *destination, *type, *source;
	spec_strings options;
	spec_id_maps uid_mappings, gid_mappings;
};

struct spec_console_size {
	uint32_t height, width;
};

struct spec_user {
	uint32_t uid, gid;
	bool has_umask;
	uint32_t umask;
	spec_u32s additional_gids;
};

struct spec_rlimit {
	const char *type;
	uint64_t soft, hard;
};

struct spec_capabilities {
	spec_strings effective, bounding, inheritable, permitted, ambient;
};

struct spec_scheduler {
	uint64_t policy; /* SCHED_* */
	int32_t nice, priority;
	SPEC_ARRAY(uint64_t) flags; /* SCHED_FLAG_* */
	uint64_t runtime, deadline, period;
};

struct spec_io_priority {
	uint64_t class; /* IOPRIO_CLASS_* */
	int32_t priority;
};

struct spec_exec_cpu_affinity {
	const char *initial, *final;
};

struct spec_process {
	bool terminal, has_console_size;
	struct spec_console_size console_size;
	struct spec_user user;
	spec_strings args, env;
	const char *cwd;
	struct spec_capabilities *capabilities; /* NULL: none given */
	SPEC_ARRAY(struct spec_rlimit) rlimits;
	bool no_new_privileges;
	const char *apparmor_profile, *selinux_label;
	bool has_oom_score_adj;
	int32_t oom_score_adj;
	struct spec_scheduler *scheduler;
	struct spec_io_priority *io_priority;
	struct spec_exec_cpu_affinity *exec_cpu_affinity;
};

struct spec_hook {
	const char *path;
	spec_strings args, env;
	bool has_timeout;
	int32_t timeout; /* seconds, > 0 */
};
typedef SPEC_ARRAY(struct spec_hook) spec_hook_list;

struct spec_hooks {
	spec_hook_list prestart, create_runtime, create_container, start_container, poststart,
		poststop;
};

struct spec_namespace {
	uint64_t type; /* CLONE_NEW* */
	const char *path;
};

struct spec_time_offset {
	bool given;
	int64_t secs;
	uint32_t nanosecs;
};

struct spec_device {
	const char *type, *path; /* type: "c" "b" "u" "p" */
	bool has_major, has_minor, has_file_mode, has_uid, has_gid;
	int64_t major, minor;
	uint32_t file_mode, uid, gid;
};

struct spec_net_device {
	const char *host_name; /* the key */
	const char *name;
};

struct spec_device_rule {
	bool allow;
	const char *type, *access;
	bool has_major, has_minor;
	int64_t major, minor;
};

struct spec_memory {
	int64_t limit, reservation, swap, kernel, kernel_tcp;
	uint64_t swappiness;
	bool has_limit, has_reservation, has_swap, has_kernel, has_kernel_tcp, has_swappiness;
	bool has_disable_oom_killer, has_use_hierarchy;
	bool disable_oom_killer, use_hierarchy, check_before_update;
};

struct spec_cpu {
	uint64_t shares, burst, period, realtime_period;
	int64_t quota, realtime_runtime, idle;
	bool has_shares, has_quota, has_burst, has_period, has_realtime_runtime,
		has_realtime_period, has_idle;
	const char *cpus, *mems;
};

struct spec_weight_device {
	int64_t major, minor;
	bool has_weight, has_leaf_weight;
	uint32_t weight, leaf_weight;
};

struct spec_throttle_device {
	int64_t major, minor;
	uint64_t rate;
};
typedef SPEC_ARRAY(struct spec_throttle_device) spec_throttle_devices;

struct spec_block_io {
	uint32_t weight, leaf_weight;
	bool has_weight, has_leaf_weight;
	SPEC_ARRAY(struct spec_weight_device) weight_device;
	spec_throttle_devices throttle_read_bps, throttle_write_bps, throttle_read_iops,
		throttle_write_iops;
};

struct spec_hugepage_limit {
	const char *page_size;
	uint64_t limit;
};

struct spec_if_priority {
	const char *name;
	uint32_t priority;
};

struct spec_network {
	uint32_t class_id;
	bool has_class_id;
	SPEC_ARRAY(struct spec_if_priority) priorities;
};

struct spec_rdma {
	const char *device; /* the key */
	bool has_hca_handles, has_hca_objects;
	uint32_t hca_handles, hca_objects;
};

struct spec_resources {
	SPEC_ARRAY(struct spec_device_rule) devices;
	struct spec_memory *memory;
	struct spec_cpu *cpu;
	struct spec_block_io *block_io;
	SPEC_ARRAY(struct spec_hugepage_limit) hugepage_limits;
	struct spec_network *network;
	bool has_pids_limit;
	int64_t pids_limit;
	SPEC_ARRAY(struct spec_rdma) rdma;
	spec_map unified;
};

struct spec_intel_rdt {
	const char *clos_id, *l3_cache_schema, *mem_bw_schema;
	spec_strings schemata;
	bool enable_monitoring;
};

struct spec_memory_policy {
	uint64_t mode; /* MPOL_* */
	const char *nodes;
	SPEC_ARRAY(uint64_t) flags; /* MPOL_F_* */
};

struct spec_seccomp_arg {
	uint32_t index;
	uint64_t value, value_two;
	uint64_t op; /* enum spec_seccomp_op */
};

/* Values of our own, so that spec/ needs no libseccomp; host/seccomp*.c translates. */
enum spec_seccomp_op {
	SECCOMP_NE,
	SECCOMP_LT,
	SECCOMP_LE,
	SECCOMP_EQ,
	SECCOMP_GE,
	SECCOMP_GT,
	SECCOMP_MASKED_EQ
};
enum spec_seccomp_action {
	SECCOMP_KILL_THREAD,
	SECCOMP_KILL_PROCESS,
	SECCOMP_TRAP,
	SECCOMP_ERRNO,
	SECCOMP_TRACE,
	SECCOMP_ALLOW,
	SECCOMP_LOG,
	SECCOMP_NOTIFY
};

struct spec_syscall {
	spec_strings names;
	uint64_t action; /* enum spec_seccomp_action */
	bool has_errno_ret;
	uint32_t errno_ret;
	SPEC_ARRAY(struct spec_seccomp_arg) args;
};

struct spec_seccomp {
	uint64_t default_action; /* enum spec_seccomp_action */
	bool has_default_errno_ret;
	uint32_t default_errno_ret;
	spec_strings architectures; /* SCMP_ARCH_*; checked by spec_check */
	bool has_flags;		    /* none is not the same as an empty list */
	SPEC_ARRAY(uint64_t) flags; /* SECCOMP_FILTER_FLAG_* */
	const char *listener_path, *listener_metadata;
	SPEC_ARRAY(struct spec_syscall) syscalls;
};

struct spec_personality {
	uint64_t domain; /* PER_LINUX, PER_LINUX32 */
	spec_strings flags;
};

struct spec_linux {
	SPEC_ARRAY(struct spec_namespace) namespaces;
	spec_id_maps uid_mappings, gid_mappings;
	struct spec_time_offset monotonic, boottime;
	SPEC_ARRAY(struct spec_device) devices;
	SPEC_ARRAY(struct spec_net_device) net_devices;
	const char *cgroups_path;
	struct spec_resources *resources;
	struct spec_intel_rdt *intel_rdt;
	struct spec_memory_policy *memory_policy;
	spec_map sysctl;
	struct spec_seccomp *seccomp;
	uint64_t rootfs_propagation; /* MS_SHARED..., 0: not given */
	spec_strings masked_paths, readonly_paths;
	const char *mount_label;
	struct spec_personality *personality;
};

struct spec {
	const char *oci_version;
	struct spec_root root;
	SPEC_ARRAY(struct spec_mount) mounts;
	struct spec_process *process; /* NULL: absent, fine until start */
	const char *hostname, *domainname;
	struct spec_hooks hooks;
	spec_map annotations;
	struct spec_linux linux_; /* zeroed when absent */
};

/* spec_tables.c: the descriptor tables, usable with json_decode and json_encode. netDevices, rdma
 * (objects keyed by name) decode into arrays with the key in the first member. */
extern const struct json_field spec_fields[];
extern const struct json_field spec_process_fields[];
extern const struct json_field spec_resources_fields[];
/* spec_names.c: the spellings of enums, for the tables, features and messages. */
enum {
	spec_namespace_n = 8,
	spec_propagation_n = 8,
	spec_rlimit_n = 16,
	spec_sched_policy_n = 7,
	spec_sched_flag_n = 7,
	spec_io_class_n = 3,
	spec_seccomp_action_n = 9,
	spec_seccomp_op_n = 7,
	spec_seccomp_flag_n = 4,
	spec_seccomp_arch_n = 23,
	spec_memory_policy_mode_n = 7,
	spec_memory_policy_flag_n = 3,
	spec_personality_n = 2,
};
extern const struct name_value spec_namespace_names[spec_namespace_n];	   /* CLONE_NEW* */
extern const struct name_value spec_propagation_names[spec_propagation_n]; /* MS_*, MS_REC */
extern const struct name_value spec_rlimit_names[spec_rlimit_n];	   /* RLIMIT_* */
extern const struct name_value spec_sched_policy_names[spec_sched_policy_n];
extern const struct name_value spec_sched_flag_names[spec_sched_flag_n];
extern const struct name_value spec_io_class_names[spec_io_class_n];
extern const struct name_value spec_seccomp_action_names[spec_seccomp_action_n];
extern const struct name_value spec_seccomp_op_names[spec_seccomp_op_n];
extern const struct name_value spec_seccomp_flag_names[spec_seccomp_flag_n];
extern const struct name_value spec_seccomp_arch_names[spec_seccomp_arch_n]; /* AUDIT_ARCH_* */
extern const struct name_value spec_memory_policy_mode_names[spec_memory_policy_mode_n];
extern const struct name_value spec_memory_policy_flag_names[spec_memory_policy_flag_n];
extern const struct name_value spec_personality_names[spec_personality_n]; /* PER_* */

/* spec_load.c. Reads (at most JSON_MAX_SIZE, regular file) and decodes; strings live in the arena.
 * Does not run the cross-field checks. ret_text (may be NULL) gets the file's text in the arena. */
int spec_load_config(int dirfd, const char *path, struct arena *arena, struct spec **ret,
		     const char **ret_text, struct err *e);
int spec_load_process(int dirfd, const char *path, struct arena *arena, struct spec_process **ret,
		      struct err *e);
/* The same from memory, with every problem reported (see json_options). */
int spec_parse_config(const char *text, size_t len, struct arena *arena,
		      const struct json_options *options, struct spec **ret, struct err *e);
int spec_parse_process(const char *text, size_t len, struct arena *arena,
		       const struct json_options *options, struct spec_process **ret,
		       struct err *e);
int spec_parse_resources(const char *text, size_t len, struct arena *arena,
			 struct spec_resources **ret, struct err *e);
/* What the version of their container's config.json means by them: a limit of 0 tasks is one since 1.3,
 * and was none before. spec_parse_config() has done so. */
void spec_resources_as_of(struct spec_resources *r, const char *oci_version);

/* Convenience: the namespace entry of a CLONE_NEW* type, or NULL. */
const struct spec_namespace *spec_find_namespace(const struct spec *s, uint64_t type);
/* CLONE_NEW* of the namespace that a kernel parameter belongs to; 0: it is the host's. */
uint64_t spec_sysctl_namespace(const char *key);
/* A new user namespace or one joined by path. */
bool spec_has_userns(const struct spec *s);
/* The value of an annotation or NULL. */
const char *spec_annotation(const struct spec *s, const char *key);
/* One whose value is an absolute path: *ret is NULL when it is not there, ERR_INVALID when it is
 * something else. */
int spec_annotation_path(const struct spec *s, const char *key, const char **ret, struct err *e);
