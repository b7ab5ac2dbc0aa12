/* SPDX-License-Identifier: Apache-2.0 */
/* A seccomp profile -> tables of verdicts. The meaning of rules is libseccomp's:
 * - the first rule without arguments for a system call decides it, whatever other rules say;
 * - without one, the rule whose comparisons all hold; none: the default;
 * - on 32 bits only the lower halves of arguments and of the profile's values count;
 * - on i386 a rule for a call that socketcall or ipc multiplexes is also one for these, with the
 *   number of the call in the first argument (the rule's own comparison of it gets lost).
 * Where rules with different actions may hold at once, the answer depends on the order of
 * libseccomp's tree. With one comparison a rule such profiles are left to it. With more it is
 * neither predictable nor safe (2.5.4 makes wrong programs, or never ends): they are refused. */
#include <errno.h>
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "host/seccomp.h"

#define ARCH_X32 (AUDIT_ARCH_X86_64 & ~__AUDIT_ARCH_64BIT)
#define X32_BIT 0x40000000u

#define WINDOW_SIZE 1024
#define MAX_WINDOWS 4	    /* of one profile */
#define MAX_OPPOSED 64	    /* rules for one system call with different actions: compared in pairs */

#define X86_SOCKETCALL 102
#define X86_IPC 117

/* Where system calls of an architecture have their numbers. */
static const struct window {
	uint32_t arch, audit_arch, first;
	bool wide, multiplexed;
} windows[] = {
	{ .arch = AUDIT_ARCH_X86_64, .audit_arch = AUDIT_ARCH_X86_64, .wide = true },
	{ .arch = ARCH_X32, .audit_arch = AUDIT_ARCH_X86_64, .first = X32_BIT },
	{ .arch = AUDIT_ARCH_I386, .audit_arch = AUDIT_ARCH_I386, .multiplexed = true },
	{ .arch = AUDIT_ARCH_AARCH64, .audit_arch = AUDIT_ARCH_AARCH64, .wide = true },
	{ .arch = AUDIT_ARCH_ARM, .audit_arch = AUDIT_ARCH_ARM },
	{ .arch = AUDIT_ARCH_ARM, .audit_arch = AUDIT_ARCH_ARM, .first = 0xf0000 },
	{ .arch = AUDIT_ARCH_RISCV64, .audit_arch = AUDIT_ARCH_RISCV64, .wide = true },
};

/* Rules that apply to a system call; newest first, or just the one without comparisons. */
struct node {
	const struct seccomp_match *match;
	const struct node *next;
};

struct slots {
	const struct window *window;
	const struct node *nodes[WINDOW_SIZE];
};

struct rules {
	const struct seccomp_profile *profile;
	struct arena *arena;
	struct slots *slots[MAX_WINDOWS];
	size_t n_slots;
	bool outside; /* a number without window */
};

/* The multiplexers' calls: their number among these -> the system call of its own. */
static const uint16_t socketcall_direct[] = {
	[1] = 359, [2] = 361,  [3] = 362,  [4] = 363,  [6] = 367,  [7] = 368,  [8] = 360,
	[11] = 369, [12] = 371, [13] = 373, [14] = 366, [15] = 365, [16] = 370, [17] = 372,
	[18] = 364, [19] = 337, [20] = 345,
};

static const uint16_t ipc_direct[] = {
	[2] = 393,  [3] = 394,	[4] = 0,    [11] = 400, [12] = 401, [13] = 399,
	[14] = 402, [21] = 397, [22] = 398, [23] = 395, [24] = 396,
};

static bool is_plain(const struct seccomp_match *m, bool wide)
{
	return m->used[wide] == 0;
}

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
static void match_add(struct seccomp_match *m, unsigned index, struct seccomp_cond c)
{
	uint8_t bit = (uint8_t)(1u << index);

	m->conds[index] = c;
	for (int wide = 0; wide <= 1; wide++) {
		m->used[wide] &= (uint8_t)~bit;
		if (wide ? c.mask : (uint32_t)c.mask)
			m->used[wide] |= bit;
	}
}

static int slot_add(struct rules *r, const struct node **slot, const struct seccomp_match *m,
		    bool wide)
{
	struct node *node;

	if (*slot && is_plain((*slot)->match, wide))
		return 0;
	node = arena_new_of(r->arena, struct node);
	if (!node)
		return -ENOMEM;
	*node = (struct node){ m, is_plain(m, wide) ? NULL : *slot };
	*slot = node;
	return 0;
}

static int number_add(struct rules *r, uint32_t arch, uint32_t number,
		      const struct seccomp_match *m)
{
	for (size_t i = 0; i < r->n_slots; i++) {
		const struct window *w = r->slots[i]->window;

		if (w->arch == arch && number - w->first < WINDOW_SIZE)
			return slot_add(r, &r->slots[i]->nodes[number - w->first], m, w->wide);
	}
	r->outside = true;
	return 0;
}

