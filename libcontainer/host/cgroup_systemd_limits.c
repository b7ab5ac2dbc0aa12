/* SPDX-License-Identifier: Apache-2.0 */
/* Control files as properties of systemd. What systemd knows it keeps; what it does not know it sets
 * back to its defaults whenever it writes a group's files anew (daemon-reload). It never touches
 * files it has no property for, nor the limits of single devices. */
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cpulist.h"
#include "base/fmt.h"
#include "base/num.h"
#include "host/cgroup_systemd.h"

#define INFINITE "18446744073709551615" /* systemd's UINT64_MAX: no limit, or the default */
/* systemd keeps whole percents: a quota is rounded up to them. */
#define PERCENT_USEC 10000u
#define USEC_PER_SEC 1000000u

struct list {
	struct plan_systemd *sd;
	struct arena *arena;
	struct err *e;
};

struct row {
	const char *file, *name;
	int (*tell)(const struct list *l, const struct row *row, const char *value);
	unsigned since;
};

static int put_u64(const struct list *l, const char *name, const char *value, unsigned since)
{
	const struct plan_property p = { .name = name, .type = "t", .since = since };

	return cgroup_systemd_put_value(l->sd, &p, value, l->arena, l->e);
}

static const char *text_of(const struct list *l, uint64_t n)
{
	return arena_printf(l->arena, "%llu", (unsigned long long)n);
}

/* `unified` may hold anything: what is no number is the kernel's to understand or refuse. */
static int number(const struct list *l, const struct row *row, const char *value)
{
	int64_t n;

	if (strcmp(value, "max") == 0)
		return put_u64(l, row->name, INFINITE, row->since);
	if (num_parse_bytes(value, &n) < 0 || n < 0)
		return 0;
	return put_u64(l, row->name, text_of(l, (uint64_t)n), row->since);
}

static int weight(const struct list *l, const struct row *row, const char *value)
{
	static const char all[] = "default ";

	if (strncmp(value, all, strlen(all)) == 0)
		value += strlen(all);
	return number(l, row, value); /* "8:0 100", of one device, is no number */
}

static int idle(const struct list *l, const struct row *row, const char *value)
{
	if (strcmp(value, "1") == 0)
		return put_u64(l, row->name, "0", row->since);
	for (size_t i = 0; i < l->sd->n; i++)
		if (strcmp(l->sd->properties[i].name, row->name) == 0)
			return 0; /* a weight beside it says that it is not idle */
	return put_u64(l, row->name, INFINITE, 0);
}

static int quota(const struct list *l, const struct row *row, const char *value)
{
	const char *blank = strchr(value, ' ');
	uint64_t quota_usec, period = 100000, per_second;
	char first[24];
	int r;

	fmt_str(first, sizeof(first), "%.*s", (int)strcspn(value, " "), value);
	if (blank && (num_parse_u64(blank + 1, &period) < 0 || period == 0))
		return 0;
	if (strcmp(first, "max") == 0) {
		r = put_u64(l, row->name, INFINITE, 0);
	} else {
		if (num_parse_u64(first, &quota_usec) < 0 || quota_usec > UINT32_MAX * 1000ull)
			return 0;
		per_second = (quota_usec * USEC_PER_SEC + period - 1) / period;
		per_second = (per_second + PERCENT_USEC - 1) / PERCENT_USEC * PERCENT_USEC;
		r = put_u64(l, row->name, text_of(l, per_second), 0);
	}
	return r < 0 ? r : put_u64(l, "CPUQuotaPeriodUSec", text_of(l, period), 0);
}

static unsigned mask_byte(const struct cpulist *mask, size_t i)
{
	size_t bit = i * CHAR_BIT;

	return mask->bits[bit / CPULIST_WORD] >> bit % CPULIST_WORD & 0xff;
}

/* A mask of as many bytes as it needs, the lowest first. */
static int set(const struct list *l, const struct row *row, const char *value)
{
	struct plan_property p = { .name = row->name, .type = "ay" };
	struct cpulist mask;

	if (cpulist_parse(value, &mask) < 0)
		return 0;
	for (size_t i = 0; i < CPULIST_MAX / CHAR_BIT; i++)
		if (mask_byte(&mask, i))
			p.n = i + 1;
	p.values = arena_array_of(l->arena, const char *, p.n);
	for (size_t i = 0; p.values && i < p.n; i++) {
		p.values[i] = arena_printf(l->arena, "%u", mask_byte(&mask, i));
		if (!p.values[i])
			return err_nomem(l->e);
	}
	return p.values ? cgroup_systemd_put(l->sd, &p, l->arena, l->e) : err_nomem(l->e);
}

static const struct row rows[] = {
	{ "memory.max", "MemoryMax", number, 0 },
	{ "memory.high", "MemoryHigh", number, 0 },
	{ "memory.low", "MemoryLow", number, 0 },
	{ "memory.min", "MemoryMin", number, 0 },
	{ "memory.swap.max", "MemorySwapMax", number, 0 },
	{ "memory.zswap.max", "MemoryZSwapMax", number, 253 },
	{ "cpu.weight", "CPUWeight", number, 0 },
	{ "cpu.idle", "CPUWeight", idle, 252 },
	{ "cpu.max", "CPUQuotaPerSecUSec", quota, 0 },
	{ "cpuset.cpus", "AllowedCPUs", set, 0 },
	{ "cpuset.mems", "AllowedMemoryNodes", set, 0 },
	{ "io.weight", "IOWeight", weight, 0 },
	{ "pids.max", "TasksMax", number, 0 },
};

int cgroup_systemd_limits(const struct plan_cgroup *cg, struct plan_systemd *sd,
			  struct arena *arena, struct err *e)
{
	const struct list l = { .sd = sd, .arena = arena, .e = e };
	int r = 0;

	for (size_t i = 0; i < cg->n_writes; i++)
		for (size_t k = 0; k < ARRAY_SIZE(rows) && r == 0; k++)
			if (strcmp(rows[k].file, cg->writes[i].file) == 0)
				r = rows[k].tell(&l, &rows[k], cg->writes[i].value);
	return r;
}
