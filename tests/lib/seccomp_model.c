/* SPDX-License-Identifier: Apache-2.0 */
/* The meaning of a seccomp profile as a plain loop over its rules, and random profiles. */
#include "seccomp_model.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define X32 (AUDIT_ARCH_X86_64 & ~__AUDIT_ARCH_64BIT)
#define X32_BIT 0x40000000u
#define X86_SOCKETCALL 102
#define X86_IPC 117
#define N_NUMBERS 512 /* more than i386 has */

/* libseccomp's architecture for a call, 0 when the profile has none for it. */
static uint32_t arch_of(const struct seccomp_profile *p, const struct seccomp_data *d)
{
	bool bit = (uint32_t)d->nr >= X32_BIT;
	uint32_t arch = d->arch == AUDIT_ARCH_X86_64 && bit ? X32 : d->arch;

	for (size_t i = 0; i < p->n_arches; i++)
		if (p->arches[i] == arch)
			return arch;
	return d->arch == AUDIT_ARCH_X86_64 && d->nr == -1 ? AUDIT_ARCH_X86_64 : 0;
}

static bool arg_holds(const struct spec_seccomp_arg *a, uint64_t arg, uint64_t bits)
{
	uint64_t value = a->value & bits;

	arg &= bits;
	switch ((enum spec_seccomp_op)a->op) {
	case SECCOMP_NE:
		return arg != value;
	case SECCOMP_LT:
		return arg < value;
	case SECCOMP_LE:
		return arg <= value;
	case SECCOMP_EQ:
		return arg == value;
	case SECCOMP_GE:
		return arg >= value;
	case SECCOMP_GT:
		return arg > value;
	case SECCOMP_MASKED_EQ:
		return (arg & value) == (a->value_two & value);
	}
	return false;
}

static bool arg_is_void(const struct spec_seccomp_arg *a, uint64_t bits)
{
	return a->op == SECCOMP_MASKED_EQ && (a->value & bits) == 0;
}

/* Where a rule applies: on i386 a name may mean several. */
struct place {
	size_t rule;
	uint32_t arch;
	int number;
	unsigned inner; /* what the first argument must be, 0: nothing */
};

struct seccomp_model {
	const struct seccomp_profile *profile;
	struct place *places;
	size_t n_places, cap_places;
};

/* How a rule stands to a call. */
enum standing { APART, APPLIES, APPLIES_ALWAYS };

/* inner: the first argument is the multiplexer's, compared by the caller. */
static enum standing args_standing(const struct spec_syscall *c, const __u64 *args, uint64_t bits,
				   bool inner)
{
	bool any = seccomp_args_repeat(c), holds = !any, always = !inner;

	for (size_t i = 0; i < c->args.n; i++) {
		const struct spec_seccomp_arg *a = &c->args.items[i];
		bool one = (inner && a->index == 0) || arg_holds(a, args[a->index], bits);

		if (any && !inner && arg_is_void(a, bits))
			return APPLIES_ALWAYS;
		always &= arg_is_void(a, bits);
		holds = any ? holds || one : holds && one;
	}
	return !holds ? APART : always ? APPLIES_ALWAYS : APPLIES;
}

static enum standing place_standing(const struct seccomp_model *m, const struct place *at,
				    uint32_t arch, const struct seccomp_data *d)
{
	const struct spec_syscall *c = &m->profile->spec->syscalls.items[at->rule];
	uint64_t bits = arch & __AUDIT_ARCH_64BIT ? UINT64_MAX : UINT32_MAX;

	if (at->arch != arch || at->number != d->nr)
		return APART;
	if (at->inner && at->inner != (uint32_t)d->args[0])
		return APART;
	return args_standing(c, d->args, bits, at->inner > 0);
}

bool seccomp_model_run(const struct seccomp_model *m, const struct seccomp_data *d,
		       uint32_t *ret_verdict)
{
	const struct seccomp_profile *p = m->profile;
	uint32_t arch = arch_of(p, d);
	bool found = false, clear = true;

	*ret_verdict = arch ? p->default_verdict : SECCOMP_RET_KILL_THREAD;
	for (size_t i = 0; i < m->n_places; i++) {
		uint32_t verdict = p->verdicts[m->places[i].rule];
		enum standing s = place_standing(m, &m->places[i], arch, d);

		if (s == APART)
			continue;
		clear &= !found || *ret_verdict == verdict;
		*ret_verdict = verdict;
		found = true;
		if (s == APPLIES_ALWAYS)
			return true;
	}
	return clear;
}

