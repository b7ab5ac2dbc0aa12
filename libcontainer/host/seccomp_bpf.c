/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of verdicts -> a classic BPF program: for each architecture, the native one first, a
 * balanced tree over ranges of system call numbers; arguments are looked at in its leaves.
 *
 * The program is written from its end: what an instruction jumps to is there before it, so offsets
 * are known at once, equal verdicts share a return, and equal leaves their code. A label is the
 * distance of an instruction from the end of the program. Conditional jumps reach 255 instructions
 * ahead; farther ones go by way of a new return or of an unconditional jump. */
#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "host/seccomp.h"

#define REACH 253 /* 255, less the two detours that may have to be put behind a jump */
#define N_RETURNS 16
#define MAX_EXCEPTIONS 3

#define LOW_WORD (BYTE_ORDER == BIG_ENDIAN ? 4 : 0)
#define HIGH_WORD (4 - LOW_WORD)

/* A leaf of the tree: one range, with single numbers in it that have other outcomes: ranges[at],
 * exceptions at + 1, at + 3 ..., between them the same as ranges[at]. */
struct block {
	const struct seccomp_range *range;
	size_t n_exceptions;
};

/* The code of an outcome that depends on arguments. */
struct leaf {
	const struct seccomp_range *range;
	unsigned label;
};

struct writer {
	struct sock_filter insns[BPF_MAXINSNS]; /* the last n are written */
	unsigned n;				/* also the label of the newest */
	bool full;
	uint32_t default_verdict;
	struct {
		uint32_t verdict;
		unsigned label;
	} returns[N_RETURNS]; /* the newest of each verdict */
	size_t n_returns;
	struct arena *arena;
	struct leaf *leaves;
	size_t n_leaves, cap_leaves;
	bool no_memory;
};

static struct sock_filter *insn_at(struct writer *w, unsigned label)
{
	return &w->insns[BPF_MAXINSNS - label];
}

static unsigned put(struct writer *w, uint16_t code, uint32_t k)
{
	if (w->n == BPF_MAXINSNS) {
		w->full = true;
		return w->n;
	}
	w->n++;
	*insn_at(w, w->n) = (struct sock_filter)BPF_STMT(code, k);
	return w->n;
}

static unsigned put_return(struct writer *w, uint32_t verdict)
{
	size_t i = 0;

	while (i < w->n_returns && w->returns[i].verdict != verdict)
		i++;
	if (i < w->n_returns && w->n - w->returns[i].label <= REACH)
		return w->returns[i].label;
	if (i == w->n_returns && i < N_RETURNS)
		w->n_returns++;
	i %= N_RETURNS;
	w->returns[i].verdict = verdict;
	w->returns[i].label = put(w, BPF_RET | BPF_K, verdict);
	return w->returns[i].label;
}

/* Another way to `to`, right here. */
static unsigned put_detour(struct writer *w, unsigned to)
{
	const struct sock_filter *target = insn_at(w, to);

	if (target->code == (BPF_RET | BPF_K))
		return put(w, target->code, target->k);
	return put(w, BPF_JMP | BPF_JA, w->n - to);
}

static unsigned put_jump(struct writer *w, uint16_t test, uint32_t k, unsigned yes, unsigned no)
{
	unsigned after;

	if (yes == no)
		return yes;
	if (w->n - yes > REACH)
		yes = put_detour(w, yes);
	if (w->n - no > REACH)
		no = put_detour(w, no);
	after = w->n;
	put(w, BPF_JMP | BPF_K | test, k);
	if (!w->full) {
		insn_at(w, w->n)->jt = (uint8_t)(after - yes);
		insn_at(w, w->n)->jf = (uint8_t)(after - no);
	}
	return w->n;
}

