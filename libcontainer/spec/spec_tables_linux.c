/* SPDX-License-Identifier: Apache-2.0 */
/* How config.json's "linux" object maps to structs: rows in the order in which clients write it. */
#include "spec/spec_tables.h"

static const struct json_field namespace_fields[] = {
	SPEC_ENUM(spec_namespace, "type", type, spec_namespace, JSON_REQUIRED),
	SPEC_OPT(spec_namespace, "path", J_STRING, path),
	{},
};

static const struct json_field time_offset_fields[] = {
	SPEC_OPT(spec_time_offset, "secs", J_I64, secs),
	SPEC_OPT(spec_time_offset, "nanosecs", J_U32, nanosecs),
	{},
};

static const struct json_field time_offsets_fields[] = {
	JSON_FIELD("monotonic", J_OBJECT, struct spec_linux, monotonic,
		   .has_offset = offsetof(struct spec_linux, monotonic.given),
		   .fields = time_offset_fields),
	JSON_FIELD("boottime", J_OBJECT, struct spec_linux, boottime,
		   .has_offset = offsetof(struct spec_linux, boottime.given),
		   .fields = time_offset_fields),
	{},
};

static const struct json_field device_fields[] = {
	SPEC_REQ(spec_device, "path", J_STRING, path),
	SPEC_REQ(spec_device, "type", J_STRING, type),
	SPEC_HAS(spec_device, "major", J_I64, major),
	SPEC_HAS(spec_device, "minor", J_I64, minor),
	SPEC_HAS(spec_device, "fileMode", J_U32, file_mode),
	SPEC_HAS(spec_device, "uid", J_U32, uid),
	SPEC_HAS(spec_device, "gid", J_U32, gid),
	{},
};

static const struct json_field net_device_fields[] = {
	SPEC_OPT(spec_net_device, "name", J_STRING, name),
	{},
};

static const struct json_field device_rule_fields[] = {
	SPEC_REQ(spec_device_rule, "allow", J_BOOL, allow),
	SPEC_OPT(spec_device_rule, "type", J_STRING, type),
	SPEC_HAS(spec_device_rule, "major", J_I64, major),
	SPEC_HAS(spec_device_rule, "minor", J_I64, minor),
	SPEC_OPT(spec_device_rule, "access", J_STRING, access),
	{},
};

static const struct json_field memory_fields[] = {
	SPEC_HAS(spec_memory, "limit", J_I64, limit),
	SPEC_HAS(spec_memory, "reservation", J_I64, reservation),
	SPEC_HAS(spec_memory, "swap", J_I64, swap),
	SPEC_HAS(spec_memory, "kernel", J_I64, kernel),
	SPEC_HAS(spec_memory, "kernelTCP", J_I64, kernel_tcp),
	SPEC_HAS(spec_memory, "swappiness", J_U64, swappiness),
	SPEC_HAS(spec_memory, "disableOOMKiller", J_BOOL, disable_oom_killer),
	SPEC_HAS(spec_memory, "useHierarchy", J_BOOL, use_hierarchy),
	SPEC_OPT(spec_memory, "checkBeforeUpdate", J_BOOL, check_before_update),
	{},
};

static const struct json_field cpu_fields[] = {
	SPEC_HAS(spec_cpu, "shares", J_U64, shares),
	SPEC_HAS(spec_cpu, "quota", J_I64, quota),
	SPEC_HAS(spec_cpu, "burst", J_U64, burst),
	SPEC_HAS(spec_cpu, "period", J_U64, period),
	SPEC_HAS(spec_cpu, "realtimeRuntime", J_I64, realtime_runtime),
	SPEC_HAS(spec_cpu, "realtimePeriod", J_U64, realtime_period),
	SPEC_OPT(spec_cpu, "cpus", J_STRING, cpus),
	SPEC_OPT(spec_cpu, "mems", J_STRING, mems),
	SPEC_HAS(spec_cpu, "idle", J_I64, idle),
	{},
};

