/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of numbers and ranges. */
#include "base/cpulist.h"

#include <errno.h>

/* Both return the place behind what they read, NULL when it is something else. */
static const char *parse_number(const char *p, unsigned *ret)
{
	const char *start = p;
	unsigned n = 0;

	for (; *p >= '0' && *p <= '9' && n < CPULIST_MAX; p++)
		n = n * 10 + (unsigned)(*p - '0');
	if (p == start || n >= CPULIST_MAX)
		return NULL;
	*ret = n;
	return p;
}

static const char *parse_range(const char *p, struct cpulist *list)
{
	unsigned first, last;

	p = parse_number(p, &first);
	last = first;
	if (p && *p == '-')
		p = parse_number(p + 1, &last);
	if (!p || last < first)
		return NULL;
	for (unsigned n = first; n <= last; n++)
		list->bits[n / CPULIST_WORD] |= 1UL << (n % CPULIST_WORD);
	return p;
}

int cpulist_parse(const char *text, struct cpulist *ret)
{
	struct cpulist list = { 0 };

	for (const char *p = text;; p++) {
		p = parse_range(p, &list);
		if (!p || (*p != '\0' && *p != ','))
			return -EINVAL;
		if (*p == '\0')
			break;
	}
	*ret = list;
	return 0;
}