static void *memory(struct arena *arena, size_t n, size_t size)
{
	void *p = arena_calloc(arena, n, size);

	if (!p)
		abort();
	return p;
}

static void place_add(struct seccomp_model *m, struct place at, struct arena *arena)
{
	m->places =
		arena_grow(arena, m->places, &m->cap_places, m->n_places + 1, sizeof(*m->places));
	if (!m->places)
		abort();
	m->places[m->n_places++] = at;
}

/* The system call of its own that a multiplexed one also is on i386, or -1. */
static int direct_number(const char *name)
{
	for (int number = 0; number < N_NUMBERS; number++) {
		char *found = seccomp_syscall_resolve_num_arch(AUDIT_ARCH_I386, number);
		bool same = found && strcmp(found, name) == 0;

		free(found);
		if (same)
			return number;
	}
	return -1;
}

static void name_places(struct seccomp_model *m, size_t rule, const char *name, uint32_t arch,
			struct arena *arena)
{
	int number = seccomp_syscall_resolve_name_arch(arch, name);
	struct place at = { .rule = rule, .arch = arch, .number = number };

	if (number >= 0)
		place_add(m, at, arena);
	if (arch != AUDIT_ARCH_I386 || number > -100 || number <= -300)
		return;
	at.number = direct_number(name);
	if (at.number >= 0)
		place_add(m, at, arena);
	at.inner = (unsigned)-number % 100;
	at.number = number > -200 ? X86_SOCKETCALL : X86_IPC;
	place_add(m, at, arena);
}

const struct seccomp_model *seccomp_model_new(const struct seccomp_profile *p, struct arena *arena)
{
	struct seccomp_model *m = memory(arena, 1, sizeof(*m));

	m->profile = p;
	for (size_t i = 0; i < p->spec->syscalls.n; i++) {
		const struct spec_syscall *c = &p->spec->syscalls.items[i];

		for (size_t k = 0; p->verdicts[i] != p->default_verdict && k < c->names.n; k++)
			for (size_t j = 0; j < p->n_arches; j++)
				name_places(m, i, c->names.items[k], p->arches[j], arena);
	}
	return m;
}

struct random {
	enum seccomp_random_kind kind;
	uint64_t state;
	struct arena *arena;
};

static unsigned pick(struct random *r, size_t n)
{
	r->state = r->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)((r->state >> 33) % n);
}

static uint64_t pick_value(struct random *r)
{
	static const uint64_t values[] = {
		0,	    1,		 2,	      5,	   8,
		9,	    16,		 0x7e020000,  0x7fffffff,  0x80000000,
		0xffffffff, 0x100000000, 0x100000005, 0x200000005, 0xffffffff00000000,
		UINT64_MAX,
	};

	return pick(r, 8) ? values[pick(r, ARRAY_SIZE(values))] : r->state * 0x9e3779b97f4a7c15ULL;
}

/* Comparisons whose order libseccomp decides by value alone. */
static void ordered_arg(struct random *r, struct spec_seccomp_arg *a)
{
	static const uint64_t ops[] = { SECCOMP_EQ, SECCOMP_LE, SECCOMP_GE };

	a->op = ops[pick(r, ARRAY_SIZE(ops))];
	a->value = 1 + pick(r, 20);
}

static void random_args(struct random *r, struct spec_syscall *c)
{
	size_t n = r->kind == SECCOMP_RANDOM_ORDER ? 1 : pick(r, 4);

	c->args.items = memory(r->arena, n, sizeof(*c->args.items));
	for (size_t i = 0; i < n; i++) {
		struct spec_seccomp_arg *a = &c->args.items[c->args.n++];

		*a = (struct spec_seccomp_arg){ .index = pick(r, 3),
						.op = pick(r, 7),
						.value = pick_value(r),
						.value_two = pick_value(r) };
		if (r->kind == SECCOMP_RANDOM_ORDER)
			ordered_arg(r, a);
		/* each comparison of a repeated argument is a rule of its own: more than one */
		if (r->kind == SECCOMP_RANDOM_ONE && seccomp_args_repeat(c))
			c->args.n--;
	}
}

