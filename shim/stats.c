/* SPDX-License-Identifier: Apache-2.0 */
/* The library's statistics as the message that containerd knows. */
#include "stats.h"

#include <stddef.h>
#include <string.h>

#include "libcontainer.h"
#include "proto.h"
#include "base/cleanup.h"
#include "shim/proto/cgroups.pb-c.h"

const char stats_type[] = "io.containerd.cgroups.v2.Metrics";

typedef Io__Containerd__Cgroups__V2__Metrics metrics;
typedef Io__Containerd__Cgroups__V2__PidsStat pids_stat;
typedef Io__Containerd__Cgroups__V2__CPUStat cpu_stat;
typedef Io__Containerd__Cgroups__V2__MemoryStat memory_stat;
typedef Io__Containerd__Cgroups__V2__MemoryEvents memory_events;
typedef Io__Containerd__Cgroups__V2__IOStat io_stat;
typedef Io__Containerd__Cgroups__V2__IOEntry io_entry;
typedef Io__Containerd__Cgroups__V2__RdmaStat rdma_stat;
typedef Io__Containerd__Cgroups__V2__RdmaEntry rdma_entry;
typedef Io__Containerd__Cgroups__V2__HugeTlbStat hugetlb_stat;
typedef Io__Containerd__Cgroups__V2__PSIStats psi_stats;
typedef Io__Containerd__Cgroups__V2__PSIData psi_data;

/* Counters of memory.stat that the message has a field for. */
struct key {
	const char *name;
	size_t offset; /* of a uint64_t */
};

#define KEY(member)                                    \
	{                                              \
#member, offsetof(memory_stat, member) \
	}

static const struct key memory_keys[] = {
	KEY(anon),
	KEY(file),
	KEY(kernel_stack),
	KEY(slab),
	KEY(sock),
	KEY(shmem),
	KEY(file_mapped),
	KEY(file_dirty),
	KEY(file_writeback),
	KEY(anon_thp),
	KEY(inactive_anon),
	KEY(active_anon),
	KEY(inactive_file),
	KEY(active_file),
	KEY(unevictable),
	KEY(slab_reclaimable),
	KEY(slab_unreclaimable),
	KEY(pgfault),
	KEY(pgmajfault),
	KEY(workingset_refault),
	KEY(workingset_activate),
	KEY(workingset_nodereclaim),
	KEY(pgrefill),
	KEY(pgscan),
	KEY(pgsteal),
	KEY(pgactivate),
	KEY(pgdeactivate),
	KEY(pglazyfree),
	KEY(pglazyfreed),
	KEY(thp_fault_alloc),
	KEY(thp_collapse_alloc),
	KEY(workingset_refault_anon),
	KEY(workingset_refault_file),
	KEY(workingset_activate_anon),
	KEY(workingset_activate_file),
};

static psi_data *new_pressure_line(struct arena *arena, const struct lc_pressure_line *line)
{
	psi_data *d = arena_new_of(arena, psi_data);

	if (!d)
		return NULL;
	io__containerd__cgroups__v2__psidata__init(d);
	d->avg10 = line->avg10 / 100.0;
	d->avg60 = line->avg60 / 100.0;
	d->avg300 = line->avg300 / 100.0;
	d->total = line->total;
	return d;
}

/* Without memory the message is told without it. */
static psi_stats *new_pressure(struct arena *arena, const struct lc_pressure *pressure)
{
	psi_stats *s = pressure->measured ? arena_new_of(arena, psi_stats) : NULL;

	if (!s)
		return NULL;
	io__containerd__cgroups__v2__psistats__init(s);
	s->some = new_pressure_line(arena, &pressure->some);
	s->full = new_pressure_line(arena, &pressure->full);
	return s;
}

static int set_pids(metrics *m, const struct lc_stats *from, struct arena *arena)
{
	pids_stat *s = m->pids = arena_new_of(arena, pids_stat);

	if (!s)
		return -1;
	io__containerd__cgroups__v2__pids_stat__init(s);
	s->current = from->pids.current;
	s->limit = from->pids.max;
	return 0;
}

static int set_cpu(metrics *m, const struct lc_stats *from, struct arena *arena)
{
	cpu_stat *s = m->cpu = arena_new_of(arena, cpu_stat);

	if (!s)
		return -1;
	io__containerd__cgroups__v2__cpustat__init(s);
	s->usage_usec = from->cpu.usage_usec;
	s->user_usec = from->cpu.user_usec;
	s->system_usec = from->cpu.system_usec;
	s->nr_periods = from->cpu.nr_periods;
	s->nr_throttled = from->cpu.nr_throttled;
	s->throttled_usec = from->cpu.throttled_usec;
	s->nr_bursts = from->cpu.nr_bursts;
	s->burst_usec = from->cpu.burst_usec;
	s->psi = new_pressure(arena, &from->cpu.pressure);
	return 0;
}

static void set_counter(memory_stat *s, const struct lc_counter *counter)
{
	for (size_t i = 0; i < ARRAY_SIZE(memory_keys); i++)
		if (strcmp(memory_keys[i].name, counter->name) == 0)
			*(uint64_t *)((char *)s + memory_keys[i].offset) = counter->value;
}

