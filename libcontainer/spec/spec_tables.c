/* SPDX-License-Identifier: Apache-2.0 */
/* How config.json's common part maps to structs: rows in the order in which clients write it. */
#include "spec/spec_tables.h"

const struct json_field spec_id_map_fields[] = {
	SPEC_REQ(spec_id_map, "containerID", J_U32, container_id),
	SPEC_REQ(spec_id_map, "hostID", J_U32, host_id),
	SPEC_REQ(spec_id_map, "size", J_U32, size),
	{},
};

static const struct json_field root_fields[] = {
	SPEC_NAME(spec_root, "path", path),
	SPEC_OPT(spec_root, "readonly", J_BOOL, readonly),
	{},
};

static const struct json_field mount_fields[] = {
	SPEC_NAME(spec_mount, "destination", destination),
	SPEC_OPT(spec_mount, "type", J_STRING, type),
	SPEC_OPT(spec_mount, "source", J_STRING, source),
	SPEC_LIST(spec_mount, "options", options, J_STRING),
	SPEC_OBJECTS(spec_mount, "uidMappings", uid_mappings, spec_id_map_fields),
	SPEC_OBJECTS(spec_mount, "gidMappings", gid_mappings, spec_id_map_fields),
	{},
};

static const struct json_field console_size_fields[] = {
	SPEC_REQ(spec_console_size, "height", J_U32, height),
	SPEC_REQ(spec_console_size, "width", J_U32, width),
	{},
};

static const struct json_field user_fields[] = {
	SPEC_REQ(spec_user, "uid", J_U32, uid),
	SPEC_REQ(spec_user, "gid", J_U32, gid),
	SPEC_HAS(spec_user, "umask", J_U32, umask),
	SPEC_LIST(spec_user, "additionalGids", additional_gids, J_U32),
	{},
};

static const struct json_field capabilities_fields[] = {
	SPEC_LIST(spec_capabilities, "bounding", bounding, J_STRING),
	SPEC_LIST(spec_capabilities, "effective", effective, J_STRING),
	SPEC_LIST(spec_capabilities, "inheritable", inheritable, J_STRING),
	SPEC_LIST(spec_capabilities, "permitted", permitted, J_STRING),
	SPEC_LIST(spec_capabilities, "ambient", ambient, J_STRING),
	{},
};

static const struct json_field rlimit_fields[] = {
	SPEC_REQ(spec_rlimit, "type", J_STRING, type),
	SPEC_REQ(spec_rlimit, "hard", J_U64, hard),
	SPEC_REQ(spec_rlimit, "soft", J_U64, soft),
	{},
};

static const struct json_field scheduler_fields[] = {
	SPEC_ENUM(spec_scheduler, "policy", policy, spec_sched_policy, JSON_REQUIRED),
	SPEC_OPT(spec_scheduler, "nice", J_I32, nice),
	SPEC_OPT(spec_scheduler, "priority", J_I32, priority),
	SPEC_ENUMS(spec_scheduler, "flags", flags, spec_sched_flag),
	SPEC_OPT(spec_scheduler, "runtime", J_U64, runtime),
	SPEC_OPT(spec_scheduler, "deadline", J_U64, deadline),
	SPEC_OPT(spec_scheduler, "period", J_U64, period),
	{},
};

static const struct json_field io_priority_fields[] = {
	SPEC_ENUM(spec_io_priority, "class", class, spec_io_class, JSON_REQUIRED),
	SPEC_OPT(spec_io_priority, "priority", J_I32, priority),
	{},
};

static const struct json_field exec_cpu_affinity_fields[] = {
	SPEC_OPT(spec_exec_cpu_affinity, "initial", J_STRING, initial),
	SPEC_OPT(spec_exec_cpu_affinity, "final", J_STRING, final),
	{},
};

const struct json_field spec_process_fields[] = {
	SPEC_OPT(spec_process, "terminal", J_BOOL, terminal),
	JSON_FIELD("consoleSize", J_OBJECT, struct spec_process, console_size,
		   .has_offset = offsetof(struct spec_process, has_console_size),
		   .fields = console_size_fields),
	JSON_FIELD("user", J_OBJECT, struct spec_process, user, .fields = user_fields),
	SPEC_LIST(spec_process, "args", args, J_STRING),
	SPEC_LIST(spec_process, "env", env, J_STRING),
	SPEC_REQ(spec_process, "cwd", J_STRING, cwd),
	SPEC_PTR(spec_process, "capabilities", capabilities, capabilities_fields),
	SPEC_OBJECTS(spec_process, "rlimits", rlimits, rlimit_fields),
	SPEC_OPT(spec_process, "noNewPrivileges", J_BOOL, no_new_privileges),
	SPEC_OPT(spec_process, "apparmorProfile", J_STRING, apparmor_profile),
	SPEC_HAS(spec_process, "oomScoreAdj", J_I32, oom_score_adj),
	SPEC_PTR(spec_process, "scheduler", scheduler, scheduler_fields),
	SPEC_OPT(spec_process, "selinuxLabel", J_STRING, selinux_label),
	SPEC_PTR(spec_process, "ioPriority", io_priority, io_priority_fields),
	SPEC_PTR(spec_process, "execCPUAffinity", exec_cpu_affinity, exec_cpu_affinity_fields),
	{},
};

static const struct json_field hook_fields[] = {
	SPEC_NAME(spec_hook, "path", path),
	SPEC_LIST(spec_hook, "args", args, J_STRING),
	SPEC_LIST(spec_hook, "env", env, J_STRING),
	SPEC_HAS(spec_hook, "timeout", J_I32, timeout),
	{},
};

static const struct json_field hooks_fields[] = {
	SPEC_OBJECTS(spec_hooks, "prestart", prestart, hook_fields),
	SPEC_OBJECTS(spec_hooks, "createRuntime", create_runtime, hook_fields),
	SPEC_OBJECTS(spec_hooks, "createContainer", create_container, hook_fields),
	SPEC_OBJECTS(spec_hooks, "startContainer", start_container, hook_fields),
	SPEC_OBJECTS(spec_hooks, "poststart", poststart, hook_fields),
	SPEC_OBJECTS(spec_hooks, "poststop", poststop, hook_fields),
	{},
};

const struct json_field spec_fields[] = {
	SPEC_REQ(spec, "ociVersion", J_STRING, oci_version),
	SPEC_PTR(spec, "process", process, spec_process_fields),
	JSON_FIELD("root", J_OBJECT, struct spec, root, .flags = JSON_REQUIRED,
		   .fields = root_fields),
	SPEC_OPT(spec, "hostname", J_STRING, hostname),
	SPEC_OPT(spec, "domainname", J_STRING, domainname),
	SPEC_OBJECTS(spec, "mounts", mounts, mount_fields),
	SPEC_IN(spec, "hooks", hooks, hooks_fields),
	SPEC_OPT(spec, "annotations", J_MAP, annotations),
	SPEC_IN(spec, "linux", linux_, spec_linux_fields),
	{},
};
