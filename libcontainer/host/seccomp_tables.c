/* SPDX-License-Identifier: Apache-2.0 */
/* What applies to each system call number -> ranges of numbers with the same outcome. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/seccomp.h"

#define MAX_OPPOSED 64 /* rules for one system call with different actions: compared in pairs */

bool seccomp_match_is_plain(const struct seccomp_match *m, bool wide)
{
	return m->used[wide] == 0;
}

static uint64_t arg_bits(bool wide)
{
	return wide ? UINT64_MAX : UINT32_MAX;
}

static int cond_compare(const struct seccomp_cond *a, const struct seccomp_cond *b, uint64_t bits)
{
	if (a->compare != b->compare)
		return (int)a->compare - (int)b->compare;
	if (a->negate != b->negate)
		return (int)a->negate - (int)b->negate;
	if ((a->mask & bits) != (b->mask & bits))
		return (a->mask & bits) < (b->mask & bits) ? -1 : 1;
	if ((a->value & bits) != (b->value & bits))
		return (a->value & bits) < (b->value & bits) ? -1 : 1;
	return 0;
}

/* Equal ones, and those whose code can be shared, become neighbours. */
static int match_compare(const void *pa, const void *pb, void *data)
{
	const struct seccomp_match *a = *(const struct seccomp_match *const *)pa;
	const struct seccomp_match *b = *(const struct seccomp_match *const *)pb;
	bool wide = *(const bool *)data;
	int r = a->used[wide] - b->used[wide];

	for (unsigned i = 0; r == 0 && i < SECCOMP_ARGS; i++)
		if (a->used[wide] & (1u << i))
			r = cond_compare(&a->conds[i], &b->conds[i], arg_bits(wide));
	if (r != 0 || a->verdict == b->verdict)
		return r;
	return a->verdict < b->verdict ? -1 : 1;
}

static bool cond_holds(const struct seccomp_cond *c, uint64_t arg, uint64_t bits)
{
	uint64_t value = c->value & bits;

	arg &= c->mask & bits;
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

static bool is_constant(const struct seccomp_cond *c, uint64_t bits)
{
	return c->compare == SECCOMP_IS && !c->negate && (c->mask & bits) == bits;
}

/* Surely no argument satisfies both. */
static bool conds_exclude(const struct seccomp_cond *a, const struct seccomp_cond *b, uint64_t bits)
{
	if (is_constant(a, bits))
		return !cond_holds(b, a->value, bits);
	if (is_constant(b, bits))
		return !cond_holds(a, b->value, bits);
	return a->compare == SECCOMP_IS && b->compare == SECCOMP_IS && !a->negate && !b->negate &&
	       ((a->value ^ b->value) & a->mask & b->mask & bits);
}

static bool can_both_hold(const struct seccomp_match *a, const struct seccomp_match *b, bool wide)
{
	for (unsigned i = 0; i < SECCOMP_ARGS; i++)
		if ((a->used[wide] & b->used[wide] & (1u << i)) &&
		    conds_exclude(&a->conds[i], &b->conds[i], arg_bits(wide)))
			return false;
	return true;
}

/* A match that can hold together with matches[k] and says something else, or NULL. */
static const struct seccomp_match *opponent(const struct seccomp_range *r, size_t k)
{
	for (size_t i = 0; i < k; i++)
		if (r->matches[i]->verdict != r->matches[k]->verdict &&
		    (r->n_matches > MAX_OPPOSED ||
		     can_both_hold(r->matches[i], r->matches[k], r->wide)))
			return r->matches[i];
	return NULL;
}

static bool has_single_comparisons(const struct seccomp_range *r)
{
	for (size_t i = 0; i < r->n_matches; i++)
		if (__builtin_popcount(r->matches[i]->used[r->wide]) > 1)
			return false;
	return true;
}

static int refuse(const struct seccomp_match *a, const struct seccomp_match *b, struct err *e)
{
	size_t first = a->rule < b->rule ? a->rule : b->rule;
	size_t last = a->rule < b->rule ? b->rule : a->rule;

	err_bad(e, "", "contradicts syscalls[%zu]: both can apply to one call", first);
	return err_at(e, "linux.seccomp.syscalls[%zu]", last);
}

/* 1: at most one verdict is possible for any arguments; 0: left to libseccomp. */
static int check_order(const struct seccomp_range *r, struct err *e)
{
	size_t same = 0;

	while (same < r->n_matches && r->matches[same]->verdict == r->matches[0]->verdict)
		same++;
	for (size_t k = same; k < r->n_matches; k++) {
		const struct seccomp_match *other = opponent(r, k);

		if (other)
			return has_single_comparisons(r) ? 0 : refuse(other, r->matches[k], e);
	}
	return 1;
}

/* 1: done, 0: left to libseccomp. */
static int range_matches(struct seccomp_range *r, const struct seccomp_node *node,
			 struct arena *arena, struct err *e)
{
	size_t n = 0;

	for (const struct seccomp_node *i = node; i; i = i->next)
		n++;
	r->matches = arena_array_of(arena, const struct seccomp_match *, n);
	if (!r->matches)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++, node = node->next)
		r->matches[i] = node->match;
	qsort_r(r->matches, n, sizeof(*r->matches), match_compare, &r->wide);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || match_compare(&r->matches[i], &r->matches[r->n_matches - 1],
					    &r->wide) != 0)
			r->matches[r->n_matches++] = r->matches[i];
	return check_order(r, e);
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

