/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a process object. */
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <string.h>

#include "base/map.h"
#include "spec/spec_rules.h"

static bool has_args(const void *value)
{
	return ((const spec_strings *)value)->n > 0;
}

static bool env_has_name(const void *value)
{
	const char *entry = *(const char *const *)value;

	return entry[0] != '=' && strchr(entry, '=');
}

static bool umask_is_octal(const void *value)
{
	return ((const struct spec_user *)value)->umask <= 0777;
}

static bool rlimit_is_known(const void *value)
{
	const char *type = *(const char *const *)value;

	return !type || map_find(spec_rlimit_names, spec_rlimit_n, type);
}

static bool soft_fits_hard(const void *value)
{
	const struct spec_rlimit *r = value;

	return r->soft <= r->hard;
}

static bool rlimits_differ(const void *value)
{
	const struct spec_process *p = value;
	uint64_t seen = 0;

	for (size_t i = 0; i < p->rlimits.n; i++) {
		const char *type = p->rlimits.items[i].type;
		const struct name_value *known =
			type ? map_find(spec_rlimit_names, spec_rlimit_n, type) : NULL;

		if (known && seen & 1ull << known->value)
			return false;
		if (known)
			seen |= 1ull << known->value;
	}
	return true;
}

static bool oom_score_in_range(const void *value)
{
	int32_t score = *(const int32_t *)value;

	return score >= -1000 && score <= 1000;
}

static bool nice_in_range(const void *value)
{
	int32_t nice = *(const int32_t *)value;

	return nice >= -20 && nice <= 19;
}

static bool is_realtime(const struct spec_scheduler *sched)
{
	return sched->policy == SCHED_FIFO || sched->policy == SCHED_RR;
}

static bool priority_fits_policy(const void *value)
{
	const struct spec_scheduler *sched = value;
	bool in_range = sched->priority >= 1 && sched->priority <= 99;

	return is_realtime(sched) ? in_range : sched->priority == 0;
}

static bool deadline_fits_policy(const void *value)
{
	const struct spec_scheduler *sched = value;

	if (sched->policy != SCHED_DEADLINE)
		return !sched->runtime && !sched->deadline && !sched->period;
	return sched->runtime && sched->runtime <= sched->deadline &&
	       (!sched->period || sched->deadline <= sched->period);
}

static bool io_priority_in_range(const void *value)
{
	int32_t priority = *(const int32_t *)value;

	return priority >= 0 && priority <= 7;
}

const struct rule spec_env_rules[] = {
	RULE("", env_has_name, "must read NAME=value"),
	{},
};

static const struct rule id_rules[] = {
	RULE("", rule_is_id, RULE_TEXT_ID),
	{},
};

static const struct rule user_rules[] = {
	RULE_OF("uid", struct spec_user, uid, rule_is_id, RULE_TEXT_ID),
	RULE_OF("gid", struct spec_user, gid, rule_is_id, RULE_TEXT_ID),
	RULE("umask", umask_is_octal, "must be at most 511, which is 0777"),
	RULES_EACH("additionalGids", struct spec_user, additional_gids, id_rules),
	{},
};

static const struct rule rlimit_rules[] = {
	RULE_OF("type", struct spec_rlimit, type, rlimit_is_known,
		"must be RLIMIT_ and one of AS CORE CPU DATA FSIZE LOCKS MEMLOCK MSGQUEUE NICE "
		"NOFILE NPROC RSS RTPRIO RTTIME SIGPENDING STACK"),
	RULE("soft", soft_fits_hard, "must not be above hard"),
	{},
};

static const struct rule scheduler_rules[] = {
	RULE_OF("nice", struct spec_scheduler, nice, nice_in_range, "must be -20 to 19"),
	RULE("priority", priority_fits_policy,
	     "must be 1 to 99 for SCHED_FIFO and SCHED_RR, and 0 for the other policies"),
	RULE("deadline", deadline_fits_policy,
	     "SCHED_DEADLINE needs 0 < runtime <= deadline <= period, other policies none of them"),
	{},
};

static const struct rule io_priority_rules[] = {
	RULE_OF("priority", struct spec_io_priority, priority, io_priority_in_range,
		"must be 0 to 7"),
	{},
};

static const struct rule affinity_rules[] = {
	RULE_OF("initial", struct spec_exec_cpu_affinity, initial, rule_is_cpu_list,
		RULE_TEXT_LIST),
	RULE_OF("final", struct spec_exec_cpu_affinity, final, rule_is_cpu_list, RULE_TEXT_LIST),
	{},
};

const struct rule spec_process_rules[] = {
	RULES_IN("user", struct spec_process, user, user_rules),
	RULE_OF("args", struct spec_process, args, has_args, "must name the program to run"),
	RULES_EACH("env", struct spec_process, env, spec_env_rules),
	RULE_OF("cwd", struct spec_process, cwd, rule_is_absolute, RULE_TEXT_ABSOLUTE),
	RULES_EACH("rlimits", struct spec_process, rlimits, rlimit_rules),
	RULE("rlimits", rlimits_differ, "must not have two entries of one type"),
	RULE_OF("oomScoreAdj", struct spec_process, oom_score_adj, oom_score_in_range,
		"must be -1000 to 1000"),
	RULES_PTR("scheduler", struct spec_process, scheduler, scheduler_rules),
	RULES_PTR("ioPriority", struct spec_process, io_priority, io_priority_rules),
	RULES_PTR("execCPUAffinity", struct spec_process, exec_cpu_affinity, affinity_rules),
	{},
};
