/* SPDX-License-Identifier: Apache-2.0 */
/* The plan, told in the order in which it is carried out. */
#include "plan/plan_dump.h"

#include <ctype.h>
#include <linux/ioprio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/map.h"
#include "plan/hook.h"
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

/* ---- words and lines ------------------------------------------------------------------------ */

static bool is_plain(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (!isgraph((unsigned char)*s) || *s == '"' || *s == '\\')
			return false;
	return true;
}

/* A text that may hold anything, as one word of one line. */
static void word(struct buf *out, const char *s)
{
	if (is_plain(s)) {
		buf_str(out, s);
		return;
	}
	buf_str(out, "\"");
	for (; *s; s++) {
		if (*s == '\n')
			buf_str(out, "\\n");
		else if (*s == '"' || *s == '\\')
			buf_fmt(out, "\\%c", *s);
		else if (iscntrl((unsigned char)*s))
			buf_fmt(out, "\\x%x%x", (unsigned char)*s >> 4, *s & 15);
		else
			buf_add(out, s, 1);
	}
	buf_str(out, "\"");
}

/* The beginning of a line, or its continuation: each word behind a blank. */
static void words(struct buf *out, const char *const *list)
{
	for (; *list; list++) {
		buf_str(out, " ");
		word(out, *list);
	}
}

#define WORDS(out, ...) words((out), (const char *const[]){ __VA_ARGS__, NULL })
#define LINE(out, ...)                     \
	do {                               \
		buf_str((out), " ");       \
		WORDS((out), __VA_ARGS__); \
		buf_str((out), "\n");      \
	} while (0)

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
			word(out, m->options[i].value);
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
		words(out, h->argv);
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

static void dump_limit(const char *name, rlim_t value, struct buf *out)
{
	buf_fmt(out, " %s ", name);
	if (value == RLIM_INFINITY)
		buf_str(out, "unlimited");
	else
		buf_fmt(out, "%llu", (unsigned long long)value);
}

static void dump_limits(const struct plan_process *pp, struct buf *out)
{
	for (size_t i = 0; i < pp->n_rlimits; i++) {
		buf_fmt(out, "  %s", pp->rlimits[i].name);
		dump_limit("soft", pp->rlimits[i].value.rlim_cur, out);
		dump_limit("hard", pp->rlimits[i].value.rlim_max, out);
		buf_str(out, "\n");
	}
}

static void dump_scheduler(const struct plan_sched_attr *a, struct buf *out)
{
	buf_fmt(out, "  scheduler %s nice %d priority %u",
		MAP_NAME(spec_sched_policy_names, a->policy), a->nice, a->priority);
	if (a->runtime || a->deadline || a->period)
		buf_fmt(out, " runtime %llu deadline %llu period %llu",
			(unsigned long long)a->runtime, (unsigned long long)a->deadline,
			(unsigned long long)a->period);
	for (size_t i = 0; i < ARRAY_SIZE(spec_sched_flag_names); i++)
		if (a->flags & spec_sched_flag_names[i].value)
			WORDS(out, spec_sched_flag_names[i].name);
	buf_str(out, "\n");
}

static void dump_sched(const struct plan_sched *s, struct buf *out)
{
	if (s->has_oom_score_adj)
		buf_fmt(out, "  oom-score-adj %d\n", s->oom_score_adj);
	if (s->ioprio >= 0)
		buf_fmt(out, "  io-priority %s %d\n",
			MAP_NAME(spec_io_class_names, (uint64_t)IOPRIO_PRIO_CLASS(s->ioprio)),
			(int)IOPRIO_PRIO_DATA(s->ioprio));
	if (s->has_attr)
		dump_scheduler(&s->attr, out);
	if (s->has_personality)
		LINE(out, "personality", MAP_NAME(spec_personality_names, s->personality));
}

static void dump_cap_names(uint64_t mask, const char *const *names, struct buf *out)
{
	bool ended = false;

	buf_str(out, mask ? "" : " none");
	for (unsigned cap = 0; cap < 64; cap++) {
		ended = ended || !names[cap];
		if (!(mask >> cap & 1))
			continue;
		if (ended)
			buf_fmt(out, " %u", cap);
		else
			buf_fmt(out, " %s", names[cap]);
	}
	buf_str(out, "\n");
}