/* Loads a word of struct seccomp_data and goes on at `next`. */
static unsigned put_load(struct writer *w, size_t offset, unsigned next)
{
	if (next != w->n)
		put_detour(w, next);
	return put(w, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static size_t arg_offset(unsigned arg, size_t word)
{
	return offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t) + word;
}

/* Half of an equality. */
static unsigned put_word_is(struct writer *w, size_t offset, uint32_t mask, uint32_t value,
			    unsigned yes, unsigned no)
{
	unsigned next;

	if (mask == 0)
		return yes;
	next = put_jump(w, BPF_JEQ, value, yes, no);
	if (mask != UINT32_MAX)
		next = put(w, BPF_ALU | BPF_AND | BPF_K, mask);
	return put_load(w, offset, next);
}

static unsigned put_cond(struct writer *w, const struct seccomp_cond *c, unsigned arg, bool wide,
			 unsigned yes, unsigned no)
{
	size_t low = arg_offset(arg, LOW_WORD), high = arg_offset(arg, HIGH_WORD);
	uint32_t high_value = (uint32_t)(c->value >> 32);
	unsigned next;

	if (c->negate) {
		next = yes;
		yes = no;
		no = next;
	}
	if (c->compare == SECCOMP_IS) {
		next = put_word_is(w, low, (uint32_t)c->mask, (uint32_t)c->value, yes, no);
		return wide ? put_word_is(w, high, (uint32_t)(c->mask >> 32), high_value, next, no)
			    : next;
	}
	next = put_jump(w, c->compare == SECCOMP_ABOVE ? BPF_JGT : BPF_JGE, (uint32_t)c->value, yes,
			no);
	next = put_load(w, low, next);
	if (!wide)
		return next;
	next = put_jump(w, BPF_JEQ, high_value, next, no);
	next = put_jump(w, BPF_JGT, high_value, yes, next);
	return put_load(w, high, next);
}

/* A single equality of a whole argument. */
static bool is_switch(const struct seccomp_match *m, bool wide)
{
	unsigned used = m->used[wide];
	const struct seccomp_cond *c = &m->conds[__builtin_ctz(used)];

	return (used & (used - 1)) == 0 && c->compare == SECCOMP_IS && !c->negate &&
	       c->mask == UINT64_MAX;
}

/* Both equalities, of the same argument, with the same upper half. */
static bool same_switch(const struct seccomp_match *a, const struct seccomp_match *b, bool wide)
{
	unsigned arg = (unsigned)__builtin_ctz(a->used[wide]);

	return is_switch(a, wide) && is_switch(b, wide) && a->used[wide] == b->used[wide] &&
	       (!wide || (a->conds[arg].value ^ b->conds[arg].value) >> 32 == 0);
}

/* The argument is loaded once and compared with the value of each match. */
static unsigned put_switch(struct writer *w, const struct seccomp_match **m, size_t n, bool wide,
			   unsigned no)
{
	unsigned arg = (unsigned)__builtin_ctz(m[0]->used[wide]);
	unsigned next = no;

	for (size_t i = n; i-- > 0;) {
		unsigned yes = put_return(w, m[i]->verdict);

		next = put_jump(w, BPF_JEQ, (uint32_t)m[i]->conds[arg].value, yes, next);
	}
	next = put_load(w, arg_offset(arg, LOW_WORD), next);
	if (!wide)
		return next;
	return put_word_is(w, arg_offset(arg, HIGH_WORD), UINT32_MAX,
			   (uint32_t)(m[0]->conds[arg].value >> 32), next, no);
}

static unsigned put_match(struct writer *w, const struct seccomp_match *m, bool wide, unsigned no)
{
	unsigned next = put_return(w, m->verdict);

	for (unsigned arg = SECCOMP_ARGS; arg-- > 0;)
		if (m->used[wide] & (1u << arg))
			next = put_cond(w, &m->conds[arg], arg, wide, next, no);
	return next;
}

static unsigned put_matches(struct writer *w, const struct seccomp_range *r)
{
	unsigned next = put_return(w, w->default_verdict);
	size_t end = r->n_matches;

	while (end > 0 && !w->full) {
		const struct seccomp_match **last = &r->matches[end - 1];
		size_t n = 1;

		while (n < end && same_switch(*(last - n), *last, r->wide))
			n++;
		next = is_switch(*last, r->wide) ? put_switch(w, last - n + 1, n, r->wide, next)
						 : put_match(w, *last, r->wide, next);
		end -= n;
	}
	return next;
}

static unsigned put_outcome(struct writer *w, const struct seccomp_range *r)
{
	void *leaves;
	unsigned label;

	if (r->n_matches == 0)
		return put_return(w, r->verdict);
	for (size_t i = 0; i < w->n_leaves; i++)
		if (seccomp_ranges_equal(w->leaves[i].range, r))
			return w->leaves[i].label;
	label = put_matches(w, r);
	leaves = arena_grow(w->arena, w->leaves, &w->cap_leaves, w->n_leaves + 1,
			    sizeof(*w->leaves));
	if (!leaves) {
		w->no_memory = true;
		return label;
	}
	w->leaves = leaves;
	w->leaves[w->n_leaves++] = (struct leaf){ r, label };
	return label;
}

static unsigned put_block(struct writer *w, const struct block *b)
{
	unsigned next = put_outcome(w, b->range);

	for (size_t i = b->n_exceptions; i-- > 0;) {
		const struct seccomp_range *exception = b->range + 2 * i + 1;
		unsigned yes = put_outcome(w, exception);

		next = put_jump(w, BPF_JEQ, exception->first, yes, next);
	}
	return next;
}

static unsigned put_tree(struct writer *w, const struct block *b, size_t n)
{
	size_t half = n / 2;
	unsigned above, below;

	if (n == 1)
		return put_block(w, b);
	above = put_tree(w, b + half, n - half);
	below = put_tree(w, b, half);
	return put_jump(w, BPF_JGE, b[half].range->first, above, below);
}

/* How many exceptions the block has that starts at the first of n ranges. */
static size_t count_exceptions(const struct seccomp_range *r, size_t n)
{
	size_t count = 0;

	while (count < MAX_EXCEPTIONS && 2 * count + 2 < n &&
	       r[2 * count + 2].first - r[2 * count + 1].first == 1 &&
	       seccomp_ranges_equal(&r[2 * count + 2], r))
		count++;
	return count;
}

static unsigned put_table(struct writer *w, const struct seccomp_table *t)
{
	struct block *blocks = arena_array_of(w->arena, struct block, t->n_ranges);
	size_t n = 0;
	unsigned tree;

	if (!blocks) {
		w->no_memory = true;
		return w->n;
	}
	for (size_t i = 0; i < t->n_ranges; i += 2 * blocks[n++].n_exceptions + 1)
		blocks[n] = (struct block){
			.range = &t->ranges[i],
			.n_exceptions = count_exceptions(&t->ranges[i], t->n_ranges - i),
		};
	tree = put_tree(w, blocks, n);
	return put_load(w, offsetof(struct seccomp_data, nr), tree);
}

int seccomp_bpf_compile(const struct seccomp_tables *t, uint32_t default_verdict,
			struct arena *arena, struct sock_fprog *ret, struct err *e)
{
	struct writer *w = arena_new_of(t->arena, struct writer);
	struct sock_filter *filter;
	unsigned next;

	if (!w)
		return err_nomem(e);
	w->arena = t->arena;
	w->default_verdict = default_verdict;
	next = put_return(w, SECCOMP_BAD_ARCH);
	for (size_t i = t->n; i-- > 0;)
		next = put_jump(w, BPF_JEQ, t->items[i].audit_arch, put_table(w, &t->items[i]),
				next);
	put_load(w, offsetof(struct seccomp_data, arch), next);
	if (w->full)
		return err_bad(e, "linux.seccomp.syscalls",
			       "needs more than %u instructions of BPF", BPF_MAXINSNS);
	filter = arena_array_of(arena, struct sock_filter, w->n);
	if (!filter || w->no_memory)
		return err_nomem(e);
	memcpy(filter, insn_at(w, w->n), w->n * sizeof(*filter));
	*ret = (struct sock_fprog){ .len = (unsigned short)w->n, .filter = filter };
	return 0;
}