static const struct json_field weight_device_fields[] = {
	SPEC_REQ(spec_weight_device, "major", J_I64, major),
	SPEC_REQ(spec_weight_device, "minor", J_I64, minor),
	SPEC_HAS(spec_weight_device, "weight", J_U32, weight),
	SPEC_HAS(spec_weight_device, "leafWeight", J_U32, leaf_weight),
	{},
};

static const struct json_field throttle_device_fields[] = {
	SPEC_REQ(spec_throttle_device, "major", J_I64, major),
	SPEC_REQ(spec_throttle_device, "minor", J_I64, minor),
	SPEC_REQ(spec_throttle_device, "rate", J_U64, rate),
	{},
};

static const struct json_field block_io_fields[] = {
	SPEC_HAS(spec_block_io, "weight", J_U32, weight),
	SPEC_HAS(spec_block_io, "leafWeight", J_U32, leaf_weight),
	SPEC_OBJECTS(spec_block_io, "weightDevice", weight_device, weight_device_fields),
	SPEC_OBJECTS(spec_block_io, "throttleReadBpsDevice", throttle_read_bps,
		     throttle_device_fields),
	SPEC_OBJECTS(spec_block_io, "throttleWriteBpsDevice", throttle_write_bps,
		     throttle_device_fields),
	SPEC_OBJECTS(spec_block_io, "throttleReadIOPSDevice", throttle_read_iops,
		     throttle_device_fields),
	SPEC_OBJECTS(spec_block_io, "throttleWriteIOPSDevice", throttle_write_iops,
		     throttle_device_fields),
	{},
};

static const struct json_field hugepage_limit_fields[] = {
	SPEC_REQ(spec_hugepage_limit, "pageSize", J_STRING, page_size),
	SPEC_REQ(spec_hugepage_limit, "limit", J_U64, limit),
	{},
};

static const struct json_field if_priority_fields[] = {
	SPEC_NAME(spec_if_priority, "name", name),
	SPEC_REQ(spec_if_priority, "priority", J_U32, priority),
	{},
};

static const struct json_field network_fields[] = {
	SPEC_HAS(spec_network, "classID", J_U32, class_id),
	SPEC_OBJECTS(spec_network, "priorities", priorities, if_priority_fields),
	{},
};

static const struct json_field pids_fields[] = {
	JSON_FIELD("limit", J_I64, struct spec_resources, pids_limit,
		   .has_offset = offsetof(struct spec_resources, has_pids_limit)),
	{},
};

static const struct json_field rdma_fields[] = {
	SPEC_HAS(spec_rdma, "hcaHandles", J_U32, hca_handles),
	SPEC_HAS(spec_rdma, "hcaObjects", J_U32, hca_objects),
	{},
};

const struct json_field spec_resources_fields[] = {
	SPEC_OBJECTS(spec_resources, "devices", devices, device_rule_fields),
	SPEC_PTR(spec_resources, "memory", memory, memory_fields),
	SPEC_PTR(spec_resources, "cpu", cpu, cpu_fields),
	SPEC_FLAT("pids", pids_fields),
	SPEC_PTR(spec_resources, "blockIO", block_io, block_io_fields),
	SPEC_OBJECTS(spec_resources, "hugepageLimits", hugepage_limits, hugepage_limit_fields),
	SPEC_PTR(spec_resources, "network", network, network_fields),
	SPEC_KEYED(spec_resources, "rdma", rdma, rdma_fields),
	SPEC_OPT(spec_resources, "unified", J_MAP, unified),
	{},
};

static const struct json_field intel_rdt_fields[] = {
	SPEC_OPT(spec_intel_rdt, "closID", J_STRING, clos_id),
	SPEC_LIST(spec_intel_rdt, "schemata", schemata, J_STRING),
	SPEC_OPT(spec_intel_rdt, "l3CacheSchema", J_STRING, l3_cache_schema),
	SPEC_OPT(spec_intel_rdt, "memBwSchema", J_STRING, mem_bw_schema),
	SPEC_OPT(spec_intel_rdt, "enableMonitoring", J_BOOL, enable_monitoring),
	{},
};

static const struct json_field memory_policy_fields[] = {
	SPEC_ENUM(spec_memory_policy, "mode", mode, spec_memory_policy_mode, JSON_REQUIRED),
	SPEC_OPT(spec_memory_policy, "nodes", J_STRING, nodes),
	SPEC_ENUMS(spec_memory_policy, "flags", flags, spec_memory_policy_flag),
	{},
};

