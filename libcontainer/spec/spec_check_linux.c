/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the linux object, without seccomp, resources and sysctl. */
#include <limits.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <net/if.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/spec_rules.h"

#define ID_MAP_MAX_EXTENTS 340 /* user_namespaces(7), since Linux 4.15 */
#define NSEC_PER_SEC 1000000000u

static bool is_new(const struct spec_namespace *ns)
{
	return ns && !ns->path;
}

static bool namespaces_differ(const void *value)
{
	const struct spec_linux *l = value;
	uint64_t seen = 0;

	for (size_t i = 0; i < l->namespaces.n; i++) {
		if (seen & l->namespaces.items[i].type)
			return false;
		seen |= l->namespaces.items[i].type;
	}
	return true;
}

static bool has_mount_namespace(const struct spec *s, const void *value)
{
	(void)value;
	return spec_find_namespace(s, CLONE_NEWNS);
}

static bool maps_fit(const void *value)
{
	return ((const spec_id_maps *)value)->n <= ID_MAP_MAX_EXTENTS;
}

static bool map_has_size(const void *value)
{
	return ((const struct spec_id_map *)value)->size > 0;
}

/* The kernel wants the end of a range, too, to be below 4294967295. */
static bool map_ends(const void *value)
{
	const struct spec_id_map *m = value;

	return m->size <= UINT32_MAX - m->container_id && m->size <= UINT32_MAX - m->host_id;
}

static bool ranges_meet(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

static bool extents_meet(const struct spec_id_map *a, const struct spec_id_map *b)
{
	return ranges_meet(a->container_id, a->size, b->container_id, b->size) ||
	       ranges_meet(a->host_id, a->size, b->host_id, b->size);
}

static bool maps_differ(const void *value)
{
	const spec_id_maps *maps = value;

	if (!maps_fit(maps))
		return true;
	for (size_t i = 0; i < maps->n; i++)
		for (size_t j = 0; j < i; j++)
			if (extents_meet(&maps->items[i], &maps->items[j]))
				return false;
	return true;
}

/* Mappings beside a joined namespace are fine: podman writes a dummy there. */
static bool maps_have_userns(const struct spec *s, const void *value)
{
	const struct spec_linux *l = value;

	return (!l->uid_mappings.n && !l->gid_mappings.n) || spec_has_userns(s);
}

static bool userns_has_maps(const struct spec *s, const void *value)
{
	const struct spec_linux *l = value;

	return !is_new(spec_find_namespace(s, CLONE_NEWUSER)) ||
	       (l->uid_mappings.n && l->gid_mappings.n);
}

static bool offsets_have_timens(const struct spec *s, const void *value)
{
	const struct spec_linux *l = value;

	return (!l->monotonic.given && !l->boottime.given) ||
	       is_new(spec_find_namespace(s, CLONE_NEWTIME));
}

static bool nanosecs_in_range(const void *value)
{
	return *(const uint32_t *)value < NSEC_PER_SEC;
}

static bool device_is_known(const void *value)
{
	const struct spec_device *d = value;

	return !d->type || (d->type[0] && strlen(d->type) == 1 && strchr("cbup", d->type[0]));
}

static bool device_has_number(const void *value)
{
	const struct spec_device *d = value;

	return (d->has_major && d->has_minor) || (d->type && strcmp(d->type, "p") == 0);
}

static bool netdev_fits(const char *name)
{
	return name[0] && strlen(name) < IFNAMSIZ && !strpbrk(name, "/: \t\n") &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static bool host_name_fits(const void *value)
{
	return netdev_fits(((const struct spec_net_device *)value)->host_name);
}

/* The kernel puts a number in place of one "%d" and takes no other '%' (netdevice(7)). */
static bool is_template(const char *name)
{
	const char *mark = strchr(name, '%');

	return mark && mark[1] == 'd' && !strchr(mark + 1, '%');
}

static bool new_name_fits(const void *value)
{
	const char *name = ((const struct spec_net_device *)value)->name;

	return !name || !name[0] ||
	       (netdev_fits(name) && (!strchr(name, '%') || is_template(name)));
}

static const char *new_name(const struct spec_net_device *d)
{
	return d->name && d->name[0] ? d->name : d->host_name;
}

static bool new_names_differ(const void *value)
{
	const struct spec_linux *l = value;

	for (size_t i = 0; i < l->net_devices.n; i++)
		for (size_t j = 0; j < i; j++) {
			const char *name = new_name(&l->net_devices.items[i]);

			if (!is_template(name) &&
			    strcmp(name, new_name(&l->net_devices.items[j])) == 0)
				return false;
		}
	return true;
}

static bool netdevs_have_netns(const struct spec *s, const void *value)
{
	return !((const struct spec_linux *)value)->net_devices.n ||
	       spec_find_namespace(s, CLONE_NEWNET);
}

static bool path_stays_below(const void *value)
{
	const char *path = *(const char *const *)value;

	for (const char *p = path; p && (p = strstr(p, "..")); p += 2)
		if ((p == path || p[-1] == '/') && (p[2] == '\0' || p[2] == '/'))
			return false;
	return true;
}

static bool clos_is_name(const void *value)
{
	const char *id = *(const char *const *)value;

	return !id || strcmp(id, "/") == 0 ||
	       (id[0] && !strchr(id, '/') && strcmp(id, ".") != 0 && strcmp(id, "..") != 0);
}

static bool nodes_fit_mode(const void *value)
{
	const struct spec_memory_policy *p = value;
	bool given = p->nodes && p->nodes[0];

	if (p->mode == MPOL_DEFAULT || p->mode == MPOL_LOCAL)
		return !given;
	return given || p->mode == MPOL_PREFERRED;
}

static uint64_t policy_flags(const struct spec_memory_policy *p)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < p->flags.n; i++)
		flags |= p->flags.items[i];
	return flags;
}