static const char *random_name(struct random *r, size_t rule)
{
	static const char *const everywhere[] = { "read",   "write", "ioctl", "personality",
						  "openat", "mount", "dup3",  "execve" };
	static const char *const any[] = {
		"read",	    "socket",  "personality", "semop",	    "socketcall",
		"ipc",	    "accept4", "execve",      "ioctl",	    "no such",
		"msgget",   "send",    "arch_prctl",  "stime",	    "clone",
		"recvmmsg", "shmat",   "bind",	      "semtimedop", "rt_sigaction",
	};

	if (r->kind == SECCOMP_RANDOM_ONE)
		return everywhere[rule % ARRAY_SIZE(everywhere)];
	if (r->kind == SECCOMP_RANDOM_ORDER)
		return everywhere[pick(r, 3)];
	return any[pick(r, ARRAY_SIZE(any))];
}

static void random_rule(struct random *r, struct spec_syscall *c, size_t rule)
{
	static const uint64_t actions[] = { SECCOMP_ERRNO, SECCOMP_TRAP, SECCOMP_LOG,
					    SECCOMP_KILL_PROCESS, SECCOMP_TRACE };
	size_t n = r->kind == SECCOMP_RANDOM_ONE ? 1 : pick(r, 3);

	c->names.items = memory(r->arena, n, sizeof(*c->names.items));
	for (c->names.n = 0; c->names.n < n; c->names.n++)
		c->names.items[c->names.n] = random_name(r, rule);
	c->action =
		actions[r->kind == SECCOMP_RANDOM_SAME_ACTION ? 1 : pick(r, ARRAY_SIZE(actions))];
	c->has_errno_ret = (c->action == SECCOMP_ERRNO || c->action == SECCOMP_TRACE) && pick(r, 2);
	c->errno_ret = pick(r, 4096);
	if (r->kind != SECCOMP_RANDOM_PLAIN)
		random_args(r, c);
}

const struct spec_seccomp *seccomp_random(enum seccomp_random_kind kind, unsigned seed,
					  struct arena *arena)
{
	static const char *arches[] = { "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_X86_64" };
	struct random r = { .kind = kind, .state = seed, .arena = arena };
	struct spec_seccomp *s = memory(arena, 1, sizeof(*s));

	pick(&r, 2);
	s->default_action = pick(&r, 2) ? SECCOMP_ALLOW : SECCOMP_ERRNO;
	s->architectures.items = arches;
	s->architectures.n = pick(&r, ARRAY_SIZE(arches) + 1);
	s->syscalls.n = 1 + pick(&r, 8);
	s->syscalls.items = memory(arena, s->syscalls.n, sizeof(*s->syscalls.items));
	for (size_t i = 0; i < s->syscalls.n; i++)
		random_rule(&r, &s->syscalls.items[i], i);
	return s;
}

const struct spec_seccomp *seccomp_long(struct arena *arena)
{
	static const char *arches[] = { "SCMP_ARCH_X86" };
	struct random r = { .kind = SECCOMP_RANDOM_ONE, .arena = arena };
	struct spec_seccomp *s = memory(arena, 1, sizeof(*s));

	s->architectures.items = arches;
	s->architectures.n = 1;
	s->default_action = SECCOMP_ALLOW;
	s->syscalls.items = memory(arena, N_NUMBERS, sizeof(*s->syscalls.items));
	for (int number = 0; number < N_NUMBERS; number++) {
		struct spec_syscall *c = &s->syscalls.items[s->syscalls.n];
		char *name = seccomp_syscall_resolve_num_arch(AUDIT_ARCH_ARM, number);

		if (!name)
			continue;
		*c = (struct spec_syscall){ .action = SECCOMP_ERRNO,
					    .has_errno_ret = true,
					    .errno_ret = (uint32_t)number + 1 };
		c->names.items = memory(arena, 2, sizeof(*c->names.items));
		c->names.items[c->names.n++] = arena_strdup(arena, name);
		c->names.items[c->names.n++] = "set_tls"; /* far from the others, on ARM */
		if (number % 2)
			random_args(&r, c);
		s->syscalls.n++;
		free(name);
	}
	return s;
}
