/* SPDX-License-Identifier: Apache-2.0 */
/* The plan, told in the order in which it is carried out. */
#include "plan/plan_dump.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/map.h"

static const struct name_value namespaces[] = {
	{ "user", CLONE_NEWUSER }, { "ipc", CLONE_NEWIPC },	  { "uts", CLONE_NEWUTS },
	{ "network", CLONE_NEWNET }, { "pid", CLONE_NEWPID },	  { "cgroup", CLONE_NEWCGROUP },
	{ "time", CLONE_NEWTIME }, { "mount", CLONE_NEWNS },
};

/* Access times come first: they are a field, not a bit. */
static const struct name_value attributes[] = {
	{ "ro", MOUNT_ATTR_RDONLY },	     { "nosuid", MOUNT_ATTR_NOSUID },
	{ "nodev", MOUNT_ATTR_NODEV },	     { "noexec", MOUNT_ATTR_NOEXEC },
	{ "noatime", MOUNT_ATTR_NOATIME },   { "strictatime", MOUNT_ATTR_STRICTATIME },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME }, { "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW },
};

static const struct name_value propagations[] = {
	{ "shared", MS_SHARED }, { "slave", MS_SLAVE },
	{ "private", MS_PRIVATE }, { "unbindable", MS_UNBINDABLE },
};

/* A text that may hold anything, on one line. */
static void quoted(struct buf *out, const char *s)
{
	buf_str(out, "\"");
	for (; *s; s++) {
		if (*s == '\n')
			buf_str(out, "\\n");
		else if (*s == '"' || *s == '\\')
			buf_fmt(out, "\\%c", *s);
		else
			buf_add(out, s, 1);
	}
	buf_str(out, "\"");
}

static void dump_namespaces(const struct plan *p, struct buf *out)
{
	const struct plan_namespaces *ns = &p->ns;

	for (size_t i = 0; i < ns->n_join; i++)
		buf_fmt(out, "namespace %s join %s\n", MAP_NAME(namespaces, (uint64_t)ns->join[i].type),
			ns->join[i].path);
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		if ((uint64_t)ns->new_flags & namespaces[i].value)
			buf_fmt(out, "namespace %s new\n", namespaces[i].name);
	if (ns->new_time)
		buf_str(out, "namespace time new\n");
	if (ns->time_offsets)
		buf_str(out, "time-offsets "), quoted(out, ns->time_offsets), buf_str(out, "\n");
	if (ns->uid_map)
		buf_str(out, "uid-map "), quoted(out, ns->uid_map), buf_str(out, "\n");
	if (ns->gid_map)
		buf_str(out, "gid-map "), quoted(out, ns->gid_map), buf_str(out, "\n");
}

static void dump_cgroup(const struct plan *p, struct buf *out)
{
	const struct plan_cgroup *cg = &p->cgroup;

	if (!cg->path)
		return;
	buf_fmt(out, "cgroup %s\n", cg->path);
	for (size_t i = 0; i < cg->n_writes; i++) {
		buf_fmt(out, "cgroup-write %s ", cg->writes[i].file);
		quoted(out, cg->writes[i].value);
		buf_fmt(out, "%s%s\n", cg->writes[i].optional ? " optional" : "",
			cg->writes[i].otherwise ? " otherwise" : "");
	}
	if (cg->device_prog)
		buf_fmt(out, "cgroup-devices program of %zu instructions\n", cg->n_device_insns);
	if (cg->own)
		buf_fmt(out, "cgroup-owner %u\n", (unsigned)cg->owner_uid);
}

static void dump_names(struct buf *out, const char *prefix, const struct name_value *t, size_t n,
		       uint64_t bits)
{
	for (size_t i = 0; i < n; i++)
		if (bits & t[i].value)
			buf_fmt(out, " %s%s", prefix, t[i].name);
}

#define DUMP_BITS(out, prefix, table, bits) \
	dump_names((out), (prefix), (table), sizeof(table) / sizeof((table)[0]), (bits))