static int set_memory(metrics *m, const struct lc_stats *from, struct arena *arena)
{
	memory_stat *s = m->memory = arena_new_of(arena, memory_stat);

	if (!s)
		return -1;
	io__containerd__cgroups__v2__memory_stat__init(s);
	for (size_t i = 0; i < from->memory.stat.n; i++)
		set_counter(s, &from->memory.stat.items[i]);
	s->usage = from->memory.usage.current;
	s->usage_limit = from->memory.usage.max;
	s->max_usage = from->memory.usage.peak;
	s->swap_usage = from->memory.swap.current;
	s->swap_limit = from->memory.swap.max;
	s->swap_max_usage = from->memory.swap.peak;
	s->psi = new_pressure(arena, &from->memory.pressure);
	return 0;
}

static int set_memory_events(metrics *m, const struct lc_stats *from, struct arena *arena)
{
	const struct lc_memory_events *events = &from->memory.events;
	memory_events *s;

	if (!from->memory.has_events)
		return 0;
	s = m->memory_events = arena_new_of(arena, memory_events);
	if (!s)
		return -1;
	io__containerd__cgroups__v2__memory_events__init(s);
	s->low = events->low;
	s->high = events->high;
	s->max = events->max;
	s->oom = events->oom;
	s->oom_kill = events->oom_kill;
	s->oom_group_kill = events->oom_group_kill;
	return 0;
}

static io_entry *new_device(struct arena *arena, const struct lc_io_device *d)
{
	io_entry *entry = arena_new_of(arena, io_entry);

	if (!entry)
		return NULL;
	io__containerd__cgroups__v2__ioentry__init(entry);
	entry->major = d->major;
	entry->minor = d->minor;
	entry->rbytes = d->rbytes;
	entry->wbytes = d->wbytes;
	entry->rios = d->rios;
	entry->wios = d->wios;
	return entry;
}

static int set_io(metrics *m, const struct lc_stats *from, struct arena *arena)
{
	io_stat *s = m->io = arena_new_of(arena, io_stat);

	if (!s)
		return -1;
	io__containerd__cgroups__v2__iostat__init(s);
	s->usage = arena_array_of(arena, io_entry *, from->io.n_devices);
	if (!s->usage && from->io.n_devices)
		return -1;
	for (size_t i = 0; i < from->io.n_devices; i++) {
		s->usage[i] = new_device(arena, &from->io.devices[i]);
		if (!s->usage[i])
			return -1;
		s->n_usage++;
	}
	s->psi = new_pressure(arena, &from->io.pressure);
	return 0;
}

static uint32_t clamp(uint64_t n)
{
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static int set_rdma_list(const struct lc_rdma_usage *from, size_t n, struct arena *arena,
			 rdma_entry ***ret, size_t *ret_n)
{
	rdma_entry **list = arena_array_of(arena, rdma_entry *, n);

	if (n && !list)
		return -1;
	for (size_t i = 0; i < n; i++) {
		list[i] = arena_new_of(arena, rdma_entry);
		if (!list[i])
			return -1;
		io__containerd__cgroups__v2__rdma_entry__init(list[i]);
		list[i]->device = (char *)from[i].device;
		list[i]->hca_handles = clamp(from[i].hca_handle);
		list[i]->hca_objects = clamp(from[i].hca_object);
	}
	*ret = list;
	*ret_n = n;
	return 0;
}

static int set_rdma(metrics *m, const struct lc_stats *from, struct arena *arena)
{
	rdma_stat *s;

	if (!from->rdma.n_current && !from->rdma.n_max)
		return 0;
	s = m->rdma = arena_new_of(arena, rdma_stat);
	if (!s)
		return -1;
	io__containerd__cgroups__v2__rdma_stat__init(s);
	if (set_rdma_list(from->rdma.current, from->rdma.n_current, arena, &s->current,
			  &s->n_current) < 0)
		return -1;
	return set_rdma_list(from->rdma.max, from->rdma.n_max, arena, &s->limit, &s->n_limit);
}

static int set_hugetlb(metrics *m, const struct lc_stats *from, struct arena *arena)
{
	m->hugetlb = arena_array_of(arena, hugetlb_stat *, from->hugetlb.n);
	if (!m->hugetlb && from->hugetlb.n)
		return -1;
	for (size_t i = 0; i < from->hugetlb.n; i++) {
		hugetlb_stat *s = m->hugetlb[i] = arena_new_of(arena, hugetlb_stat);

		if (!s)
			return -1;
		io__containerd__cgroups__v2__huge_tlb_stat__init(s);
		s->pagesize = (char *)from->hugetlb.sizes[i].page_size;
		s->current = from->hugetlb.sizes[i].current;
		s->max = from->hugetlb.sizes[i].max;
		s->failcnt = from->hugetlb.sizes[i].failcnt;
		m->n_hugetlb++;
	}
	return 0;
}

static int (*const parts[])(metrics *m, const struct lc_stats *from, struct arena *arena) = {
	set_pids, set_cpu, set_memory, set_memory_events, set_io, set_rdma, set_hugetlb,
};

int stats_encode(int cgroup, struct arena *arena, struct buf *out, struct err *e)
{
	metrics m = IO__CONTAINERD__CGROUPS__V2__METRICS__INIT;
	struct lc_stats s;
	int r = lc_cgroup_stats(cgroup, LC_ALL, arena, &s, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i](&m, &s, arena) < 0)
			return err_nomem(e);
	return proto_encode(&m.base, out) < 0 ? err_nomem(e) : 0;
}
