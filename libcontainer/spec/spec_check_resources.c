/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of linux.resources. Clients write 0 for what they do not mean to set: a limit of 0 is
 * absent, but for pids. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpulist.h"
#include "spec/spec_rules.h"

static bool rule_type_is_known(const void *value)
{
	const char *type = *(const char *const *)value;

	return !type || !type[0] || (strlen(type) == 1 && strchr("abc", type[0]));
}

static bool access_is_known(const void *value)
{
	const char *access = *(const char *const *)value;

	return !access || access[strspn(access, "rwm")] == '\0';
}

static bool is_limit(const void *value)
{
	return *(const int64_t *)value >= -1;
}

static bool swap_has_limit(const void *value)
{
	const struct spec_memory *m = value;

	return m->swap <= 0 || m->limit > 0;
}

static bool swap_covers_limit(const void *value)
{
	const struct spec_memory *m = value;

	return m->swap <= 0 || m->limit <= 0 || m->swap >= m->limit;
}

static bool swappiness_in_range(const void *value)
{
	return *(const uint64_t *)value <= 100;
}

static bool burst_fits_quota(const void *value)
{
	const struct spec_cpu *c = value;

	return c->quota <= 0 || c->burst <= (uint64_t)c->quota;
}

static bool has_no_realtime_runtime(const void *value)
{
	return ((const struct spec_cpu *)value)->realtime_runtime == 0;
}

static bool has_no_realtime_period(const void *value)
{
	return ((const struct spec_cpu *)value)->realtime_period == 0;
}

static bool idle_is_flag(const void *value)
{
	int64_t idle = *(const int64_t *)value;

	return idle == 0 || idle == 1;
}

static bool weight_in_range(const void *value)
{
	uint32_t weight = *(const uint32_t *)value;

	return weight == 0 || (weight >= 10 && weight <= 1000);
}

static bool has_no_leaf_weight(const void *value)
{
	return ((const struct spec_block_io *)value)->leaf_weight == 0;
}

static bool device_has_no_leaf_weight(const void *value)
{
	return ((const struct spec_weight_device *)value)->leaf_weight == 0;
}

static bool device_has_weight(const void *value)
{
	const struct spec_weight_device *d = value;

	return d->has_weight || d->has_leaf_weight;
}

/* The kernel's own spelling: a power of 1024 in decimal, as in "2MB". */
static bool page_size_is_known(const void *value)
{
	const char *p = *(const char *const *)value;
	size_t digits = p ? strspn(p, "0123456789") : 0;

	if (!p)
		return true;
	return digits > 0 && p[0] != '0' && strlen(p + digits) == 2 && strchr("KMG", p[digits]) &&
	       p[digits + 1] == 'B';
}

static bool has_no_class_id(const void *value)
{
	return ((const struct spec_network *)value)->class_id == 0;
}

static bool has_no_priorities(const void *value)
{
	return ((const struct spec_network *)value)->priorities.n == 0;
}

static bool rdma_has_limit(const void *value)
{
	const struct spec_rdma *r = value;

	return r->has_hca_handles || r->has_hca_objects;
}

static bool key_is_file(const void *value)
{
	const char *key = ((const struct json_pair *)value)->key;

	return key[0] && !strchr(key, '/') && strcmp(key, ".") != 0 && strcmp(key, "..") != 0;
}

static bool is_below(int64_t number, int64_t end)
{
	return number >= 0 && number < end;
}

bool rule_is_major(const void *value)
{
	return is_below(*(const int64_t *)value, 1 << 12);
}

bool rule_is_minor(const void *value)
{
	return is_below(*(const int64_t *)value, 1 << 20);
}

bool rule_is_cpu_list(const void *value)
{
	const char *text = *(const char *const *)value;
	struct cpulist list;

	return !text || !text[0] || cpulist_parse(text, &list) == 0;
}

/* -1 stands for every number in what the peers accept. */
static bool is_major_or_any(const void *value)
{
	return *(const int64_t *)value == -1 || rule_is_major(value);
}

static bool is_minor_or_any(const void *value)
{
	return *(const int64_t *)value == -1 || rule_is_minor(value);
}

static const struct rule device_rules[] = {
	RULE_OF("type", struct spec_device_rule, type, rule_type_is_known, "must be a, b or c"),
	RULE_OF("major", struct spec_device_rule, major, is_major_or_any, RULE_TEXT_MAJOR),
	RULE_OF("minor", struct spec_device_rule, minor, is_minor_or_any, RULE_TEXT_MINOR),
	RULE_OF("access", struct spec_device_rule, access, access_is_known,
		"must be made of the letters r, w and m"),
	{},
};

