/* SPDX-License-Identifier: Apache-2.0 */
/* CPU lists to masks. */
#include "host/affinity.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>

#include "sys/sys.h"

#define BITS (8 * sizeof(unsigned long))

static const char *parse_cpu(const char *p, unsigned *ret)
{
	unsigned n = 0;
	const char *start = p;

	for (; *p >= '0' && *p <= '9' && n < AFFINITY_MAX_CPUS; p++)
		n = n * 10 + (unsigned)(*p - '0');
	if (p == start || n >= AFFINITY_MAX_CPUS)
		return NULL;
	*ret = n;
	return p;
}

static const char *parse_range(const char *p, struct affinity *a)
{
	unsigned first, last;

	p = parse_cpu(p, &first);
	last = first;
	if (p && *p == '-')
		p = parse_cpu(p + 1, &last);
	if (!p || last < first)
		return NULL;
	for (unsigned cpu = first; cpu <= last; cpu++)
		a->bits[cpu / BITS] |= 1UL << (cpu % BITS);
	return p;
}

int affinity_parse(const char *list, const char *where, struct affinity *ret, struct err *e)
{
	struct affinity a = {};

	for (const char *p = list;; p++) {
		p = parse_range(p, &a);
		if (!p || (*p != '\0' && *p != ','))
			return err_bad(e, where, "\"%s\" is not a list of CPUs like \"0-3,7\"", list);
		if (*p == '\0')
			break;
	}
	*ret = a;
	return 0;
}

int affinity_set(pid_t pid, const char *list, const char *where, struct err *e)
{
	struct affinity a;
	int r;

	if (!list || !*list)
		return 0;
	r = affinity_parse(list, where, &a, e);
	if (r < 0)
		return r;
	r = sys_sched_setaffinity(pid, sizeof(a.bits), a.bits);
	if (r < 0) {
		err_sys(e, r, "sched_setaffinity", "CPUs %s", list);
		return err_at(e, "%s", where);
	}
	return 0;
}

int affinity_save(struct affinity *ret, struct err *e)
{
	if (sched_getaffinity(0, sizeof(ret->bits), (cpu_set_t *)ret->bits) < 0)
		return err_sys(e, errno, "sched_getaffinity", "of the runtime");
	return 0;
}

int affinity_restore(const struct affinity *a, struct err *e)
{
	int r = sys_sched_setaffinity(0, sizeof(a->bits), a->bits);

	return r < 0 ? err_sys(e, r, "sched_setaffinity", "back to the runtime's own") : 0;
}