static bool node_flags_differ(const void *value)
{
	uint64_t flags = policy_flags(value);

	return !(flags & MPOL_F_STATIC_NODES) || !(flags & MPOL_F_RELATIVE_NODES);
}

static bool node_flags_have_nodes(const void *value)
{
	const struct spec_memory_policy *p = value;

	return !(policy_flags(p) & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES)) ||
	       (p->nodes && p->nodes[0]);
}

static bool balancing_fits_mode(const void *value)
{
	const struct spec_memory_policy *p = value;

	return !(policy_flags(p) & MPOL_F_NUMA_BALANCING) || p->mode == MPOL_BIND ||
	       p->mode == MPOL_PREFERRED_MANY;
}

static bool has_no_flags(const void *value)
{
	return ((const struct spec_personality *)value)->flags.n == 0;
}

static const struct rule namespace_rules[] = {
	RULE_OF("path", struct spec_namespace, path, rule_is_absolute, RULE_TEXT_ABSOLUTE),
	{},
};

static const struct rule id_map_rules[] = {
	RULE("size", map_has_size, "must be greater than 0"),
	RULE("size", map_ends, "goes beyond the last id, 4294967294"),
	{},
};

const struct rule spec_id_maps_rules[] = {
	RULE("", maps_fit, "has more than 340 entries"),
	RULE("", maps_differ, "has entries that overlap"),
	{ .where = "",
	  .over = RULE_EACH,
	  .rules = id_map_rules,
	  .size = sizeof(struct spec_id_map) },
	{},
};

static const struct rule time_offset_rules[] = {
	RULE_OF("nanosecs", struct spec_time_offset, nanosecs, nanosecs_in_range,
		"must be below 1000000000"),
	{},
};

static const struct rule device_rules[] = {
	RULE("type", device_is_known, "must be c, b, u or p"),
	RULE_OF("path", struct spec_device, path, rule_is_absolute, RULE_TEXT_ABSOLUTE),
	RULE("major", device_has_number, "all but type p need major and minor"),
	RULE_OF("major", struct spec_device, major, rule_is_major, RULE_TEXT_MAJOR),
	RULE_OF("minor", struct spec_device, minor, rule_is_minor, RULE_TEXT_MINOR),
	RULE_OF("uid", struct spec_device, uid, rule_is_id, RULE_TEXT_ID),
	RULE_OF("gid", struct spec_device, gid, rule_is_id, RULE_TEXT_ID),
	{},
};

