/* SPDX-License-Identifier: Apache-2.0 */
/* The unit of a container: its name, the slice it lies in, what is said of it. */
#include "host/cgroup_systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "base/num.h"
#include "host/cgroup.h"

#define UNIT_NAME_MAX 255 /* systemd.unit(5) */
#define PREFIX "hull"
#define PLACE "linux.cgroupsPath"
#define ANNOTATION "org.systemd.property."
#define SUBGROUP "run.oci.systemd.subgroup"
#define FORM "slice:prefix:name, the form that goes with --systemd-cgroup"

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n > m && strcmp(text + n - m, end) == 0;
}

/* ids may hold what unit names may not: it is written as systemd-escape(1) would. */
static const char *escape(const char *text, struct arena *arena)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789:-_.\\";
	static const char digits[] = "0123456789abcdef";
	char *escaped = arena_alloc(arena, strlen(text) * 4 + 1), *p = escaped;

	for (; escaped && *text; text++) {
		unsigned c = (unsigned char)*text;

		if (strchr(allowed, *text)) {
			*p++ = *text;
		} else {
			*p++ = '\\';
			*p++ = 'x';
			*p++ = digits[c >> 4];
			*p++ = digits[c & 15];
		}
	}
	return escaped;
}

/* A slice's place in the tree is its name: a-b.slice lies in a.slice. */
static const char *slice_path(const char *root, const char *slice, struct arena *arena)
{
	const char *path = root;

	if (strcmp(slice, "-.slice") == 0)
		return path;
	for (const char *dash = slice; path && (dash = strchr(dash, '-')); dash++)
		path = arena_printf(arena, "%s/%.*s.slice", path, (int)(dash - slice), slice);
	return path ? arena_printf(arena, "%s/%s", path, slice) : NULL;
}

static int check_slice(const char *slice, struct err *e)
{
	size_t n = strlen(slice) - strlen(".slice");

	if (strcmp(slice, "-.slice") == 0)
		return 0;
	if (!ends_with(slice, ".slice") || strchr(slice, '/'))
		return err_bad(e, PLACE, "%s is no name of a slice (like machine.slice)", slice);
	if (slice[0] == '-' || slice[n - 1] == '-' || strstr(slice, "--"))
		return err_bad(e, PLACE, "%s: a dash in the name of a slice separates two names",
			       slice);
	return 0;
}

/* Cuts "slice:prefix:name" in a copy; parts left empty have their defaults. */
static int cut(const char *wanted, const char **slice, const char **prefix, const char **name,
	       struct arena *arena, struct err *e)
{
	char *copy = arena_strdup(arena, wanted), *first, *second;

	if (!copy)
		return err_nomem(e);
	first = strchr(copy, ':');
	second = first ? strchr(first + 1, ':') : NULL;
	if (!second || strchr(second + 1, ':'))
		return err_bad(e, PLACE, "%s is not " FORM, wanted);
	*first = *second = '\0';
	if (copy[0])
		*slice = copy;
	*prefix = first + 1;
	if (second[1])
		*name = second + 1;
	return 0;
}

static int name_unit(const struct host_env *h, const char *wanted, struct plan_systemd *sd,
		     struct arena *arena, struct err *e)
{
	const char *prefix = PREFIX, *name = h->id;
	int r;

	sd->slice = h->rootless ? "user.slice" : "system.slice";
	r = wanted && wanted[0] ? cut(wanted, &sd->slice, &prefix, &name, arena, e) : 0;
	if (r == 0)
		r = check_slice(sd->slice, e);
	if (r < 0)
		return r;
	if (ends_with(name, ".slice"))
		return err_bad(e, PLACE, "%s is a slice, which holds no processes: name a scope",
			       name);
	name = escape(name, arena);
	prefix = escape(prefix, arena);
	if (!name || !prefix)
		return err_nomem(e);
	sd->unit = arena_printf(arena, "%s%s%s.scope", prefix, prefix[0] ? "-" : "", name);
	if (!sd->unit)
		return err_nomem(e);
	if (strlen(sd->unit) > UNIT_NAME_MAX)
		return err_bad(e, PLACE, "%s is longer than the %d characters of a unit's name",
			       sd->unit, UNIT_NAME_MAX);
	return 0;
}

/* Root of a user namespace is somebody else to the manager outside. */
static unsigned outer_uid(void)
{
	char text[4096], *p;
	unsigned inner, outer;

	if (file_read_buf(AT_FDCWD, "/proc/self/uid_map", text, sizeof(text)) < 0)
		return geteuid();
	p = strtok(text, " \n");
	if (!p || num_parse_u32(p, &inner) < 0 || inner != geteuid())
		return geteuid();
	p = strtok(NULL, " \n");
	return p && num_parse_u32(p, &outer) == 0 ? outer : geteuid();
}

