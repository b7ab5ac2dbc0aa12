/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a seccomp profile: it is never made weaker than it was written. */
#include "base/map.h"
#include "spec/spec_rules.h"

#define SYSCALL_ARGS 6
#define ERRNO_LAST 4095 /* MAX_ERRNO of the kernel */

static bool arch_is_known(const void *value)
{
	const char *name = *(const char *const *)value;

	return !name || map_find(spec_seccomp_arch_names, spec_seccomp_arch_n, name);
}

static bool default_is_no_notify(const void *value)
{
	return *(const uint64_t *)value != SECCOMP_NOTIFY;
}

static bool action_has_errno(uint64_t action)
{
	return action == SECCOMP_ERRNO || action == SECCOMP_TRACE;
}

static bool default_errno_has_use(const void *value)
{
	const struct spec_seccomp *s = value;

	return !s->has_default_errno_ret || action_has_errno(s->default_action);
}

static bool errno_has_use(const void *value)
{
	const struct spec_syscall *c = value;

	return !c->has_errno_ret || action_has_errno(c->action);
}

static bool errno_in_range(const void *value)
{
	return *(const uint32_t *)value <= ERRNO_LAST;
}

static bool metadata_has_listener(const void *value)
{
	const struct spec_seccomp *s = value;

	return s->listener_path || !s->listener_metadata || !s->listener_metadata[0];
}

static bool notify_has_listener(const void *value)
{
	const struct spec_seccomp *s = value;

	for (size_t i = 0; i < s->syscalls.n; i++)
		if (s->syscalls.items[i].action == SECCOMP_NOTIFY && !s->listener_path)
			return false;
	return true;
}

static bool syscall_has_name(const void *value)
{
	const char *name = *(const char *const *)value;

	return !name || name[0];
}

static bool index_is_argument(const void *value)
{
	return *(const uint32_t *)value < SYSCALL_ARGS;
}

static const struct rule arch_rules[] = {
	RULE("", arch_is_known,
	     "must be an architecture that seccomp knows, such as SCMP_ARCH_X86_64"),
	{},
};

static const struct rule name_rules[] = {
	RULE("", syscall_has_name, "must name a system call"),
	{},
};

static const struct rule arg_rules[] = {
	RULE_OF("index", struct spec_seccomp_arg, index, index_is_argument, "must be 0 to 5"),
	{},
};

static const struct rule syscall_rules[] = {
	RULES_EACH("names", struct spec_syscall, names, name_rules),
	RULE("errnoRet", errno_has_use, "goes with SCMP_ACT_ERRNO and SCMP_ACT_TRACE only"),
	RULE_OF("errnoRet", struct spec_syscall, errno_ret, errno_in_range, "must be 0 to 4095"),
	RULES_EACH("args", struct spec_syscall, args, arg_rules),
	{},
};

const struct rule spec_seccomp_rules[] = {
	RULE_OF("defaultAction", struct spec_seccomp, default_action, default_is_no_notify,
		"SCMP_ACT_NOTIFY would stop the container's start, too"),
	RULE("defaultErrnoRet", default_errno_has_use,
	     "goes with SCMP_ACT_ERRNO and SCMP_ACT_TRACE only"),
	RULE_OF("defaultErrnoRet", struct spec_seccomp, default_errno_ret, errno_in_range,
		"must be 0 to 4095"),
	RULES_EACH("architectures", struct spec_seccomp, architectures, arch_rules),
	RULE_OF("listenerPath", struct spec_seccomp, listener_path, rule_is_absolute,
		RULE_TEXT_ABSOLUTE),
	RULE("listenerPath", notify_has_listener, "SCMP_ACT_NOTIFY needs it"),
	RULE("listenerMetadata", metadata_has_listener, "goes with listenerPath only"),
	RULES_EACH("syscalls", struct spec_seccomp, syscalls, syscall_rules),
	{},
};