/* Sets are often the same: one line for all that hold the same capabilities. */
static void dump_caps(const struct plan_caps *c, const char *const *names, struct buf *out)
{
	const struct name_value sets[] = {
		{ "bounding", c->bounding },   { "permitted", c->permitted },
		{ "effective", c->effective }, { "inheritable", c->inheritable },
		{ "ambient", c->ambient },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		if (MAP_NAME(sets, sets[i].value) != sets[i].name)
			continue;
		buf_str(out, "  capabilities");
		for (size_t k = i; k < ARRAY_SIZE(sets); k++)
			if (sets[k].value == sets[i].value)
				buf_fmt(out, " %s", sets[k].name);
		buf_str(out, ":");
		dump_cap_names(sets[i].value, names, out);
	}
}

static void dump_identity(const struct plan_process *pp, const char *const *cap_names,
			  struct buf *out)
{
	buf_fmt(out, "  user %u:%u umask 0%o", (unsigned)pp->uid, (unsigned)pp->gid,
		(unsigned)pp->umask);
	buf_str(out, pp->n_groups ? " groups" : "");
	for (size_t i = 0; i < pp->n_groups; i++)
		buf_fmt(out, " %u", (unsigned)pp->groups[i]);
	buf_str(out, pp->keep_groups ? " keep-groups\n" : "\n");
	dump_caps(&pp->caps, cap_names, out);
	if (pp->no_new_privs)
		LINE(out, "no-new-privileges");
}

/* How long the filter becomes depends on the system calls that this build knows. */
static void dump_seccomp(const struct plan_seccomp *s, struct buf *out)
{
	if (!s->prog)
		return;
	buf_str(out, "  seccomp filter");
	if (s->listener)
		WORDS(out, "with", "listener");
	for (size_t i = 0; i < ARRAY_SIZE(spec_seccomp_flag_names); i++)
		if (s->flags & spec_seccomp_flag_names[i].value)
			WORDS(out, spec_seccomp_flag_names[i].name);
	buf_str(out, "\n");
}

static void dump_environment(const struct plan_process *pp, struct buf *out)
{
	for (size_t i = 0; pp->envp[i]; i++) {
		if (pp->envp[i] == pp->home)
			buf_str(out, "  env HOME as /etc/passwd of the container says\n");
		else
			LINE(out, "env", pp->envp[i]);
	}
}

static void dump_process(const struct plan_process *pp, const char *const *cap_names,
			 struct buf *out)
{
	if (pp->session_keyring)
		LINE(out, "keyring", pp->session_keyring);
	if (pp->terminal)
		buf_fmt(out, "  terminal %ux%u\n", pp->columns, pp->rows);
	if (pp->preserve_fds)
		buf_fmt(out, "  keep descriptors 3 to %u\n", 2 + pp->preserve_fds);
	dump_limits(pp, out);
	dump_sched(&pp->sched, out);
	if (pp->mempolicy.text)
		buf_fmt(out, "  memory-policy %s\n", pp->mempolicy.text);
	if (pp->apparmor)
		LINE(out, "apparmor", pp->apparmor);
	if (pp->selinux)
		LINE(out, "selinux", pp->selinux);
	dump_identity(pp, cap_names, out);
	dump_seccomp(&pp->seccomp, out);
	dump_environment(pp, out);
	buf_str(out, " ");
	WORDS(out, "cwd", pp->cwd);
	buf_str(out, ", made if missing\n  exec");
	words(out, pp->argv);
	buf_str(out, "\n");
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
		dump_process(&p->process, cap_names, out);
	else
		LINE(out, "none");
	dump_hook_section(p, "hooks after start\n", PLAN_POSTSTART, PLAN_POSTSTART, out);
	dump_hook_section(p, "hooks of delete\n", PLAN_POSTSTOP, PLAN_POSTSTOP, out);
}