static int add_range(struct seccomp_table *t, const struct seccomp_range *range,
		     struct arena *arena, struct err *e)
{
	void *ranges;

	if (t->n_ranges > 0 && t->ranges[t->n_ranges - 1].first == range->first)
		t->n_ranges--;
	if (t->n_ranges > 0 && seccomp_ranges_equal(range, &t->ranges[t->n_ranges - 1]))
		return 0;
	ranges = arena_grow(arena, t->ranges, &t->cap_ranges, t->n_ranges + 1, sizeof(*range));
	if (!ranges)
		return err_nomem(e);
	t->ranges = ranges;
	t->ranges[t->n_ranges++] = *range;
	return 0;
}

int seccomp_table_end(struct seccomp_table *t, uint32_t first, uint32_t verdict,
		      struct arena *arena, struct err *e)
{
	return add_range(t, &(struct seccomp_range){ .first = first, .verdict = verdict }, arena, e);
}

/* A range that starts with this number. 1: done, 0: left to libseccomp. */
static int start_range(struct seccomp_table *t, struct seccomp_range range,
		       const struct seccomp_node *node, struct arena *arena, struct err *e)
{
	int r = 1;

	if (node && seccomp_match_is_plain(node->match, range.wide))
		range.verdict = node->match->verdict;
	else if (node)
		r = range_matches(&range, node, arena, e);
	if (r > 0 && add_range(t, &range, arena, e) < 0)
		r = -ENOMEM;
	return r;
}

int seccomp_table_add(struct seccomp_table *t, const struct seccomp_window *w,
		      uint32_t default_verdict, struct arena *arena, struct err *e)
{
	struct seccomp_range range = { .verdict = default_verdict, .wide = w->wide };
	int r = seccomp_table_end(t, t->n_ranges ? w->first : 0, default_verdict, arena, e);

	if (r < 0)
		return r;
	r = 1;
	for (uint32_t i = 0; r > 0 && i <= SECCOMP_WINDOW; i++) {
		const struct seccomp_node *node = i < SECCOMP_WINDOW ? w->nodes[i] : NULL;

		range.first = w->first + i;
		if (node != (i > 0 ? w->nodes[i - 1] : NULL))
			r = start_range(t, range, node, arena, e);
	}
	return r;
}