static int multiplexed_add(struct rules *r, uint32_t arch, int pseudo,
			   const struct seccomp_match *m)
{
	bool is_ipc = pseudo <= -200;
	unsigned call = (unsigned)-pseudo % 100;
	size_t n = is_ipc ? ARRAY_SIZE(ipc_direct) : ARRAY_SIZE(socketcall_direct);
	const uint16_t *direct = is_ipc ? ipc_direct : socketcall_direct;
	struct seccomp_match *inner;
	int ret = 0;

	if (-pseudo / 100 > 2 || call >= n)
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

static const struct window *window_of(uint32_t arch)
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
		else if (window_of(arch)->multiplexed)
			ret = multiplexed_add(r, arch, number, m);
	}
	return ret;
}

static int match_names(struct rules *r, const struct spec_syscall *c,
		       const struct seccomp_match *m)
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
		m[i].verdict = r->profile->verdicts[index];
	for (size_t i = 0; ret == 0 && i < c->args.n; i++)
		match_add(&m[n > 1 ? i : 0], c->args.items[i].index, cond_of(&c->args.items[i]));
	for (size_t i = 0; ret == 0 && i < n; i++)
		ret = match_names(r, c, &m[i]);
	return ret;
}

/* From here on: slots -> ranges. */

static int cond_compare(const struct seccomp_cond *a, const struct seccomp_cond *b, uint64_t keep)
{
	if (a->compare != b->compare || a->negate != b->negate)
		return (int)(a->compare * 2 + a->negate) - (int)(b->compare * 2 + b->negate);
	if ((a->mask & keep) != (b->mask & keep))
		return (a->mask & keep) < (b->mask & keep) ? -1 : 1;
	if ((a->value & keep) != (b->value & keep))
		return (a->value & keep) < (b->value & keep) ? -1 : 1;
	return 0;
}

/* Equal ones, and those whose code can be shared, become neighbours. */
static int match_compare(const void *pa, const void *pb, void *data)
{
	const struct seccomp_match *a = *(const struct seccomp_match *const *)pa;
	const struct seccomp_match *b = *(const struct seccomp_match *const *)pb;
	bool wide = *(const bool *)data;
	int r = 0;

	if (a->used[wide] != b->used[wide])
		return a->used[wide] - b->used[wide];
	for (unsigned i = 0; r == 0 && i < SECCOMP_ARGS; i++)
		if (a->used[wide] & (1u << i))
			r = cond_compare(&a->conds[i], &b->conds[i],
					 wide ? UINT64_MAX : UINT32_MAX);
	if (r != 0 || a->verdict == b->verdict)
		return r;
	return a->verdict < b->verdict ? -1 : 1;
}

static bool cond_holds(const struct seccomp_cond *c, uint64_t arg, uint64_t keep)
{
	uint64_t value = c->value & keep;

	arg &= c->mask & keep;
	switch (c->compare) {
	case SECCOMP_IS:
		return (arg == value) != c->negate;
	case SECCOMP_ABOVE:
		return (arg > value) != c->negate;
	case SECCOMP_NOT_BELOW:
		return (arg >= value) != c->negate;
	}
	return false;
}

static bool is_constant(const struct seccomp_cond *c, uint64_t keep)
{
	return c->compare == SECCOMP_IS && !c->negate && (c->mask & keep) == keep;
}

/* Surely no argument satisfies both. */
static bool conds_exclude(const struct seccomp_cond *a, const struct seccomp_cond *b, uint64_t keep)
{
	if (is_constant(a, keep))
		return !cond_holds(b, a->value, keep);
	if (is_constant(b, keep))
		return !cond_holds(a, b->value, keep);
	return a->compare == SECCOMP_IS && b->compare == SECCOMP_IS && !a->negate && !b->negate &&
	       ((a->value ^ b->value) & a->mask & b->mask & keep);
}

static bool matches_exclude(const struct seccomp_match *a, const struct seccomp_match *b, bool wide)
{
	for (unsigned i = 0; i < SECCOMP_ARGS; i++)
		if ((a->used[wide] & b->used[wide] & (1u << i)) &&
		    conds_exclude(&a->conds[i], &b->conds[i], wide ? UINT64_MAX : UINT32_MAX))
			return true;
	return false;
}

/* Whether at most one verdict is possible for any arguments. */
static bool is_unambiguous(const struct seccomp_range *r)
{
	size_t first = 1;

	while (first < r->n_matches && r->matches[first]->verdict == r->matches[0]->verdict)
		first++;
	if (first < r->n_matches && r->n_matches > MAX_OPPOSED)
		return false;
	for (size_t i = first; i < r->n_matches; i++)
		for (size_t k = 0; k < i; k++)
			if (r->matches[i]->verdict != r->matches[k]->verdict &&
			    !matches_exclude(r->matches[i], r->matches[k], r->wide))
				return false;
	return true;
}

