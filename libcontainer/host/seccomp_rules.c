/* SPDX-License-Identifier: Apache-2.0 */
/* A seccomp profile -> tables of verdicts. The meaning of rules is libseccomp's:
 * - the first rule without arguments for a system call decides it, whatever other rules say;
 * - without one, of the rules whose comparisons all hold the first in the order of libseccomp's
 *   tree (seccomp_tables.c); none: the default;
 * - on 32 bits only the lower halves of arguments and of the profile's values count;
 * - on i386 a rule for a call that socketcall or ipc multiplexes is also one for these, with the
 *   number of the call in the first argument (the rule's own comparison of it gets lost).
 * Followed is what libseccomp means to do. Version 2.5.4 errs where several rules with comparisons
 * meet in one call (it compares the wrong word, or never ends), and where an i386 part starts with a
 * multiplexed call (it compares the architecture). */
#include <errno.h>
#include <linux/audit.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "host/seccomp.h"

#define ARCH_X32 (AUDIT_ARCH_X86_64 & ~__AUDIT_ARCH_64BIT)
#define X32_BIT 0x40000000u

#define X86_SOCKETCALL 102
#define X86_IPC 117

static const struct seccomp_window windows[] = {
	{ .arch = AUDIT_ARCH_X86_64, .audit_arch = AUDIT_ARCH_X86_64, .wide = true },
	{ .arch = ARCH_X32, .audit_arch = AUDIT_ARCH_X86_64, .first = X32_BIT },
	{ .arch = AUDIT_ARCH_I386, .audit_arch = AUDIT_ARCH_I386, .multiplexed = true },
	{ .arch = AUDIT_ARCH_AARCH64, .audit_arch = AUDIT_ARCH_AARCH64, .wide = true },
	{ .arch = AUDIT_ARCH_ARM, .audit_arch = AUDIT_ARCH_ARM },
	{ .arch = AUDIT_ARCH_ARM, .audit_arch = AUDIT_ARCH_ARM, .first = 0xf0000 },
	{ .arch = AUDIT_ARCH_RISCV64, .audit_arch = AUDIT_ARCH_RISCV64, .wide = true },
};

/* The multiplexers' calls: their number among these -> the system call of its own, if any. */
static const uint16_t socketcall_direct[] = {
	[1] = 359,  [2] = 361,	[3] = 362,  [4] = 363,	[5] = 0,    [6] = 367,	[7] = 368,
	[8] = 360,  [9] = 0,	[10] = 0,   [11] = 369, [12] = 371, [13] = 373, [14] = 366,
	[15] = 365, [16] = 370, [17] = 372, [18] = 364, [19] = 337, [20] = 345,
};

static const uint16_t ipc_direct[] = {
	[1] = 0,    [2] = 393,	[3] = 394,  [4] = 0,	[11] = 400, [12] = 401,
	[13] = 399, [14] = 402, [21] = 397, [22] = 398, [23] = 395, [24] = 396,
};

struct rules {
	const struct seccomp_profile *profile;
	struct arena *arena;
	struct seccomp_window windows[ARRAY_SIZE(windows)]; /* those of the profile */
	size_t n_windows;
	bool outside; /* a number without window */
};

static struct seccomp_cond cond_of(const struct spec_seccomp_arg *a)
{
	static const enum seccomp_compare compares[] = {
		[SECCOMP_NE] = SECCOMP_IS,	  [SECCOMP_LT] = SECCOMP_NOT_BELOW,
		[SECCOMP_LE] = SECCOMP_ABOVE,	  [SECCOMP_EQ] = SECCOMP_IS,
		[SECCOMP_GE] = SECCOMP_NOT_BELOW, [SECCOMP_GT] = SECCOMP_ABOVE,
		[SECCOMP_MASKED_EQ] = SECCOMP_IS,
	};
	bool masked = a->op == SECCOMP_MASKED_EQ;

	return (struct seccomp_cond){
		.mask = masked ? a->value : UINT64_MAX,
		.value = masked ? a->value_two & a->value : a->value,
		.compare = compares[a->op],
		.negate = a->op == SECCOMP_NE || a->op == SECCOMP_LT || a->op == SECCOMP_LE,
	};
}

/* A mask without bits compares nothing. */
static void match_add(struct seccomp_match *m, unsigned arg, struct seccomp_cond c)
{
	m->conds[arg] = c;
	if ((uint32_t)c.mask)
		m->used[false] |= (uint8_t)(1u << arg);
	if (c.mask)
		m->used[true] |= (uint8_t)(1u << arg);
}

static int node_add(struct rules *r, const struct seccomp_node **list,
		    const struct seccomp_match *m, bool wide)
{
	struct seccomp_node *node;

	if (*list && seccomp_match_is_plain((*list)->match, wide))
		return 0;
	node = arena_new_of(r->arena, struct seccomp_node);
	if (!node)
		return -ENOMEM;
	*node = (struct seccomp_node){ m, seccomp_match_is_plain(m, wide) ? NULL : *list };
	*list = node;
	return 0;
}

static int number_add(struct rules *r, uint32_t arch, uint32_t number,
		      const struct seccomp_match *m)
{
	for (size_t i = 0; i < r->n_windows; i++) {
		struct seccomp_window *w = &r->windows[i];

		if (w->arch == arch && number - w->first < SECCOMP_WINDOW)
			return node_add(r, &w->nodes[number - w->first], m, w->wide);
	}
	r->outside = true;
	return 0;
}