static const struct json_field seccomp_arg_fields[] = {
	SPEC_REQ(spec_seccomp_arg, "index", J_U32, index),
	SPEC_REQ(spec_seccomp_arg, "value", J_U64, value),
	SPEC_OPT(spec_seccomp_arg, "valueTwo", J_U64, value_two),
	SPEC_ENUM(spec_seccomp_arg, "op", op, spec_seccomp_op, JSON_REQUIRED),
	{},
};

static const struct json_field syscall_fields[] = {
	JSON_FIELD("names", J_ARRAY, struct spec_syscall, names,
		   .flags = JSON_REQUIRED | JSON_NONEMPTY, .elem = J_STRING,
		   .size = SPEC_ELEM_SIZE(spec_syscall, names)),
	SPEC_ENUM(spec_syscall, "action", action, spec_seccomp_action, JSON_REQUIRED),
	SPEC_HAS(spec_syscall, "errnoRet", J_U32, errno_ret),
	SPEC_OBJECTS(spec_syscall, "args", args, seccomp_arg_fields),
	{},
};

static const struct json_field seccomp_fields[] = {
	SPEC_ENUM(spec_seccomp, "defaultAction", default_action, spec_seccomp_action,
		  JSON_REQUIRED),
	SPEC_HAS(spec_seccomp, "defaultErrnoRet", J_U32, default_errno_ret),
	SPEC_LIST(spec_seccomp, "architectures", architectures, J_STRING),
	SPEC_HAS(spec_seccomp, "flags", J_ARRAY, flags, .elem = J_ENUM,
		 .size = SPEC_ELEM_SIZE(spec_seccomp, flags), .names = spec_seccomp_flag_names,
		 .n_names = spec_seccomp_flag_n),
	SPEC_OPT(spec_seccomp, "listenerPath", J_STRING, listener_path),
	SPEC_OPT(spec_seccomp, "listenerMetadata", J_STRING, listener_metadata),
	SPEC_OBJECTS(spec_seccomp, "syscalls", syscalls, syscall_fields),
	{},
};

static const struct json_field personality_fields[] = {
	SPEC_ENUM(spec_personality, "domain", domain, spec_personality, JSON_REQUIRED),
	SPEC_LIST(spec_personality, "flags", flags, J_STRING),
	{},
};

const struct json_field spec_linux_fields[] = {
	SPEC_OBJECTS(spec_linux, "uidMappings", uid_mappings, spec_id_map_fields),
	SPEC_OBJECTS(spec_linux, "gidMappings", gid_mappings, spec_id_map_fields),
	SPEC_FLAT("timeOffsets", time_offsets_fields),
	SPEC_OPT(spec_linux, "sysctl", J_MAP, sysctl),
	SPEC_PTR(spec_linux, "resources", resources, spec_resources_fields),
	SPEC_OPT(spec_linux, "cgroupsPath", J_STRING, cgroups_path),
	SPEC_OBJECTS(spec_linux, "namespaces", namespaces, namespace_fields),
	SPEC_OBJECTS(spec_linux, "devices", devices, device_fields),
	SPEC_KEYED(spec_linux, "netDevices", net_devices, net_device_fields),
	SPEC_PTR(spec_linux, "seccomp", seccomp, seccomp_fields),
	SPEC_ENUM(spec_linux, "rootfsPropagation", rootfs_propagation, spec_propagation,
		  JSON_OMIT_EMPTY),
	SPEC_LIST(spec_linux, "maskedPaths", masked_paths, J_STRING),
	SPEC_LIST(spec_linux, "readonlyPaths", readonly_paths, J_STRING),
	SPEC_OPT(spec_linux, "mountLabel", J_STRING, mount_label),
	SPEC_PTR(spec_linux, "intelRdt", intel_rdt, intel_rdt_fields),
	SPEC_PTR(spec_linux, "memoryPolicy", memory_policy, memory_policy_fields),
	SPEC_PTR(spec_linux, "personality", personality, personality_fields),
	{},
};
