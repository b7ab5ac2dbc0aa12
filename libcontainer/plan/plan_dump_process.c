/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan says of the process. */
#include <linux/ioprio.h>

#include "base/cleanup.h"
#include "base/map.h"
#include "plan/plan_dump.h"
#include "plan/plan_words.h"
#include "spec/spec.h"

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

void plan_dump_process(const struct plan_process *pp, const char *const *cap_names, struct buf *out)
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
	plan_words(out, pp->argv);
	buf_str(out, "\n");
}
