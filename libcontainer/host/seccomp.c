/* SPDX-License-Identifier: Apache-2.0 */
/* A seccomp profile -> the filter that init loads.
 *
 * The specification is followed to the letter where runtimes differ: a system call that no rule
 * names gets defaultAction, also one younger than the profile (clients that want ENOSYS there say so
 * with defaultErrnoRet). A rule whose outcome is the default says nothing and is left out. Names
 * that libseccomp does not know are skipped. The native architecture is always part of the filter;
 * calls of an architecture that is not are killed.
 *
 * Without "flags", speculation barriers are not asked for (SPEC_ALLOW), as with other runtimes; an
 * empty list asks for none of the flags. The actions are those of Linux 5.14, all there in a kernel
 * that has filters at all. */
#include "host/seccomp.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/map.h"
#include "host/host.h"
#include "host/seccomp_cache.h"

#define ERRNO_DEFAULT 1 /* EPERM */

#define LIB_MAX_NAMES 4096 /* libseccomp takes quadratic time */

const char *const seccomp_supported_flags[] = {
	"SECCOMP_FILTER_FLAG_TSYNC",
	"SECCOMP_FILTER_FLAG_LOG",
	"SECCOMP_FILTER_FLAG_SPEC_ALLOW",
	"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
	NULL,
};

static uint32_t verdict_of(uint64_t action, bool has_data, uint32_t data)
{
	static const uint32_t rets[] = {
		[SECCOMP_KILL_THREAD] = SECCOMP_RET_KILL_THREAD,
		[SECCOMP_KILL_PROCESS] = SECCOMP_RET_KILL_PROCESS,
		[SECCOMP_TRAP] = SECCOMP_RET_TRAP,
		[SECCOMP_ERRNO] = SECCOMP_RET_ERRNO,
		[SECCOMP_TRACE] = SECCOMP_RET_TRACE,
		[SECCOMP_ALLOW] = SECCOMP_RET_ALLOW,
		[SECCOMP_LOG] = SECCOMP_RET_LOG,
		[SECCOMP_NOTIFY] = SECCOMP_RET_USER_NOTIF,
	};

	if (action != SECCOMP_ERRNO && action != SECCOMP_TRACE)
		return rets[action];
	return rets[action] | ((has_data ? data : ERRNO_DEFAULT) & SECCOMP_RET_DATA);
}

bool seccomp_args_repeat(const struct spec_syscall *c)
{
	unsigned seen = 0;

	for (size_t i = 0; i < c->args.n; i++) {
		unsigned bit = 1u << c->args.items[i].index;

		if (seen & bit)
			return true;
		seen |= bit;
	}
	return false;
}

static void add_arch(struct seccomp_profile *p, uint32_t arch)
{
	for (size_t i = 0; i < p->n_arches; i++)
		if (p->arches[i] == arch)
			return;
	p->arches[p->n_arches++] = arch;
}

/* Those that a kernel of this architecture runs; the others cannot occur. */
static bool is_compatible(uint32_t native, uint32_t arch)
{
	static const uint32_t families[][4] = {
		{ AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_X86_64 & ~__AUDIT_ARCH_64BIT },
		{ AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM },
		{ AUDIT_ARCH_S390X, AUDIT_ARCH_S390 },
		{ AUDIT_ARCH_PPC64, AUDIT_ARCH_PPC },
		{ AUDIT_ARCH_MIPS64, AUDIT_ARCH_MIPS, AUDIT_ARCH_MIPS64N32 },
		{ AUDIT_ARCH_MIPSEL64, AUDIT_ARCH_MIPSEL, AUDIT_ARCH_MIPSEL64N32 },
		{ AUDIT_ARCH_PARISC64, AUDIT_ARCH_PARISC },
	};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		for (size_t k = 1; families[i][0] == native && k < ARRAY_SIZE(families[i]); k++)
			if (families[i][k] && families[i][k] == arch)
				return true;
	return false;
}

static void init_arches(struct seccomp_profile *p)
{
	uint32_t native = seccomp_lib_native();

	add_arch(p, native);
	for (size_t i = 0; i < p->spec->architectures.n; i++) {
		const char *name = p->spec->architectures.items[i];
		const struct name_value *v =
			map_find(spec_seccomp_arch_names, spec_seccomp_arch_n, name);

		if (v && is_compatible(native, (uint32_t)v->value))
			add_arch(p, (uint32_t)v->value);
	}
}