static const char *expected_path(const struct plan_systemd *sd, struct arena *arena)
{
	const char *path = "";

	if (sd->user) {
		unsigned uid = outer_uid();

		path = arena_printf(arena, "/user.slice/user-%u.slice/user@%u.service", uid, uid);
	}
	path = path ? slice_path(path, sd->slice, arena) : NULL;
	return path ? arena_printf(arena, "%s/%s%s", path, sd->unit,
				   sd->subgroup ? sd->subgroup : "")
		    : NULL;
}

int cgroup_systemd_put_value(struct plan_systemd *sd, const struct plan_property *p,
			     const char *value, struct arena *arena, struct err *e)
{
	const char **values = arena_array_of(arena, const char *, 1);
	struct plan_property one = *p;

	if (!values || !value)
		return err_nomem(e);
	values[0] = value;
	one.values = values;
	one.n = 1;
	return cgroup_systemd_put(sd, &one, arena, e);
}

static int put_one(struct plan_systemd *sd, const char *name, const char *type, const char *value,
		   struct arena *arena, struct err *e)
{
	const struct plan_property p = { .name = name, .type = type };

	return cgroup_systemd_put_value(sd, &p, value, arena, e);
}

/* What every scope of ours is. Delegate: what is in it is the container's business and ours. */
static int put_basics(const struct host_env *h, struct plan_systemd *sd, struct arena *arena,
		      struct err *e)
{
	static const char *const flags[][2] = {
		{ "Delegate", "true" },	     { "DefaultDependencies", "false" },
		{ "CPUAccounting", "true" }, { "MemoryAccounting", "true" },
		{ "IOAccounting", "true" },  { "TasksAccounting", "true" },
	};
	const char *description = arena_printf(arena, "hull container %s", h->id);
	int r = put_one(sd, "Description", "s", description, arena, e);

	if (r == 0)
		r = put_one(sd, "Slice", "s", sd->slice, arena, e);
	/* A scope whose processes are gone is forgotten, failed or not, without anybody's help. */
	if (r == 0)
		r = put_one(sd, "CollectMode", "s", "inactive-or-failed", arena, e);
	for (size_t i = 0; i < ARRAY_SIZE(flags) && r == 0; i++)
		r = put_one(sd, flags[i][0], "b", flags[i][1], arena, e);
	return r;
}

/* An empty name stands for no group, as without the annotation. */
static int subgroup_plan(const struct spec *s, struct plan_systemd *sd, struct arena *arena,
			 struct err *e)
{
	const char *name = spec_annotation(s, SUBGROUP);

	return name && name[0] ? cgroup_below_plan(s, SUBGROUP, &sd->subgroup, arena, e) : 0;
}

static int put_annotations(const struct spec *s, struct plan_systemd *sd, struct arena *arena,
			   struct err *e)
{
	const size_t skip = strlen(ANNOTATION);
	int r = 0;

	for (size_t i = 0; i < s->annotations.n && r == 0; i++) {
		const struct json_pair *a = &s->annotations.items[i];
		struct plan_property p = {};

		if (strncmp(a->key, ANNOTATION, skip) != 0)
			continue;
		r = cgroup_systemd_variant(a->key + skip, a->value, &p, arena, e);
		if (r == 0)
			r = cgroup_systemd_put(sd, &p, arena, e);
		else
			err_at(e, "annotations[\"%s\"]", a->key);
	}
	return r;
}

int cgroup_systemd_put(struct plan_systemd *sd, const struct plan_property *p, struct arena *arena,
		       struct err *e)
{
	struct plan_property *grown;
	size_t cap = sd->n;

	for (size_t i = 0; i < sd->n; i++)
		if (strcmp(sd->properties[i].name, p->name) == 0) {
			sd->properties[i] = *p;
			return 0;
		}
	grown = arena_grow(arena, sd->properties, &cap, sd->n + 1, sizeof(*grown));
	if (!grown)
		return err_nomem(e);
	sd->properties = grown;
	sd->properties[sd->n++] = *p;
	return 0;
}

int cgroup_systemd_plan(const struct host_env *h, const struct spec *s, struct plan_cgroup *cg,
			struct arena *arena, struct err *e)
{
	struct plan_systemd *sd = arena_new_of(arena, struct plan_systemd);
	int r;

	if (!sd)
		return err_nomem(e);
	sd->user = h->rootless;
	r = name_unit(h, s->linux_.cgroups_path, sd, arena, e);
	if (r == 0)
		r = put_basics(h, sd, arena, e);
	if (r == 0)
		r = cgroup_systemd_limits(cg, sd, arena, e);
	if (r == 0)
		r = put_annotations(s, sd, arena, e);
	if (r == 0)
		r = subgroup_plan(s, sd, arena, e);
	if (r < 0)
		return r;
	cg->systemd = sd;
	cg->path = expected_path(sd, arena);
	return cg->path ? 0 : err_nomem(e);
}