static const struct rule net_device_rules[] = {
	RULE("", host_name_fits, "is no name of a network interface"),
	RULE("name", new_name_fits, "is no name of a network interface"),
	{},
};

static const struct rule path_rules[] = {
	RULE("", rule_is_absolute, RULE_TEXT_ABSOLUTE),
	{},
};

static const struct rule intel_rdt_rules[] = {
	RULE_OF("closID", struct spec_intel_rdt, clos_id, clos_is_name,
		"must be / or the name of one directory"),
	{},
};

static const struct rule memory_policy_rules[] = {
	RULE_OF("nodes", struct spec_memory_policy, nodes, rule_is_cpu_list, RULE_TEXT_LIST),
	RULE("nodes", nodes_fit_mode,
	     "MPOL_DEFAULT and MPOL_LOCAL take no nodes; all others but MPOL_PREFERRED need some"),
	RULE("flags", node_flags_differ,
	     "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other"),
	RULE("flags", node_flags_have_nodes,
	     "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES need nodes"),
	RULE("flags", balancing_fits_mode,
	     "MPOL_F_NUMA_BALANCING is for MPOL_BIND and MPOL_PREFERRED_MANY"),
	{},
};

static const struct rule personality_rules[] = {
	RULE("flags", has_no_flags, "no flag is known: must be empty"),
	{},
};

const struct rule spec_linux_rules[] = {
	RULES_EACH("namespaces", struct spec_linux, namespaces, namespace_rules),
	RULE("namespaces", namespaces_differ, "must not have two entries of one type"),
	RULE_IN("namespaces", has_mount_namespace, "needs an entry of type mount"),
	RULE_IN("namespaces", userns_has_maps,
		"a new user namespace needs linux.uidMappings and linux.gidMappings"),
	RULE_IN("uidMappings", maps_have_userns,
		"id mappings need an entry of type user in linux.namespaces"),
	RULES_IN("uidMappings", struct spec_linux, uid_mappings, spec_id_maps_rules),
	RULES_IN("gidMappings", struct spec_linux, gid_mappings, spec_id_maps_rules),
	RULE_IN("timeOffsets", offsets_have_timens,
		"needs an entry of type time, without a path, in linux.namespaces"),
	RULES_IN("timeOffsets.monotonic", struct spec_linux, monotonic, time_offset_rules),
	RULES_IN("timeOffsets.boottime", struct spec_linux, boottime, time_offset_rules),
	RULES_EACH("devices", struct spec_linux, devices, device_rules),
	RULES_KEYED("netDevices", struct spec_linux, net_devices, net_device_rules),
	RULE("netDevices", new_names_differ, "must not give two devices one name"),
	RULE_IN("netDevices", netdevs_have_netns,
		"needs an entry of type network in linux.namespaces"),
	RULE_OF("cgroupsPath", struct spec_linux, cgroups_path, path_stays_below,
		"must not contain \"..\""),
	RULES_PTR("resources", struct spec_linux, resources, spec_resources_rules),
	RULES_PTR("intelRdt", struct spec_linux, intel_rdt, intel_rdt_rules),
	RULES_PTR("memoryPolicy", struct spec_linux, memory_policy, memory_policy_rules),
	RULES_KEYED("sysctl", struct spec_linux, sysctl, spec_sysctl_rules),
	RULES_PTR("seccomp", struct spec_linux, seccomp, spec_seccomp_rules),
	RULES_EACH("maskedPaths", struct spec_linux, masked_paths, path_rules),
	RULES_EACH("readonlyPaths", struct spec_linux, readonly_paths, path_rules),
	RULES_PTR("personality", struct spec_linux, personality, personality_rules),
	{},
};