int seccomp_profile_init(const struct spec_seccomp *s, struct arena *arena,
			 struct seccomp_profile *ret, struct err *e)
{
	*ret = (struct seccomp_profile){ .spec = s };
	ret->default_verdict =
		verdict_of(s->default_action, s->has_default_errno_ret, s->default_errno_ret);
	ret->verdicts = arena_array_of(arena, uint32_t, s->syscalls.n);
	if (!ret->verdicts)
		return err_nomem(e);
	for (size_t i = 0; i < s->syscalls.n; i++) {
		const struct spec_syscall *c = &s->syscalls.items[i];

		ret->verdicts[i] = verdict_of(c->action, c->has_errno_ret, c->errno_ret);
	}
	init_arches(ret);
	return 0;
}

static size_t count_names(const struct spec_seccomp *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->syscalls.n; i++)
		n += s->syscalls.items[i].names.n;
	return n;
}

int seccomp_compile(const struct seccomp_profile *p, struct arena *arena, struct sock_fprog *ret,
		    struct err *e)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct seccomp_tables tables;
	int r;

	if (!scratch)
		return err_nomem(e);
	r = seccomp_rules_compile(p, scratch, &tables, e);
	if (r < 0)
		return r;
	if (r > 0)
		return seccomp_bpf_compile(&tables, p->default_verdict, arena, ret, e);
	if (count_names(p->spec) > LIB_MAX_NAMES)
		return err_bad(e, "linux.seccomp.syscalls", "more than %u names", LIB_MAX_NAMES);
	log_debug("seccomp: no tables for this architecture, libseccomp compiles");
	return seccomp_lib_compile(p, true, arena, ret, e);
}

static int compile(const struct spec_seccomp *s, struct arena *arena, struct sock_fprog *ret,
		   struct err *e)
{
	struct seccomp_profile profile;
	int r = seccomp_profile_init(s, arena, &profile, e);

	return r < 0 ? r : seccomp_compile(&profile, arena, ret, e);
}

static int compile_cached(const char *dir, const struct spec_seccomp *s, struct arena *arena,
			  struct sock_fprog *ret, struct err *e)
{
	_cleanup_(seccomp_cache_key_done) struct seccomp_cache_key key = {};
	int r;

	if (!dir || !seccomp_cache_key(s, &key))
		return compile(s, arena, ret, e);
	if (seccomp_cache_read(dir, &key, arena, ret))
		return 0;
	r = compile(s, arena, ret, e);
	if (r == 0)
		seccomp_cache_write(dir, &key, ret);
	return r;
}

static bool has_notify(const struct spec_seccomp *s)
{
	for (size_t i = 0; i < s->syscalls.n; i++)
		if (s->syscalls.items[i].action == SECCOMP_NOTIFY)
			return true;
	return false;
}

static unsigned flags_of(const struct spec_seccomp *s, bool listener)
{
	unsigned flags = s->has_flags ? 0 : SECCOMP_FILTER_FLAG_SPEC_ALLOW;

	for (size_t i = 0; i < s->flags.n; i++)
		flags |= (unsigned)s->flags.items[i];
	/* The thread that passes the listener on stays without filter; the program starts alone. */
	if (listener)
		return (flags & ~(unsigned)SECCOMP_FILTER_FLAG_TSYNC) |
		       SECCOMP_FILTER_FLAG_NEW_LISTENER;
	/* about waiting for an answer to a notification: without listener there is none, and the
	 * kernel refuses it */
	return flags & ~(unsigned)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
}

/* Names that nobody knows are skipped, unless an annotation of crun's says otherwise. */
static int check_names(const struct spec *s, struct err *e)
{
	const struct spec_seccomp *seccomp = s->linux_.seccomp;

	if (!spec_annotation(s, "run.oci.seccomp_fail_unknown_syscall"))
		return 0;
	for (size_t i = 0; i < seccomp->syscalls.n; i++) {
		const spec_strings *names = &seccomp->syscalls.items[i].names;

		for (size_t k = 0; k < names->n; k++) {
			if (seccomp_lib_number(seccomp_lib_native(), names->items[k]) != -1)
				continue;
			err_bad(e, "", "no architecture has a system call %s", names->items[k]);
			return err_at(e, "linux.seccomp.syscalls[%zu].names[%zu]", i, k);
		}
	}
	return 0;
}

int seccomp_plan(const struct host_env *h, const struct spec *s, struct plan_process *pp,
		 struct arena *arena, struct err *e)
{
	const struct spec_seccomp *seccomp = s->linux_.seccomp;
	struct sock_fprog *prog;
	bool listener;
	int r;

	if (!seccomp)
		return 0;
	r = check_names(s, e);
	if (r < 0)
		return r;
	prog = arena_new_of(arena, struct sock_fprog);
	if (!prog)
		return err_nomem(e);
	r = compile_cached(h->seccomp_cache, seccomp, arena, prog, e);
	if (r < 0)
		return r;
	listener = has_notify(seccomp);
	pp->seccomp = (struct plan_seccomp){ prog, flags_of(seccomp, listener), listener };
	return 0;
}