static void dump_mount(const struct plan_mount *m, struct buf *out)
{
	static const char *const kinds[] = {
		[PLAN_MOUNT_FS] = "mount", [PLAN_MOUNT_BIND] = "bind",
		[PLAN_MOUNT_REMOUNT] = "remount", [PLAN_MOUNT_CGROUP] = "mount-cgroup",
	};

	buf_fmt(out, "%s %s", kinds[m->kind], m->target);
	if (m->kind == PLAN_MOUNT_FS)
		buf_fmt(out, " type %s", m->fstype);
	if (m->source)
		buf_str(out, " source "), quoted(out, m->source);
	for (size_t i = 0; i < m->n_options; i++)
		buf_fmt(out, " %s%s%s", m->options[i].key, m->options[i].value ? "=" : "",
			m->options[i].value ? m->options[i].value : "");
	DUMP_BITS(out, "+", attributes, m->attr_set);
	DUMP_BITS(out, "-", attributes, m->attr_clr & ~(uint64_t)MOUNT_ATTR__ATIME);
	DUMP_BITS(out, "+r", attributes, m->rec_attr_set);
	DUMP_BITS(out, "-r", attributes, m->rec_attr_clr & ~(uint64_t)MOUNT_ATTR__ATIME);
	DUMP_BITS(out, m->propagation_rec ? "r" : "", propagations, m->propagation);
	if (m->copy_up)
		buf_str(out, " copy-up");
	if (m->inherit_mode)
		buf_str(out, " inherit-mode");
	if (m->late_readonly)
		buf_str(out, " late-ro");
	buf_str(out, "\n");
}

static void dump_devices(const struct plan_rootfs *r, struct buf *out)
{
	for (size_t i = 0; i < r->n_devices; i++) {
		const struct plan_device *d = &r->devices[i];

		buf_fmt(out, "device %s %c %u:%u mode %o owner %u:%u\n", d->path,
			S_ISCHR(d->mode) ? 'c' : S_ISBLK(d->mode) ? 'b' : 'p', major(d->rdev),
			minor(d->rdev), (unsigned)(d->mode & 07777), (unsigned)d->uid,
			(unsigned)d->gid);
	}
	for (size_t i = 0; i < r->n_symlinks; i++)
		buf_fmt(out, "symlink %s -> %s\n", r->symlinks[i].path, r->symlinks[i].target);
}

static void dump_rootfs(const struct plan *p, struct buf *out)
{
	const struct plan_rootfs *r = &p->rootfs;

	buf_fmt(out, "rootfs %s%s%s", r->path, r->readonly ? " ro" : "",
		r->no_pivot ? " no-pivot" : "");
	DUMP_BITS(out, r->propagation & MS_REC ? "r" : "", propagations, r->propagation);
	buf_str(out, "\n");
	for (size_t i = 0; i < r->n_mounts; i++)
		dump_mount(&r->mounts[i], out);
	dump_devices(r, out);
	for (size_t i = 0; i < r->n_masked; i++)
		buf_fmt(out, "mask %s\n", r->masked[i]);
	for (size_t i = 0; i < r->n_readonly_paths; i++)
		buf_fmt(out, "read-only %s\n", r->readonly_paths[i]);
}

static void dump_list(struct buf *out, const char *name, const char *const *list)
{
	buf_str(out, name);
	for (; list && *list; list++)
		buf_str(out, " "), quoted(out, *list);
	buf_str(out, "\n");
}

static void dump_identity(const struct plan_process *pp, struct buf *out)
{
	buf_fmt(out, "user %u:%u umask %o groups", (unsigned)pp->uid, (unsigned)pp->gid,
		(unsigned)pp->umask);
	for (size_t i = 0; i < pp->n_groups; i++)
		buf_fmt(out, " %u", (unsigned)pp->groups[i]);
	buf_str(out, "\n");
	if (pp->caps.given)
		buf_fmt(out, "capabilities bounding %llx permitted %llx effective %llx inheritable %llx ambient %llx\n",
			(unsigned long long)pp->caps.bounding, (unsigned long long)pp->caps.permitted,
			(unsigned long long)pp->caps.effective,
			(unsigned long long)pp->caps.inheritable,
			(unsigned long long)pp->caps.ambient);
}