static const struct rule memory_rules[] = {
	RULE_OF("limit", struct spec_memory, limit, is_limit, "must be -1 (no limit) or bytes"),
	RULE_OF("reservation", struct spec_memory, reservation, is_limit,
		"must be -1 (no limit) or bytes"),
	RULE_OF("swap", struct spec_memory, swap, is_limit, "must be -1 (no limit) or bytes"),
	RULE("swap", swap_has_limit, "is memory and swap together: needs limit"),
	RULE("swap", swap_covers_limit, "is memory and swap together: must not be below limit"),
	RULE_OF("swappiness", struct spec_memory, swappiness, swappiness_in_range,
		"must be 0 to 100"),
	{},
};

static const struct rule cpu_rules[] = {
	RULE_OF("quota", struct spec_cpu, quota, is_limit, "must be -1 (no limit) or microseconds"),
	RULE("burst", burst_fits_quota, "must not be above quota"),
	RULE_V1_ONLY("realtimeRuntime", has_no_realtime_runtime, "cgroup v2 has no such limit"),
	RULE_V1_ONLY("realtimePeriod", has_no_realtime_period, "cgroup v2 has no such limit"),
	RULE_OF("cpus", struct spec_cpu, cpus, rule_is_cpu_list, RULE_TEXT_LIST),
	RULE_OF("mems", struct spec_cpu, mems, rule_is_cpu_list, RULE_TEXT_LIST),
	RULE_OF("idle", struct spec_cpu, idle, idle_is_flag, "must be 0 or 1"),
	{},
};

static const struct rule weight_device_rules[] = {
	RULE_OF("major", struct spec_weight_device, major, rule_is_major, RULE_TEXT_MAJOR),
	RULE_OF("minor", struct spec_weight_device, minor, rule_is_minor, RULE_TEXT_MINOR),
	RULE("weight", device_has_weight, "an entry needs weight or leafWeight"),
	RULE_OF("weight", struct spec_weight_device, weight, weight_in_range, "must be 10 to 1000"),
	RULE_V1_ONLY("leafWeight", device_has_no_leaf_weight, "cgroup v2 has no such weight"),
	{},
};

static const struct rule throttle_device_rules[] = {
	RULE_OF("major", struct spec_throttle_device, major, rule_is_major, RULE_TEXT_MAJOR),
	RULE_OF("minor", struct spec_throttle_device, minor, rule_is_minor, RULE_TEXT_MINOR),
	{},
};

static const struct rule block_io_rules[] = {
	RULE_OF("weight", struct spec_block_io, weight, weight_in_range, "must be 10 to 1000"),
	RULE_V1_ONLY("leafWeight", has_no_leaf_weight, "cgroup v2 has no such weight"),
	RULES_EACH("weightDevice", struct spec_block_io, weight_device, weight_device_rules),
	RULES_EACH("throttleReadBpsDevice", struct spec_block_io, throttle_read_bps,
		   throttle_device_rules),
	RULES_EACH("throttleWriteBpsDevice", struct spec_block_io, throttle_write_bps,
		   throttle_device_rules),
	RULES_EACH("throttleReadIOPSDevice", struct spec_block_io, throttle_read_iops,
		   throttle_device_rules),
	RULES_EACH("throttleWriteIOPSDevice", struct spec_block_io, throttle_write_iops,
		   throttle_device_rules),
	{},
};

static const struct rule hugepage_rules[] = {
	RULE_OF("pageSize", struct spec_hugepage_limit, page_size, page_size_is_known,
		"must be a number and KB, MB or GB, such as 2MB"),
	{},
};

static const struct rule network_rules[] = {
	RULE_V1_ONLY("classID", has_no_class_id, "cgroup v2 has no network controllers"),
	RULE_V1_ONLY("priorities", has_no_priorities, "cgroup v2 has no network controllers"),
	{},
};

static const struct rule rdma_rules[] = {
	RULE("", rdma_has_limit, "needs hcaHandles or hcaObjects"),
	{},
};

static const struct rule unified_rules[] = {
	RULE("", key_is_file, "must be the name of a file in the cgroup, without '/'"),
	{},
};

const struct rule spec_resources_rules[] = {
	RULES_EACH("devices", struct spec_resources, devices, device_rules),
	RULES_PTR("memory", struct spec_resources, memory, memory_rules),
	RULES_PTR("cpu", struct spec_resources, cpu, cpu_rules),
	RULE_OF("pids.limit", struct spec_resources, pids_limit, is_limit,
		"must be -1 (no limit) or a number"),
	RULES_PTR("blockIO", struct spec_resources, block_io, block_io_rules),
	RULES_EACH("hugepageLimits", struct spec_resources, hugepage_limits, hugepage_rules),
	RULES_PTR("network", struct spec_resources, network, network_rules),
	RULES_KEYED("rdma", struct spec_resources, rdma, rdma_rules),
	RULES_KEYED("unified", struct spec_resources, unified, unified_rules),
	{},
};
