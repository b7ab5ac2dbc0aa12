/* SPDX-License-Identifier: Apache-2.0 */
/* Which sysctls a container may set. */
#include <linux/sched.h>

#include "base/cleanup.h"
#include "spec/spec_rules.h"

/* What belongs to a namespace and not to the host; a name that ends in '.' stands for the tree. */
static const struct {
	const char *name;
	uint64_t ns;
} sysctls[] = {
	{ "fs.mqueue.", CLONE_NEWIPC },	   { "kernel.domainname", CLONE_NEWUTS },
	{ "kernel.msgmax", CLONE_NEWIPC }, { "kernel.msgmnb", CLONE_NEWIPC },
	{ "kernel.msgmni", CLONE_NEWIPC }, { "kernel.sem", CLONE_NEWIPC },
	{ "kernel.shmall", CLONE_NEWIPC }, { "kernel.shmmax", CLONE_NEWIPC },
	{ "kernel.shmmni", CLONE_NEWIPC }, { "kernel.shm_rmid_forced", CLONE_NEWIPC },
	{ "net.", CLONE_NEWNET },
};

static bool is_separator(char c)
{
	return c == '.' || c == '/';
}

/* '.' and '/' stand for each other, as in sysctl(8). */
static bool sysctl_matches(const char *key, const char *name)
{
	for (; *name && *key; name++, key++)
		if (*name != (is_separator(*key) ? '.' : *key))
			return false;
	return *name == '\0' && (*key == '\0' || name[-1] == '.');
}

uint64_t spec_sysctl_namespace(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++)
		if (sysctl_matches(key, sysctls[i].name))
			return sysctls[i].ns;
	return 0;
}

static bool sysctl_is_no_hostname(const void *value)
{
	return !sysctl_matches(((const struct json_pair *)value)->key, "kernel.hostname");
}

static bool sysctl_is_namespaced(const void *value)
{
	return spec_sysctl_namespace(((const struct json_pair *)value)->key) ||
	       !sysctl_is_no_hostname(value);
}

/* No empty component: that keeps ".." out in both spellings. */
static bool sysctl_is_clean(const void *value)
{
	const char *key = ((const struct json_pair *)value)->key;

	for (const char *p = key; *p; p++)
		if (is_separator(*p) && (p == key || p[1] == '\0' || is_separator(p[1])))
			return false;
	return key[0] != '\0';
}

static bool sysctl_has_namespace(const struct spec *s, const void *value)
{
	uint64_t ns = spec_sysctl_namespace(((const struct json_pair *)value)->key);

	return !ns || spec_find_namespace(s, ns);
}

const struct rule spec_sysctl_rules[] = {
	RULE("", sysctl_is_clean, "must be names with one '.' or '/' between them"),
	RULE("", sysctl_is_no_hostname, "is set by hostname"),
	RULE("", sysctl_is_namespaced, "would change the host: it belongs to no namespace"),
	RULE_IN("", sysctl_has_namespace,
		"would change the host: needs an entry in linux.namespaces of type network for "
		"net.*, uts for kernel.domainname, ipc for the others"),
	{},
};