static int multiplexed_add(struct rules *r, uint32_t arch, int number,
			   const struct seccomp_match *m)
{
	unsigned call = (unsigned)-number % 100;
	bool is_ipc = -number / 100 == 2;
	const uint16_t *direct = is_ipc ? ipc_direct : socketcall_direct;
	struct seccomp_match *inner;
	int ret = 0;

	if (call >= (is_ipc ? ARRAY_SIZE(ipc_direct) : ARRAY_SIZE(socketcall_direct)))
		return 0;
	inner = arena_new_of(r->arena, struct seccomp_match);
	if (!inner)
		return -ENOMEM;
	*inner = *m;
	match_add(inner, 0, (struct seccomp_cond){ .mask = UINT64_MAX, .value = call });
	if (direct[call])
		ret = number_add(r, arch, direct[call], m);
	return ret < 0 ? ret : number_add(r, arch, is_ipc ? X86_IPC : X86_SOCKETCALL, inner);
}

static const struct seccomp_window *window_of(uint32_t arch)
{
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++)
		if (windows[i].arch == arch)
			return &windows[i];
	return NULL;
}

static int name_add(struct rules *r, const char *name, const struct seccomp_match *m)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < r->profile->n_arches; i++) {
		uint32_t arch = r->profile->arches[i];
		int number = seccomp_lib_number(arch, name);

		if (number == -1) {
			log_debug("seccomp: unknown system call %s skipped", name);
			return 0;
		}
		if (number >= 0)
			ret = number_add(r, arch, (uint32_t)number, m);
		else if (window_of(arch)->multiplexed && -number / 100 <= 2)
			ret = multiplexed_add(r, arch, number, m);
	}
	return ret;
}

static int match_names(struct rules *r, const struct spec_syscall *c, const struct seccomp_match *m)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < c->names.n; i++)
		ret = name_add(r, c->names.items[i], m);
	return ret;
}

static int rule_add(struct rules *r, size_t index)
{
	const struct spec_syscall *c = &r->profile->spec->syscalls.items[index];
	size_t n = seccomp_args_repeat(c) ? c->args.n : 1;
	struct seccomp_match *m = arena_array_of(r->arena, struct seccomp_match, n);
	int ret = m ? 0 : -ENOMEM;

	for (size_t i = 0; ret == 0 && i < n; i++)
		m[i] = (struct seccomp_match){ .rule = index,
					       .verdict = r->profile->verdicts[index] };
	for (size_t i = 0; ret == 0 && i < c->args.n; i++)
		match_add(&m[n > 1 ? i : 0], c->args.items[i].index, cond_of(&c->args.items[i]));
	for (size_t i = 0; ret == 0 && i < n; i++)
		ret = match_names(r, c, &m[i]);
	return ret;
}

static bool has_arch(const struct seccomp_profile *p, uint32_t arch)
{
	for (size_t i = 0; i < p->n_arches; i++)
		if (p->arches[i] == arch)
			return true;
	return false;
}

/* 1: done, 0: an architecture without window. */
static int windows_init(struct rules *r)
{
	for (size_t i = 0; i < r->profile->n_arches; i++)
		if (!window_of(r->profile->arches[i]))
			return 0;
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		struct seccomp_window *w = &r->windows[r->n_windows];

		if (!has_arch(r->profile, windows[i].arch))
			continue;
		*w = windows[i];
		w->nodes = arena_array_of(r->arena, const struct seccomp_node *, SECCOMP_WINDOW);
		if (!w->nodes)
			return -ENOMEM;
		r->n_windows++;
	}
	return 1;
}

/* Without x32 numbers with its bit are another architecture's, but for the -1 that a tracer leaves
 * to skip a call. */
static int table_end(struct seccomp_table *t, const struct rules *r, struct err *e)
{
	int ret;

	if (t->audit_arch != AUDIT_ARCH_X86_64 || has_arch(r->profile, ARCH_X32))
		return 0;
	ret = seccomp_table_end(t, X32_BIT, SECCOMP_BAD_ARCH, r->arena, e);
	if (ret < 0)
		return ret;
	return seccomp_table_end(t, UINT32_MAX, r->profile->default_verdict, r->arena, e);
}

static int table_fill(struct seccomp_table *t, const struct rules *r, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < r->n_windows; i++)
		if (r->windows[i].audit_arch == t->audit_arch)
			ret = seccomp_table_add(t, &r->windows[i], r->profile->default_verdict,
						r->arena, e);
	return ret < 0 ? ret : table_end(t, r, e);
}

/* One table for each audit_arch of the windows, the native one first. */
static int tables_fill(struct seccomp_tables *t, const struct rules *r, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < r->profile->n_arches; i++) {
		uint32_t audit_arch = window_of(r->profile->arches[i])->audit_arch;
		size_t k = 0;

		while (k < t->n && t->items[k].audit_arch != audit_arch)
			k++;
		if (k < t->n)
			continue;
		t->items[t->n].audit_arch = audit_arch;
		ret = table_fill(&t->items[t->n++], r, e);
	}
	return ret;
}

int seccomp_rules_compile(const struct seccomp_profile *p, struct arena *arena,
			  struct seccomp_tables *ret, struct err *e)
{
	struct rules rules = { .profile = p, .arena = arena };
	int r = windows_init(&rules);

	for (size_t i = 0; r > 0 && i < p->spec->syscalls.n; i++)
		if (p->verdicts[i] != p->default_verdict && rule_add(&rules, i) < 0)
			r = -ENOMEM;
	if (r < 0)
		return err_nomem(e);
	if (r == 0 || rules.outside)
		return 0;
	*ret = (struct seccomp_tables){ .arena = arena };
	r = tables_fill(ret, &rules, e);
	return r < 0 ? r : 1;
}
