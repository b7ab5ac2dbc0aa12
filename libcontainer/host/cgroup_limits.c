/* SPDX-License-Identifier: Apache-2.0 */
/* Resources as the writes of cgroup v2. The specification speaks the language of v1: each row of
 * the tables says where a value comes from, which file takes it and how it is spelt there. What v2
 * has no word for, and values out of range, were refused by spec_check. Clients write 0 for "not
 * set", except where 0 is a limit (pids). A value that a new group has anyway is marked optional:
 * it needs no controller. */
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "host/cgroup.h"

#define CPU_DEFAULT_PERIOD 100000u
#define DEFAULT_WEIGHT 100u
#define VALUE_SIZE 64

struct limits {
	const char *at;
	struct plan_cgroup *cg;
	size_t cap;
	struct arena *arena;
};

/* A value in the spelling of its file; text is NULL when the specification does not set it. */
struct value {
	const char *text;
	bool is_default;
	char buf[VALUE_SIZE];
};

static void set_u64(struct value *v, uint64_t n)
{
	fmt_str(v->buf, sizeof(v->buf), "%llu", (unsigned long long)n);
	v->text = v->buf;
}

static void set_max(struct value *v)
{
	v->text = "max";
	v->is_default = true;
}

static void set_bytes(struct value *v, int64_t n)
{
	if (n < 0)
		set_max(v);
	else if (n > 0)
		set_u64(v, (uint64_t)n);
}

static void set_list(struct value *v, const char *list)
{
	if (list && list[0])
		v->text = list;
}

static void memory_max(const struct spec_resources *r, struct value *v)
{
	set_bytes(v, r->memory->limit);
}

static void memory_low(const struct spec_resources *r, struct value *v)
{
	set_bytes(v, r->memory->reservation);
}

/* Version 1 counts memory and swap together, version 2 swap alone. */
static void memory_swap_max(const struct spec_resources *r, struct value *v)
{
	const struct spec_memory *m = r->memory;

	if (m->swap < 0 || (m->swap == 0 && m->limit < 0)) {
		set_max(v);
	} else if (m->swap > 0) {
		set_u64(v, (uint64_t)(m->swap - m->limit));
		/* A kernel without swap accounting has no file, and gives no swap. */
		v->is_default = m->swap == m->limit;
	}
}

static void cpu_weight(const struct spec_resources *r, struct value *v)
{
	uint64_t weight = cgroup_weight_from_shares(r->cpu->shares);

	if (r->cpu->shares == 0)
		return;
	set_u64(v, weight);
	v->is_default = weight == DEFAULT_WEIGHT;
}

static void cpu_max(const struct spec_resources *r, struct value *v)
{
	const struct spec_cpu *c = r->cpu;
	unsigned long long period = c->period ? c->period : CPU_DEFAULT_PERIOD;

	if (c->quota == 0 && c->period == 0)
		return;
	v->text = v->buf;
	v->is_default = c->quota <= 0;
	if (v->is_default)
		fmt_str(v->buf, sizeof(v->buf), "max %llu", period);
	else
		fmt_str(v->buf, sizeof(v->buf), "%lld %llu", (long long)c->quota, period);
}

static void cpu_max_burst(const struct spec_resources *r, struct value *v)
{
	if (r->cpu->has_burst)
		set_u64(v, r->cpu->burst);
	v->is_default = r->cpu->burst == 0;
}

/* An idle group takes no weight: it is woken before, and made idle after its weight is set. */
static void cpu_awake(const struct spec_resources *r, struct value *v)
{
	if (r->cpu->has_idle && r->cpu->idle == 0)
		set_u64(v, 0);
	v->is_default = true;
}

static void cpu_idle(const struct spec_resources *r, struct value *v)
{
	if (r->cpu->has_idle && r->cpu->idle != 0)
		set_u64(v, (uint64_t)r->cpu->idle);
}