static void dump_limits(const struct plan_process *pp, struct buf *out)
{
	for (size_t i = 0; i < pp->n_rlimits; i++)
		buf_fmt(out, "rlimit %s %llu %llu\n", pp->rlimits[i].name,
			(unsigned long long)pp->rlimits[i].value.rlim_cur,
			(unsigned long long)pp->rlimits[i].value.rlim_max);
	if (pp->sched.has_oom_score_adj)
		buf_fmt(out, "oom-score-adj %d\n", pp->sched.oom_score_adj);
	if (pp->sched.has_attr)
		buf_fmt(out, "scheduler policy %u nice %d priority %u\n", pp->sched.attr.policy,
			pp->sched.attr.nice, pp->sched.attr.priority);
	if (pp->sched.ioprio >= 0)
		buf_fmt(out, "io-priority %d\n", pp->sched.ioprio);
	if (pp->sched.has_personality)
		buf_fmt(out, "personality %lx\n", pp->sched.personality);
}

static void dump_process(const struct plan *p, struct buf *out)
{
	const struct plan_process *pp = &p->process;

	if (pp->terminal)
		buf_fmt(out, "terminal %ux%u\n", pp->columns, pp->rows);
	buf_fmt(out, "cwd %s\n", pp->cwd);
	dump_limits(pp, out);
	dump_identity(pp, out);
	if (pp->no_new_privs)
		buf_str(out, "no-new-privileges\n");
	if (pp->apparmor)
		buf_fmt(out, "apparmor %s\n", pp->apparmor);
	if (pp->selinux)
		buf_fmt(out, "selinux %s\n", pp->selinux);
	if (pp->seccomp.prog)
		buf_fmt(out, "seccomp filter of %u instructions flags %x\n", pp->seccomp.prog->len,
			pp->seccomp.flags);
	dump_list(out, "env", (const char *const *)pp->envp);
	dump_list(out, "exec", (const char *const *)pp->argv);
}

static const char *const hook_names[PLAN_N_HOOKS] = {
	[PLAN_PRESTART] = "prestart",
	[PLAN_CREATE_RUNTIME] = "createRuntime",
	[PLAN_CREATE_CONTAINER] = "createContainer",
	[PLAN_START_CONTAINER] = "startContainer",
	[PLAN_POSTSTART] = "poststart",
	[PLAN_POSTSTOP] = "poststop",
};

static void dump_hooks(const struct plan *p, enum plan_hook_kind kind, struct buf *out)
{
	for (size_t i = 0; i < p->hooks[kind].n; i++) {
		const struct plan_hook *h = &p->hooks[kind].items[i];

		buf_fmt(out, "hook %s %s timeout %d", hook_names[kind], h->path, h->timeout_ms);
		dump_list(out, "", h->argv);
	}
}

void plan_dump(const struct plan *p, struct buf *out)
{
	dump_cgroup(p, out);
	dump_namespaces(p, out);
	if (p->hostname)
		buf_str(out, "hostname "), quoted(out, p->hostname), buf_str(out, "\n");
	if (p->domainname)
		buf_str(out, "domainname "), quoted(out, p->domainname), buf_str(out, "\n");
	dump_rootfs(p, out);
	for (size_t i = 0; i < p->n_sysctls; i++) {
		buf_fmt(out, "sysctl %s ", p->sysctls[i].key);
		quoted(out, p->sysctls[i].value);
		buf_str(out, "\n");
	}
	dump_hooks(p, PLAN_PRESTART, out);
	dump_hooks(p, PLAN_CREATE_RUNTIME, out);
	dump_hooks(p, PLAN_CREATE_CONTAINER, out);
	dump_hooks(p, PLAN_START_CONTAINER, out);
	if (p->has_process)
		dump_process(p, out);
	dump_hooks(p, PLAN_POSTSTART, out);
	dump_hooks(p, PLAN_POSTSTOP, out);
}
