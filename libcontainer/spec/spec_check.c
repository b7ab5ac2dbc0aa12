/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the rule tables over a decoded document; the rules of config.json's top level. */
#include "spec/spec_check.h"

#include <ctype.h>
#include <limits.h>
#include <linux/sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "spec/spec_rules.h"

#define ID_MAX_LEN 1024
#define HOSTNAME_MAX 64

/* The way down to the object under judgement, rendered only when a rule is broken. */
struct place {
	const struct place *up;
	const char *name, *key;
	bool indexed;
	size_t index;
};

struct walk {
	const struct spec *s;
	const struct json_options *options;
	struct err *e; /* gets the first problem */
	bool failed;
};

/* Keys are written as json_decode and json_locate write them. */
static void place_render(const struct place *p, struct err *e)
{
	for (; p; p = p->up) {
		if (p->key)
			err_at(e, strpbrk(p->key, ".[]\"") ? "[\"%s\"]" : "%s", p->key);
		if (p->indexed)
			err_at(e, "%s[%zu]", p->name, p->index);
		else if (p->name[0])
			err_at(e, "%s", p->name);
	}
}

/* < 0 stops the walk. */
static int report(struct walk *w, const struct rule *rule, const struct place *at)
{
	const struct json_options *o = w->options;
	struct err found;

	err_kind(&found, rule->kind == ERR_NONE ? ERR_INVALID : rule->kind, "%s", rule->message);
	place_render(&(struct place){ .up = at, .name = rule->where }, &found);
	if (!w->failed)
		*w->e = found;
	w->failed = true;
	return o && o->problem ? o->problem(o->data, &found) : -1;
}

static int walk_rules(struct walk *w, const struct rule *rules, const char *object,
		      const struct place *at);

static int walk_each(struct walk *w, const struct rule *rule, const struct json_array *array,
		     const struct place *at)
{
	const char *element = array->items;

	for (size_t i = 0; i < array->n; i++, element += rule->size) {
		struct place p = { .up = at, .name = rule->where, .index = i };

		if (rule->over == RULE_KEYED)
			p.key = *(const char *const *)element;
		else
			p.indexed = true;
		if (walk_rules(w, rule->rules, element, &p) < 0)
			return -1;
	}
	return 0;
}

static int walk_rule(struct walk *w, const struct rule *rule, const char *member,
		     const struct place *at)
{
	const struct place p = { .up = at, .name = rule->where };

	switch (rule->over) {
	case RULE_MEMBER:
		if (rule->ok ? rule->ok(member) : rule->ok_in(w->s, member))
			return 0;
		return report(w, rule, at);
	case RULE_STRUCT:
		return walk_rules(w, rule->rules, member, &p);
	case RULE_PTR:
		member = *(const char *const *)member;
		return member ? walk_rules(w, rule->rules, member, &p) : 0;
	case RULE_EACH:
	case RULE_KEYED:
		return walk_each(w, rule, (const struct json_array *)member, at);
	}
	return 0;
}

static int walk_rules(struct walk *w, const struct rule *rules, const char *object,
		      const struct place *at)
{
	for (; rules->where; rules++)
		if (walk_rule(w, rules, object + rules->offset, at) < 0)
			return -1;
	return 0;
}

static int check(const struct rule *rules, const struct spec *s, const void *object, const char *at,
		 const struct json_options *options, struct err *e)
{
	struct walk w = { .s = s, .options = options, .e = e };
	const struct place top = { .name = at };

	(void)walk_rules(&w, rules, object, &top); /* an early end is told by failed, too */
	return w.failed ? err_errno(e) : 0;
}

bool rule_is_absolute(const void *value)
{
	const char *path = *(const char *const *)value;

	return !path || path[0] == '/';
}

bool rule_is_id(const void *value)
{
	return *(const uint32_t *)value != UINT32_MAX;
}

static bool is_version_part(const char **p)
{
	const char *start = *p;

	while (isdigit((unsigned char)**p))
		(*p)++;
	return *p > start;
}

/* Every 1.x is compatible: a version newer than ours is no reason to refuse. */
static bool version_is_1(const void *value)
{
	const char *p = *(const char *const *)value;

	if (!p)
		return true;
	if (*p++ != '1' || *p++ != '.' || !is_version_part(&p) || *p++ != '.' ||
	    !is_version_part(&p))
		return false;
	return *p == '\0' || ((*p == '-' || *p == '+') && p[1] != '\0');
}

/* Clients write "" for a name that is not set. */
static bool name_has_uts(const struct spec *s, const char *name)
{
	return !name || !name[0] || spec_find_namespace(s, CLONE_NEWUTS);
}

static bool hostname_has_uts(const struct spec *s, const void *value)
{
	return name_has_uts(s, ((const struct spec *)value)->hostname);
}

static bool domainname_has_uts(const struct spec *s, const void *value)
{
	return name_has_uts(s, ((const struct spec *)value)->domainname);
}

static bool name_fits_uts(const void *value)
{
	const char *name = *(const char *const *)value;

	return !name || strlen(name) <= HOSTNAME_MAX;
}

static bool has_option(const struct spec_mount *m, const char *option)
{
	for (size_t i = 0; i < m->options.n; i++)
		if (strcmp(m->options.items[i], option) == 0)
			return true;
	return false;
}

static bool destination_fits(const void *value)
{
	const char *destination = *(const char *const *)value;

	return !destination || strlen(destination) < PATH_MAX - 1;
}

/* The files that lxcfs replaces; everything else in /proc is what the runtime's own protection
 * stands on. */