static void cpuset_cpus(const struct spec_resources *r, struct value *v)
{
	set_list(v, r->cpu->cpus);
}

static void cpuset_mems(const struct spec_resources *r, struct value *v)
{
	set_list(v, r->cpu->mems);
}

/* Version 1 let a process into a full group; init is cloned into its group and counted at once. So
 * the limit of 0, no process beside the container's first, is 1 here. */
static void pids_max(const struct spec_resources *r, struct value *v)
{
	if (!r->has_pids_limit)
		return;
	if (r->pids_limit < 0)
		set_max(v);
	else
		set_u64(v, r->pids_limit == 0 ? 1 : (uint64_t)r->pids_limit);
}

/* The BFQ scheduler takes the weights of v1 as they are; io.weight is for those without it. */
static void io_bfq_weight(const struct spec_resources *r, struct value *v)
{
	if (r->block_io->weight)
		set_u64(v, r->block_io->weight);
	v->is_default = true;
}

static void io_weight(const struct spec_resources *r, struct value *v)
{
	if (r->block_io->weight)
		set_u64(v, cgroup_io_weight(r->block_io->weight));
}

#define SCALAR(w, f, c, fn, ...)                                                            \
	{                                                                                   \
		.where = (w), .file = (f), .controller = (c), .encode = (fn), ##__VA_ARGS__ \
	}

static const struct {
	const char *where, *file, *controller;
	void (*encode)(const struct spec_resources *r, struct value *v);
	bool otherwise;
} scalars[] = {
	SCALAR("memory.limit", "memory.max", "memory", memory_max),
	SCALAR("memory.swap", "memory.swap.max", "memory", memory_swap_max),
	SCALAR("memory.reservation", "memory.low", "memory", memory_low),
	SCALAR("cpu.idle", "cpu.idle", "cpu", cpu_awake),
	SCALAR("cpu.shares", "cpu.weight", "cpu", cpu_weight),
	SCALAR("cpu.quota", "cpu.max", "cpu", cpu_max),
	SCALAR("cpu.burst", "cpu.max.burst", "cpu", cpu_max_burst),
	SCALAR("cpu.idle", "cpu.idle", "cpu", cpu_idle),
	SCALAR("cpu.cpus", "cpuset.cpus", "cpuset", cpuset_cpus),
	SCALAR("cpu.mems", "cpuset.mems", "cpuset", cpuset_mems),
	SCALAR("pids.limit", "pids.max", "pids", pids_max),
	SCALAR("blockIO.weight", "io.bfq.weight", "io", io_bfq_weight),
	SCALAR("blockIO.weight", "io.weight", "io", io_weight, .otherwise = true),
};

#define THROTTLE(w, k, member)                                                             \
	{                                                                                  \
		.where = (w), .key = (k), .offset = offsetof(struct spec_block_io, member) \
	}

static const struct {
	const char *where, *key;
	size_t offset;
} throttles[] = {
	THROTTLE("blockIO.throttleReadBpsDevice", "rbps", throttle_read_bps),
	THROTTLE("blockIO.throttleWriteBpsDevice", "wbps", throttle_write_bps),
	THROTTLE("blockIO.throttleReadIOPSDevice", "riops", throttle_read_iops),
	THROTTLE("blockIO.throttleWriteIOPSDevice", "wiops", throttle_write_iops),
};

/* The strings of w live in the arena, NULL where that was full. */
static int add(struct limits *l, const struct plan_cgroup_write *w, struct err *e)
{
	struct plan_cgroup *cg = l->cg;
	struct plan_cgroup_write *grown =
		arena_grow(l->arena, cg->writes, &l->cap, cg->n_writes + 1, sizeof(*cg->writes));

	if (!grown || !w->file || !w->value || !w->where)
		return err_nomem(e);
	cg->writes = grown;
	cg->writes[cg->n_writes++] = *w;
	return 0;
}

