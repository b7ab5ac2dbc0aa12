/* SPDX-License-Identifier: Apache-2.0 */
/* The plan, told in the order in which it is carried out. */
#include "plan/plan_dump.h"

#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/map.h"
#include "plan/hook.h"
#include "plan/plan_words.h"
#include "spec/spec.h"

/* In the words of the mount options: what a set and what a cleared attribute is called. */
static const struct {
	uint64_t attr;
	const char *set, *clear;
} attributes[] = {
	{ MOUNT_ATTR_RDONLY, "ro", "rw" },
	{ MOUNT_ATTR_NOSUID, "nosuid", "suid" },
	{ MOUNT_ATTR_NODEV, "nodev", "dev" },
	{ MOUNT_ATTR_NOEXEC, "noexec", "exec" },
	{ MOUNT_ATTR_NODIRATIME, "nodiratime", "diratime" },
	{ MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow", "symfollow" },
};

static const struct name_value access_times[] = {
	{ "relatime", MOUNT_ATTR_RELATIME },
	{ "noatime", MOUNT_ATTR_NOATIME },
	{ "strictatime", MOUNT_ATTR_STRICTATIME },
};

/* A line for each line of text. */
static void each_line(struct buf *out, const char *what, const char *text)
{
	while (text && *text) {
		size_t len = strcspn(text, "\n");

		buf_fmt(out, "  %s %.*s\n", what, (int)len, text);
		text += len + (text[len] == '\n');
	}
}

/* ---- the concerns --------------------------------------------------------------------------- */

static void dump_unit(const struct plan_systemd *sd, struct buf *out)
{
	LINE(out, sd->user ? "user-unit" : "unit", sd->unit);
	for (size_t i = 0; i < sd->n; i++) {
		const struct plan_property *p = &sd->properties[i];

		buf_str(out, " ");
		WORDS(out, "property", p->name, p->type);
		for (size_t k = 0; k < p->n; k++)
			WORDS(out, p->values[k]);
		if (p->since)
			buf_fmt(out, ", since systemd %u", p->since);
		buf_str(out, "\n");
	}
}

static void dump_cgroup(const struct plan_cgroup *cg, struct buf *out)
{
	buf_str(out, "cgroup\n");
	if (!cg->path) {
		LINE(out, "none");
		return;
	}
	if (cg->systemd)
		dump_unit(cg->systemd, out);
	LINE(out, "make", cg->path);
	for (size_t i = 0; i < cg->n_writes; i++) {
		const struct plan_cgroup_write *w = &cg->writes[i];

		buf_str(out, w->otherwise ? "  otherwise" : " ");
		WORDS(out, "write", w->file, w->value);
		buf_str(out, w->optional ? ", if it exists\n" : "\n");
	}
	if (cg->device_prog)
		buf_fmt(out, "  filter devices by a program of %zu instructions\n",
			cg->n_device_insns);
	if (cg->own)
		buf_fmt(out, "  give it to user %u\n", (unsigned)cg->owner_uid);
	if (cg->delegate) {
		buf_str(out, " ");
		WORDS(out, "delegate", cg->delegate);
		buf_fmt(out, " to user %u\n", (unsigned)cg->delegate_uid);
	}
}

static void dump_rdt(const struct plan_rdt *rdt, struct buf *out)
{
	if (!rdt->clos)
		return;
	buf_str(out, "cache and memory bandwidth\n");
	LINE(out, "class", rdt->clos);
	for (size_t i = 0; i < rdt->n_schemata; i++)
		LINE(out, "schemata", rdt->schemata[i]);
	if (rdt->monitor)
		LINE(out, "monitor", rdt->monitor);
}

static const char *namespace_name(int type)
{
	return MAP_NAME(spec_namespace_names, (uint64_t)type);
}

static void dump_namespaces(const struct plan_namespaces *ns, struct buf *out)
{
	buf_str(out, "namespaces\n");
	for (size_t i = 0; i < ns->n_join; i++)
		LINE(out, "join", namespace_name(ns->join[i].type), ns->join[i].path);
	for (size_t i = 0; i < ARRAY_SIZE(spec_namespace_names); i++)
		if ((uint64_t)ns->new_flags & spec_namespace_names[i].value)
			LINE(out, "new", spec_namespace_names[i].name);
	if (ns->new_time)
		LINE(out, "new", namespace_name(CLONE_NEWTIME));
	each_line(out, "time offset", ns->time_offsets);
	each_line(out, "uid map", ns->uid_map);
	each_line(out, "gid map", ns->gid_map);
}

static void dump_netdevs(const struct plan *p, struct buf *out)
{
	buf_str(out, p->n_netdevs ? "network devices\n" : "");
	for (size_t i = 0; i < p->n_netdevs; i++)
		LINE(out, "move", p->netdevs[i].name, "as", p->netdevs[i].new_name);
}

static void dump_names(const struct plan *p, struct buf *out)
{
	if (p->hostname || p->domainname)
		buf_str(out, "names\n");
	if (p->hostname)
		LINE(out, "hostname", p->hostname);
	if (p->domainname)
		LINE(out, "domainname", p->domainname);
}

static void dump_attributes(struct buf *out, const char *prefix, uint64_t set, uint64_t clear)
{
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		if ((set | clear) & attributes[i].attr)
			buf_fmt(out, " %s%s", prefix,
				set & attributes[i].attr ? attributes[i].set : attributes[i].clear);
	/* one field: cleared whole before a value is set */
	if ((set | clear) & MOUNT_ATTR__ATIME)
		buf_fmt(out, " %s%s", prefix, MAP_NAME(access_times, set & MOUNT_ATTR__ATIME));
}

static void dump_what(const struct plan_mount *m, struct buf *out)
{
	switch (m->kind) {
	case PLAN_MOUNT_FS:
		WORDS(out, "mount", m->fstype);
		if (m->source && strcmp(m->source, m->fstype) != 0)
			WORDS(out, "from", m->source);
		break;
	case PLAN_MOUNT_BIND:
		WORDS(out, m->recursive ? "rbind" : "bind", m->source);
		break;
	case PLAN_MOUNT_SYMLINK:
		WORDS(out, "symlink", m->link);
		break;
	case PLAN_MOUNT_CGROUP:
		WORDS(out, "bind", "cgroup", m->source);
		break;
	case PLAN_MOUNT_REMOUNT:
		WORDS(out, "remount");
		break;
	}
}

static void dump_mount(const struct plan_mount *m, struct buf *out)
{
	buf_str(out, " ");
	dump_what(m, out);
	WORDS(out, "on", m->target);
	/* mounts begin with nothing set, but for binds and what is mounted already */
	dump_attributes(out, "", m->attr_set, m->kind == PLAN_MOUNT_REMOUNT ? m->attr_clr : 0);
	dump_attributes(out, "r", m->rec_attr_set, m->rec_attr_clr);
	if (m->propagation)
		WORDS(out, MAP_NAME(spec_propagation_names,
				    m->propagation | (m->propagation_rec ? MS_REC : 0)));
	buf_str(out, m->n_options ? " with" : "");
	for (size_t i = 0; i < m->n_options; i++) {
		WORDS(out, m->options[i].key);
		if (m->options[i].value) {
			buf_str(out, "=");
			plan_word(out, m->options[i].value);
		}
	}
	buf_str(out, m->idmapped ? " idmap" : "");
	buf_str(out, m->inherit_mode ? ", keep the mode of what it covers" : "");
	buf_str(out, m->copy_up ? ", copy what it covers" : "");
	buf_str(out, m->late_readonly ? ", read-only at the end\n" : "\n");
}

static void dump_device(const struct plan_device *d, struct buf *out)
{
	const char *type = S_ISCHR(d->mode) ? "c" : S_ISBLK(d->mode) ? "b" : "p";

	buf_str(out, " ");
	WORDS(out, "device", d->path, type);
	if (!S_ISFIFO(d->mode))
		buf_fmt(out, " %u:%u", major(d->rdev), minor(d->rdev));
	buf_fmt(out, " mode 0%o owner %u:%u\n", (unsigned)(d->mode & 07777), (unsigned)d->uid,
		(unsigned)d->gid);
}

static void dump_rootfs(const struct plan *p, struct buf *out)
{
	const struct plan_rootfs *r = &p->rootfs;

	buf_str(out, "root file system\n");
	LINE(out, "take", r->path);
	for (size_t i = 0; i < r->n_mounts; i++)
		dump_mount(&r->mounts[i], out);
	for (size_t i = 0; i < r->n_devices; i++)
		dump_device(&r->devices[i], out);
	for (size_t i = 0; i < r->n_symlinks; i++)
		LINE(out, "symlink", r->symlinks[i].path, "to", r->symlinks[i].target);
	for (size_t i = 0; i < r->n_masked; i++)
		LINE(out, "mask", r->masked[i]);
	for (size_t i = 0; i < r->n_readonly_paths; i++)
		LINE(out, "read-only", r->readonly_paths[i]);
	for (size_t i = 0; i < p->n_sysctls; i++)
		LINE(out, "sysctl", p->sysctls[i].key, "=", p->sysctls[i].value);
}

static void dump_hooks(const struct plan *p, enum plan_hook_kind kind, struct buf *out)
{
	for (size_t i = 0; i < p->hooks[kind].n; i++) {
		const struct plan_hook *h = &p->hooks[kind].items[i];

		buf_str(out, " ");
		WORDS(out, hook_kind_name(kind), h->path, "as");
		plan_words(out, h->argv);
		if (h->timeout_ms)
			buf_fmt(out, ", for %d ms at most", h->timeout_ms);
		buf_str(out, "\n");
	}
}

static bool has_hooks(const struct plan *p, enum plan_hook_kind first, enum plan_hook_kind last)
{
	for (enum plan_hook_kind kind = first; kind <= last; kind++)
		if (p->hooks[kind].n > 0)
			return true;
	return false;
}

static void dump_hook_section(const struct plan *p, const char *heading, enum plan_hook_kind first,
			      enum plan_hook_kind last, struct buf *out)
{
	if (has_hooks(p, first, last))
		buf_str(out, heading);
	for (enum plan_hook_kind kind = first; kind <= last; kind++)
		dump_hooks(p, kind, out);
}

static void dump_change_of_root(const struct plan_rootfs *r, struct buf *out)
{
	buf_str(out, "change of root\n");
	LINE(out, r->joined_mount_ns ? "chroot" : r->no_pivot ? "move" : "pivot");
	if (r->propagation)
		LINE(out, MAP_NAME(spec_propagation_names, r->propagation));
	if (r->readonly)
		LINE(out, "read-only");
}

void plan_dump(const struct plan *p, const char *const *cap_names, struct buf *out)
{
	dump_cgroup(&p->cgroup, out);
	dump_rdt(&p->rdt, out);
	dump_namespaces(&p->ns, out);
	dump_netdevs(p, out);
	dump_names(p, out);
	dump_rootfs(p, out);
	dump_hook_section(p, "hooks\n", PLAN_PRESTART, PLAN_CREATE_CONTAINER, out);
	dump_change_of_root(&p->rootfs, out);
	dump_hook_section(p, "hooks of start\n", PLAN_START_CONTAINER, PLAN_START_CONTAINER, out);
	buf_str(out, "process\n");
	if (p->has_process)
		plan_dump_process(&p->process, cap_names, out);
	else
		LINE(out, "none");
	dump_hook_section(p, "hooks after start\n", PLAN_POSTSTART, PLAN_POSTSTART, out);
	dump_hook_section(p, "hooks of delete\n", PLAN_POSTSTOP, PLAN_POSTSTOP, out);
}