/* 1: done, 0: ambiguous. */
static int range_matches(struct seccomp_range *range, const struct node *node, struct arena *arena)
{
	size_t n = 0;

	for (const struct node *i = node; i; i = i->next)
		n++;
	range->matches = arena_array_of(arena, const struct seccomp_match *, n);
	if (!range->matches)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++, node = node->next)
		range->matches[i] = node->match;
	qsort_r(range->matches, n, sizeof(*range->matches), match_compare, &range->wide);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || match_compare(&range->matches[i], &range->matches[i - 1],
					    &range->wide) != 0)
			range->matches[range->n_matches++] = range->matches[i];
	return is_unambiguous(range);
}

bool seccomp_ranges_equal(const struct seccomp_range *a, const struct seccomp_range *b)
{
	if (a->n_matches != b->n_matches)
		return false;
	if (a->n_matches == 0)
		return a->verdict == b->verdict;
	return a->wide == b->wide &&
	       memcmp(a->matches, b->matches, a->n_matches * sizeof(*a->matches)) == 0;
}

static void table_add(struct seccomp_table *t, const struct seccomp_range *range)
{
	if (t->n_ranges == 0 || !seccomp_ranges_equal(range, &t->ranges[t->n_ranges - 1]))
		t->ranges[t->n_ranges++] = *range;
}

static int table_window(struct seccomp_table *t, const struct slots *s, uint32_t default_verdict,
			struct arena *arena)
{
	const struct node *previous = NULL;
	int r = 1;

	for (uint32_t i = 0; r > 0 && i <= WINDOW_SIZE; i++) {
		const struct node *node = i < WINDOW_SIZE ? s->nodes[i] : NULL;
		struct seccomp_range range = { .first = s->window->first + i,
					       .verdict = default_verdict,
					       .wide = s->window->wide };

		if (i > 0 && node == previous)
			continue;
		if (node && is_plain(node->match, range.wide))
			range.verdict = node->match->verdict;
		else if (node)
			r = range_matches(&range, node, arena);
		table_add(t, &range);
		previous = node;
	}
	return r;
}

/* Numbers with the x32 bit are another architecture's; -1 is what a tracer leaves to skip a call. */
static void table_without_x32(struct seccomp_table *t, uint32_t default_verdict)
{
	table_add(t, &(struct seccomp_range){ .first = X32_BIT, .verdict = SECCOMP_BAD_ARCH });
	table_add(t, &(struct seccomp_range){ .first = UINT32_MAX, .verdict = default_verdict });
}

static int table_fill(struct seccomp_table *t, const struct rules *r)
{
	uint32_t default_verdict = r->profile->default_verdict;
	bool has_x32 = false;
	int ret = 1;

	/* one window starts at most a range for each number, one behind them and the two above */
	t->ranges = arena_array_of(r->arena, struct seccomp_range,
				   r->n_slots * (WINDOW_SIZE + 1) + 2);
	if (!t->ranges)
		return -ENOMEM;
	for (size_t i = 0; ret > 0 && i < r->n_slots; i++) {
		const struct slots *s = r->slots[i];

		if (s->window->audit_arch != t->audit_arch)
			continue;
		has_x32 |= s->window->arch == ARCH_X32;
		ret = table_window(t, s, default_verdict, r->arena);
	}
	if (ret > 0 && t->audit_arch == AUDIT_ARCH_X86_64 && !has_x32)
		table_without_x32(t, default_verdict);
	return ret;
}

static struct seccomp_table *table_of(struct seccomp_tables *t, uint32_t audit_arch)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->items[i].audit_arch == audit_arch)
			return &t->items[i];
	t->items[t->n] = (struct seccomp_table){ .audit_arch = audit_arch };
	return &t->items[t->n++];
}

static bool has_arch(const struct seccomp_profile *p, uint32_t arch)
{
	for (size_t i = 0; i < p->n_arches; i++)
		if (p->arches[i] == arch)
			return true;
	return false;
}

/* 1: done, 0: an architecture that has no window. */
static int slots_init(struct rules *r)
{
	for (size_t i = 0; i < r->profile->n_arches; i++)
		if (!window_of(r->profile->arches[i]))
			return 0;
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		struct slots *s;

		if (!has_arch(r->profile, windows[i].arch))
			continue;
		s = arena_new_of(r->arena, struct slots);
		if (!s)
			return -ENOMEM;
		s->window = &windows[i];
		r->slots[r->n_slots++] = s;
	}
	return 1;
}

int seccomp_rules_compile(const struct seccomp_profile *p, struct arena *arena,
			  struct seccomp_tables *ret, struct err *e)
{
	struct rules rules = { .profile = p, .arena = arena };
	int r = slots_init(&rules);

	for (size_t i = 0; r > 0 && i < p->spec->syscalls.n; i++)
		if (p->verdicts[i] != p->default_verdict && rule_add(&rules, i) < 0)
			r = -ENOMEM;
	if (rules.outside)
		r = 0;
	*ret = (struct seccomp_tables){ .arena = arena };
	for (size_t i = 0; r > 0 && i < p->n_arches; i++) {
		struct seccomp_table *t = table_of(ret, window_of(p->arches[i])->audit_arch);

		if (t->n_ranges == 0)
			r = table_fill(t, &rules);
	}
	return r < 0 ? err_nomem(e) : r;
}