static bool is_lxcfs_file(const char *name)
{
	static const char *const names[] = {
		"cpuinfo", "diskstats", "meminfo",  "stat",    "swaps",
		"uptime",  "loadavg",	"slabinfo", "net/dev", "sys/kernel/ns_last_pid",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool mount_spares_proc(const void *value)
{
	const struct spec_mount *m = value;
	char path[PATH_MAX];

	if (!m->destination || path_clean(m->destination, path, sizeof(path)) < 0)
		return true;
	return strncmp(path, "/proc/", 6) != 0 || is_lxcfs_file(path + 6);
}

static bool is_bind(const struct spec_mount *m)
{
	return has_option(m, "bind") || has_option(m, "rbind");
}

static bool mount_on_proc_is_proc(const void *value)
{
	const struct spec_mount *m = value;
	char path[PATH_MAX];

	if (!m->destination || path_clean(m->destination, path, sizeof(path)) < 0)
		return true;
	return strcmp(path, "/proc") != 0 || is_bind(m) ||
	       (m->type && strcmp(m->type, "proc") == 0);
}

static bool bind_has_source(const void *value)
{
	const struct spec_mount *m = value;

	return !is_bind(m) || has_option(m, "remount") || (m->source && m->source[0]);
}

static bool mount_has_both_maps(const void *value)
{
	const struct spec_mount *m = value;

	return (m->uid_mappings.n == 0) == (m->gid_mappings.n == 0);
}

static bool idmap_has_maps(const struct spec *s, const void *value)
{
	const struct spec_mount *m = value;

	return m->uid_mappings.n || m->gid_mappings.n || spec_has_userns(s) ||
	       (!has_option(m, "idmap") && !has_option(m, "ridmap"));
}

static bool key_has_name(const void *value)
{
	return ((const struct json_pair *)value)->key[0] != '\0';
}

static const struct rule mount_rules[] = {
	RULE_OF("destination", struct spec_mount, destination, destination_fits,
		"is longer than a path may be"),
	RULE("destination", mount_spares_proc,
	     "lies inside /proc, where only the files that lxcfs provides may be covered"),
	RULE("destination", mount_on_proc_is_proc,
	     "/proc takes a mount of type proc, or a bind mount of one"),
	RULE("source", bind_has_source, "a bind mount needs a source"),
	RULE("uidMappings", mount_has_both_maps,
	     "uidMappings and gidMappings must be given together"),
	RULE_IN("options", idmap_has_maps,
		"idmap needs uidMappings and gidMappings of the mount, or a user namespace"),
	RULES_IN("uidMappings", struct spec_mount, uid_mappings, spec_id_maps_rules),
	RULES_IN("gidMappings", struct spec_mount, gid_mappings, spec_id_maps_rules),
	{},
};

static bool timeout_is_positive(const void *value)
{
	const struct spec_hook *h = value;

	return !h->has_timeout || h->timeout > 0;
}

static const struct rule hook_rules[] = {
	RULE_OF("path", struct spec_hook, path, rule_is_absolute, RULE_TEXT_ABSOLUTE),
	RULES_EACH("env", struct spec_hook, env, spec_env_rules),
	RULE("timeout", timeout_is_positive, "must be greater than 0 seconds"),
	{},
};

static const struct rule hooks_rules[] = {
	RULES_EACH("prestart", struct spec_hooks, prestart, hook_rules),
	RULES_EACH("createRuntime", struct spec_hooks, create_runtime, hook_rules),
	RULES_EACH("createContainer", struct spec_hooks, create_container, hook_rules),
	RULES_EACH("startContainer", struct spec_hooks, start_container, hook_rules),
	RULES_EACH("poststart", struct spec_hooks, poststart, hook_rules),
	RULES_EACH("poststop", struct spec_hooks, poststop, hook_rules),
	{},
};

static const struct rule annotation_rules[] = {
	RULE("", key_has_name, "an annotation needs a name"),
	{},
};

static const struct rule spec_rules[] = {
	RULE_OF("ociVersion", struct spec, oci_version, version_is_1,
		"must be a version of the runtime specification 1.x, such as 1.3.0"),
	RULES_PTR("process", struct spec, process, spec_process_rules),
	RULE_IN("hostname", hostname_has_uts, "needs an entry of type uts in linux.namespaces"),
	RULE_OF("hostname", struct spec, hostname, name_fits_uts, "is longer than 64 bytes"),
	RULE_IN("domainname", domainname_has_uts, "needs an entry of type uts in linux.namespaces"),
	RULE_OF("domainname", struct spec, domainname, name_fits_uts, "is longer than 64 bytes"),
	RULES_EACH("mounts", struct spec, mounts, mount_rules),
	RULES_IN("hooks", struct spec, hooks, hooks_rules),
	RULES_KEYED("annotations", struct spec, annotations, annotation_rules),
	RULES_IN("linux", struct spec, linux_, spec_linux_rules),
	{},
};

int spec_check(const struct spec *s, const struct json_options *options, struct err *e)
{
	return check(spec_rules, s, s, "", options, e);
}

int spec_check_process(const struct spec_process *p, const char *at,
		       const struct json_options *options, struct err *e)
{
	return check(spec_process_rules, NULL, p, at, options, e);
}

int spec_check_resources(const struct spec_resources *r, const char *at,
			 const struct json_options *options, struct err *e)
{
	return check(spec_resources_rules, NULL, r, at, options, e);
}

int spec_check_id(const char *id, struct err *e)
{
	size_t len = strlen(id);

	if (len == 0)
		return err_bad(e, "", "the container id is empty");
	if (len > ID_MAX_LEN)
		return err_bad(e, "", "the container id is longer than %d bytes", ID_MAX_LEN);
	if (strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-") != len)
		return err_bad(e, "", "container id %s: only letters, digits and _+.- are allowed",
			       id);
	if (strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
		return err_bad(e, "", "container id %s: names a directory", id);
	return 0;
}