/* "linux.resources" + "memory.limit"; resources that stand alone (update) have nothing in front. */
static const char *place(struct limits *l, const char *where)
{
	return arena_printf(l->arena, "%s%s%s", l->at, l->at[0] ? "." : "", where);
}

static const char *place_at(struct limits *l, const char *where, size_t i)
{
	return arena_printf(l->arena, "%s[%zu]", place(l, where), i);
}

static const char *place_key(struct limits *l, const char *where, const char *key)
{
	return arena_printf(l->arena, "%s.%s", place(l, where), key);
}

static int add_scalars(struct limits *l, const struct spec_resources *r, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(scalars) && ret >= 0; i++) {
		struct value v = { 0 };

		scalars[i].encode(r, &v);
		if (v.text) {
			const struct plan_cgroup_write w = {
				.file = scalars[i].file,
				.value = arena_strdup(l->arena, v.text),
				.where = place(l, scalars[i].where),
				.controller = scalars[i].controller,
				.optional = v.is_default,
				.otherwise = scalars[i].otherwise,
			};

			ret = add(l, &w, e);
		}
	}
	return ret;
}

static int add_weight(struct limits *l, size_t i, const struct spec_weight_device *d, bool bfq,
		      struct err *e)
{
	uint64_t weight = bfq ? d->weight : cgroup_io_weight(d->weight);
	const struct plan_cgroup_write w = {
		.file = bfq ? "io.bfq.weight" : "io.weight",
		.value = arena_printf(l->arena, "%lld:%lld %llu", (long long)d->major,
				      (long long)d->minor, (unsigned long long)weight),
		.where = place_at(l, "blockIO.weightDevice", i),
		.controller = "io",
		.optional = bfq,
		.otherwise = !bfq,
	};

	return add(l, &w, e);
}

static int add_weights(struct limits *l, const struct spec_block_io *b, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < b->weight_device.n && r >= 0; i++) {
		if (b->weight_device.items[i].weight == 0)
			continue;
		r = add_weight(l, i, &b->weight_device.items[i], true, e);
		if (r >= 0)
			r = add_weight(l, i, &b->weight_device.items[i], false, e);
	}
	return r;
}

/* A rate of 0 lifts the limit, as it did in v1. */
static int add_throttle(struct limits *l, const char *where, const char *key,
			const struct spec_throttle_device *d, struct err *e)
{
	long long major = d->major, minor = d->minor;
	const struct plan_cgroup_write w = {
		.file = "io.max",
		.value = d->rate ? arena_printf(l->arena, "%lld:%lld %s=%llu", major, minor, key,
						(unsigned long long)d->rate)
				 : arena_printf(l->arena, "%lld:%lld %s=max", major, minor, key),
		.where = where,
		.controller = "io",
		.optional = d->rate == 0,
	};

	return add(l, &w, e);
}

static int add_throttles(struct limits *l, const struct spec_block_io *b, struct err *e)
{
	int r = 0;

	for (size_t t = 0; t < ARRAY_SIZE(throttles); t++) {
		const spec_throttle_devices *list =
			(const void *)((const char *)b + throttles[t].offset);

		for (size_t i = 0; i < list->n && r >= 0; i++)
			r = add_throttle(l, place_at(l, throttles[t].where, i), throttles[t].key,
					 &list->items[i], e);
	}
	return r;
}

/* The reservation limit keeps a process from being killed at its first touch of a page; kernels
 * without it have the fault limit alone. */
static int add_hugepages(struct limits *l, const struct spec_resources *r, struct err *e)
{
	static const char *const kinds[] = { "max", "rsvd.max" };
	int ret = 0;

	for (size_t i = 0; i < r->hugepage_limits.n * ARRAY_SIZE(kinds) && ret >= 0; i++) {
		size_t n = i / ARRAY_SIZE(kinds), kind = i % ARRAY_SIZE(kinds);
		const struct spec_hugepage_limit *h = &r->hugepage_limits.items[n];
		const struct plan_cgroup_write w = {
			.file = arena_printf(l->arena, "hugetlb.%s.%s", h->page_size, kinds[kind]),
			.value = arena_printf(l->arena, "%llu", (unsigned long long)h->limit),
			.where = place_at(l, "hugepageLimits", n),
			.controller = "hugetlb",
			.optional = kind > 0,
		};

		ret = add(l, &w, e);
	}
	return ret;
}

