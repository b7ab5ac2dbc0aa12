/* SPDX-License-Identifier: Apache-2.0 */
/* What applies to each system call number -> ranges of numbers with the same outcome. */
#include <stdlib.h>
#include <string.h>

#include "host/seccomp.h"

bool seccomp_match_is_plain(const struct seccomp_match *m, bool wide)
{
	return m->used[wide] == 0;
}

/* The kinds of comparison in the order in which they are tried. */
static int cond_rank(const struct seccomp_cond *c)
{
	if (c->compare == SECCOMP_IS)
		return 0;
	return c->negate ? 1 : 2;
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int cond_order(const struct seccomp_cond *a, const struct seccomp_cond *b)
{
	int r = compare((uint64_t)cond_rank(a), (uint64_t)cond_rank(b));
	const struct seccomp_cond *first = cond_rank(a) == 1 ? a : b;
	const struct seccomp_cond *second = first == a ? b : a;

	if (r == 0)
		r = compare(first->value, second->value);
	if (r == 0)
		r = compare(second->compare, first->compare);
	if (r == 0)
		r = compare(b->mask, a->mask);
	return r ? r : compare(a->negate, b->negate);
}

/* The order that libseccomp gives its tree, as far as that does not depend on upper halves or on who
 * came first. Rules are compared by their first comparisons, then by the second ones and so on:
 * later arguments first; "is" and "is not" before "below" before "above"; of bounds the nearer
 * first, of "is" the greater value. The start of another rule is before it. 0: no difference. */
static int match_order(const void *pa, const void *pb, void *data)
{
	const struct seccomp_match *a = *(const struct seccomp_match *const *)pa;
	const struct seccomp_match *b = *(const struct seccomp_match *const *)pb;
	bool wide = *(const bool *)data;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < SECCOMP_ARGS; i++) {
		unsigned in_a = a->used[wide] >> i, in_b = b->used[wide] >> i;

		if (in_a == 0 || in_b == 0)
			return compare(in_a, in_b);
		if ((in_a ^ in_b) & 1)
			r = in_a & 1 ? 1 : -1;
		else if (in_a & 1)
			r = cond_order(&a->conds[i], &b->conds[i]);
	}
	return r;
}

static int refuse(const struct seccomp_match *a, const struct seccomp_match *b, struct err *e)
{
	size_t first = a->rule < b->rule ? a->rule : b->rule;

	err_bad(e, "", "contradicts syscalls[%zu]: the same arguments, another action", first);
	return err_at(e, "linux.seccomp.syscalls[%zu]", a->rule + b->rule - first);
}

static int range_matches(struct seccomp_range *r, const struct seccomp_node *node,
			 struct arena *arena, struct err *e)
{
	const struct seccomp_match **m;
	size_t n = 0;

	for (const struct seccomp_node *i = node; i; i = i->next)
		n++;
	m = arena_array_of(arena, const struct seccomp_match *, n);
	if (!m)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++, node = node->next)
		m[i] = node->match;
	qsort_r(m, n, sizeof(*m), match_order, &r->wide);
	r->matches = m;
	for (size_t i = 0; i < n; i++) {
		bool same = i > 0 && match_order(&m[i], &m[r->n_matches - 1], &r->wide) == 0;

		if (same && m[i]->verdict != m[r->n_matches - 1]->verdict)
			return refuse(m[i], m[r->n_matches - 1], e);
		if (!same)
			m[r->n_matches++] = m[i];
	}
	return 0;
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
	return add_range(t, &(struct seccomp_range){ .first = first, .verdict = verdict }, arena,
			 e);
}

static int start_range(struct seccomp_table *t, struct seccomp_range range,
		       const struct seccomp_node *node, struct arena *arena, struct err *e)
{
	int r = 0;

	if (node && seccomp_match_is_plain(node->match, range.wide))
		range.verdict = node->match->verdict;
	else if (node)
		r = range_matches(&range, node, arena, e);
	return r < 0 ? r : add_range(t, &range, arena, e);
}

int seccomp_table_add(struct seccomp_table *t, const struct seccomp_window *w,
		      uint32_t default_verdict, struct arena *arena, struct err *e)
{
	struct seccomp_range range = { .verdict = default_verdict, .wide = w->wide };
	int r = seccomp_table_end(t, t->n_ranges ? w->first : 0, default_verdict, arena, e);

	for (uint32_t i = 0; r == 0 && i <= SECCOMP_WINDOW; i++) {
		const struct seccomp_node *node = i < SECCOMP_WINDOW ? w->nodes[i] : NULL;

		range.first = w->first + i;
		if (node != (i > 0 ? w->nodes[i - 1] : NULL))
			r = start_range(t, range, node, arena, e);
	}
	return r;
}