static int add_rdma(struct limits *l, const struct spec_rdma *d, struct err *e)
{
	char handles[VALUE_SIZE] = "", objects[VALUE_SIZE] = "";
	struct plan_cgroup_write w = { .file = "rdma.max", .controller = "rdma" };

	if (d->has_hca_handles)
		fmt_str(handles, sizeof(handles), " hca_handle=%u", d->hca_handles);
	if (d->has_hca_objects)
		fmt_str(objects, sizeof(objects), " hca_object=%u", d->hca_objects);
	w.value = arena_printf(l->arena, "%s%s%s", d->device, handles, objects);
	w.where = place_key(l, "rdma", d->device);
	return add(l, &w, e);
}

/* Files of the core ("cgroup.max.depth") need no controller; all others are named after theirs. */
static const char *controller_of(struct limits *l, const char *file)
{
	size_t len = strcspn(file, ".");

	return strncmp(file, "cgroup.", 7) == 0 ? NULL : arena_strndup(l->arena, file, len);
}

/* Control files take one setting a write: a value of several lines becomes several writes. */
static int add_unified(struct limits *l, const struct json_pair *pair, struct err *e)
{
	int r = 0;

	for (const char *line = pair->value, *next; *line && r >= 0; line = next) {
		size_t len = strcspn(line, "\n");
		const struct plan_cgroup_write w = {
			.file = pair->key,
			.value = arena_strndup(l->arena, line, len),
			.where = place_key(l, "unified", pair->key),
			.controller = controller_of(l, pair->key),
		};

		next = line + len + (line[len] == '\n');
		if (len > 0)
			r = add(l, &w, e);
	}
	return r;
}

/* Not in spec_check: such a configuration is valid, but no group of v2 can be made from it (F22). */
static int refuse_v1_only(struct limits *l, const struct spec_memory *m, struct err *e)
{
	if (!m->has_swappiness && !m->disable_oom_killer)
		return 0;
	err_kind(e, ERR_UNSUPPORTED, "cgroup v2 has no such setting: leave it out");
	return err_at(
		e, "%s",
		place(l, m->has_swappiness ? "memory.swappiness" : "memory.disableOOMKiller"));
}

int cgroup_limits_plan(const struct spec_resources *r, const char *at, struct plan_cgroup *cg,
		       struct arena *arena, struct err *e)
{
	struct limits l = { .at = at, .cg = cg, .cap = cg->n_writes, .arena = arena };
	struct spec_memory no_memory = { 0 };
	struct spec_cpu no_cpu = { 0 };
	struct spec_block_io no_block_io = { 0 };
	struct spec_resources full = *r;
	int ret;

	full.memory = r->memory ? r->memory : &no_memory;
	full.cpu = r->cpu ? r->cpu : &no_cpu;
	full.block_io = r->block_io ? r->block_io : &no_block_io;
	ret = refuse_v1_only(&l, full.memory, e);
	if (ret >= 0)
		ret = add_scalars(&l, &full, e);
	if (ret >= 0)
		ret = add_weights(&l, full.block_io, e);
	if (ret >= 0)
		ret = add_throttles(&l, full.block_io, e);
	if (ret >= 0)
		ret = add_hugepages(&l, r, e);
	for (size_t i = 0; i < r->rdma.n && ret >= 0; i++)
		ret = add_rdma(&l, &r->rdma.items[i], e);
	/* Last: what is said in v2's own words overrides what was converted (F21). */
	for (size_t i = 0; i < r->unified.n && ret >= 0; i++)
		ret = add_unified(&l, &r->unified.items[i], e);
	return ret;
}
