/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics as runc's `events` writes them: names and units (nanoseconds for the CPU) are those of
 * cgroup v1. Keys of our own come in addition: memory.events, rdma. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cpulist.h"
#include "libcontainer.h"

static void put(struct json_writer *w, const char *key, uint64_t value)
{
	json_key(w, key);
	json_u64(w, value);
}

static void open_key(struct json_writer *w, const char *key)
{
	json_key(w, key);
	json_open_object(w);
}

static void write_pressure_line(struct json_writer *w, const char *key,
				const struct lc_pressure_line *line)
{
	open_key(w, key);
	json_key(w, "avg10"), json_hundredths(w, line->avg10);
	json_key(w, "avg60"), json_hundredths(w, line->avg60);
	json_key(w, "avg300"), json_hundredths(w, line->avg300);
	put(w, "total", line->total);
	json_close_object(w);
}

static void write_pressure(struct json_writer *w, const struct lc_pressure *p)
{
	if (!p->measured)
		return;
	open_key(w, "psi");
	write_pressure_line(w, "some", &p->some);
	write_pressure_line(w, "full", &p->full);
	json_close_object(w);
}

static void write_cpu(struct json_writer *w, const struct lc_stats *s)
{
	open_key(w, "cpu");
	open_key(w, "usage");
	put(w, "total", s->cpu.usage_usec * 1000);
	put(w, "kernel", s->cpu.system_usec * 1000);
	put(w, "user", s->cpu.user_usec * 1000);
	json_close_object(w);
	open_key(w, "throttling");
	put(w, "periods", s->cpu.nr_periods);
	put(w, "throttledPeriods", s->cpu.nr_throttled);
	put(w, "throttledTime", s->cpu.throttled_usec * 1000);
	json_close_object(w);
	open_key(w, "burst");
	put(w, "burstsPeriods", s->cpu.nr_bursts);
	put(w, "burstTime", s->cpu.burst_usec * 1000);
	json_close_object(w);
	write_pressure(w, &s->cpu.pressure);
	json_close_object(w);
}

/* "0-2,7" -> [0,1,2,7] */
static void write_list(struct json_writer *w, const char *key, const char *list)
{
	struct cpulist set;

	if (!list || cpulist_parse(list, &set) < 0)
		return;
	json_key(w, key);
	json_open_array(w);
	for (size_t i = 0; i < CPULIST_MAX; i++)
		if (set.bits[i / CPULIST_WORD] >> i % CPULIST_WORD & 1)
			json_u64(w, i);
	json_close_array(w);
}

static void write_cpuset(struct json_writer *w, const struct lc_stats *s)
{
	open_key(w, "cpuset");
	write_list(w, "cpus", s->cpu.cpus);
	write_list(w, "mems", s->cpu.mems);
	json_close_object(w);
}

static void write_usage(struct json_writer *w, const char *key, const struct lc_usage *u,
			uint64_t failcnt)
{
	open_key(w, key);
	put(w, "limit", u->max);
	put(w, "usage", u->current);
	put(w, "max", u->peak);
	put(w, "failcnt", failcnt);
	json_close_object(w);
}

static uint64_t find_counter(const struct lc_stats *s, const char *name)
{
	for (size_t i = 0; i < s->memory.stat.n; i++)
		if (strcmp(s->memory.stat.items[i].name, name) == 0)
			return s->memory.stat.items[i].value;
	return 0;
}

/* Swap was counted together with memory in v1, and readers subtract. */
static struct lc_usage with_swap(const struct lc_stats *s)
{
	struct lc_usage both = s->memory.swap;

	both.current += s->memory.usage.current;
	if (both.max != LC_UNLIMITED)
		both.max = s->memory.usage.max == LC_UNLIMITED ? LC_UNLIMITED
							       : both.max + s->memory.usage.max;
	both.peak = 0; /* the peaks were not at the same time */
	return both;
}

static void write_memory_events(struct json_writer *w, const struct lc_memory_events *events)
{
	open_key(w, "events");
	put(w, "low", events->low);
	put(w, "high", events->high);
	put(w, "max", events->max);
	put(w, "oom", events->oom);
	put(w, "oom_kill", events->oom_kill);
	put(w, "oom_group_kill", events->oom_group_kill);
	json_close_object(w);
}

static void write_memory(struct json_writer *w, const struct lc_stats *s)
{
	const struct lc_usage swap = with_swap(s);
	const struct lc_usage kernel = { .current = find_counter(s, "kernel") };
	const struct lc_usage sockets = { .current = find_counter(s, "sock") };

	open_key(w, "memory");
	put(w, "cache", find_counter(s, "file"));
	write_usage(w, "usage", &s->memory.usage, s->memory.events.max);
	write_usage(w, "swap", &swap, 0);
	write_usage(w, "kernel", &kernel, 0);
	write_usage(w, "kernelTCP", &sockets, 0);
	open_key(w, "raw");
	for (size_t i = 0; i < s->memory.stat.n; i++)
		put(w, s->memory.stat.items[i].name, s->memory.stat.items[i].value);
	json_close_object(w);
	if (s->memory.has_events)
		write_memory_events(w, &s->memory.events);
	write_pressure(w, &s->memory.pressure);
	json_close_object(w);
}

/* No limit is 0 there. */
static void write_pids(struct json_writer *w, const struct lc_stats *s)
{
	open_key(w, "pids");
	put(w, "current", s->pids.current);
	put(w, "limit", s->pids.max == LC_UNLIMITED ? 0 : s->pids.max);
	json_close_object(w);
}

struct operation {
	const char *name;
	size_t offset; /* of a uint64_t of struct lc_io_device */
};

#define OPERATION(n, member)                               \
	{                                                  \
		(n), offsetof(struct lc_io_device, member) \
	}

static const struct operation bytes[] = {
	OPERATION("Read", rbytes),
	OPERATION("Write", wbytes),
	OPERATION("Discard", dbytes),
};

static const struct operation requests[] = {
	OPERATION("Read", rios),
	OPERATION("Write", wios),
	OPERATION("Discard", dios),
};

static void write_operations(struct json_writer *w, const char *key, const struct lc_stats *s,
			     const struct operation *operations, size_t n)
{
	json_key(w, key);
	json_open_array(w);
	for (size_t i = 0; i < s->io.n_devices * n; i++) {
		const struct lc_io_device *d = &s->io.devices[i / n];
		const struct operation *o = &operations[i % n];

		json_open_object(w);
		put(w, "major", d->major);
		put(w, "minor", d->minor);
		json_key(w, "op"), json_str(w, o->name);
		put(w, "value", *(const uint64_t *)((const char *)d + o->offset));
		json_close_object(w);
	}
	json_close_array(w);
}

static void write_io(struct json_writer *w, const struct lc_stats *s)
{
	open_key(w, "blkio");
	write_operations(w, "ioServiceBytesRecursive", s, bytes, ARRAY_SIZE(bytes));
	write_operations(w, "ioServicedRecursive", s, requests, ARRAY_SIZE(requests));
	write_pressure(w, &s->io.pressure);
	json_close_object(w);
}

static void write_hugetlb(struct json_writer *w, const struct lc_stats *s)
{
	open_key(w, "hugetlb");
	for (size_t i = 0; i < s->hugetlb.n; i++) {
		const struct lc_hugetlb *h = &s->hugetlb.sizes[i];

		open_key(w, h->page_size);
		put(w, "usage", h->current);
		put(w, "max", h->max);
		put(w, "failcnt", h->failcnt);
		json_close_object(w);
	}
	json_close_object(w);
}

static void write_rdma_list(struct json_writer *w, const char *key,
			    const struct lc_rdma_usage *list, size_t n)
{
	json_key(w, key);
	json_open_array(w);
	for (size_t i = 0; i < n; i++) {
		json_open_object(w);
		json_key(w, "device"), json_str(w, list[i].device);
		put(w, "hcaHandles", list[i].hca_handle);
		put(w, "hcaObjects", list[i].hca_object);
		json_close_object(w);
	}
	json_close_array(w);
}

static void write_rdma(struct json_writer *w, const struct lc_stats *s)
{
	if (!s->rdma.n_current && !s->rdma.n_max)
		return;
	open_key(w, "rdma");
	write_rdma_list(w, "current", s->rdma.current, s->rdma.n_current);
	write_rdma_list(w, "limit", s->rdma.max, s->rdma.n_max);
	json_close_object(w);
}

static void write_rdt(struct json_writer *w, const struct lc_stats *s)
{
	open_key(w, "intel_rdt");
	if (s->rdt.l3_schema)
		json_key(w, "l3_cache_schema"), json_str(w, s->rdt.l3_schema);
	if (s->rdt.mem_bw_schema)
		json_key(w, "mem_bw_schema"), json_str(w, s->rdt.mem_bw_schema);
	if (s->rdt.n) {
		json_key(w, "mbm_stats");
		json_open_array(w);
		for (size_t i = 0; i < s->rdt.n; i++) {
			json_open_object(w);
			put(w, "mbm_total_bytes", s->rdt.domains[i].mbm_total_bytes);
			put(w, "mbm_local_bytes", s->rdt.domains[i].mbm_local_bytes);
			json_close_object(w);
		}
		json_close_array(w);
		json_key(w, "cmt_stats");
		json_open_array(w);
		for (size_t i = 0; i < s->rdt.n; i++) {
			json_open_object(w);
			put(w, "llc_occupancy", s->rdt.domains[i].llc_occupancy);
			json_close_object(w);
		}
		json_close_array(w);
	}
	json_close_object(w);
}

static void write_networks(struct json_writer *w, const struct lc_stats *s)
{
	json_key(w, "network_interfaces");
	json_open_array(w);
	for (size_t i = 0; i < s->networks.n; i++) {
		const struct lc_network *n = &s->networks.items[i];

		json_open_object(w);
		json_key(w, "Name"), json_str(w, n->name);
		put(w, "RxBytes", n->rx_bytes);
		put(w, "RxPackets", n->rx_packets);
		put(w, "RxErrors", n->rx_errors);
		put(w, "RxDropped", n->rx_dropped);
		put(w, "TxBytes", n->tx_bytes);
		put(w, "TxPackets", n->tx_packets);
		put(w, "TxErrors", n->tx_errors);
		put(w, "TxDropped", n->tx_dropped);
		json_close_object(w);
	}
	json_close_array(w);
}

int lc_stats_write(const char *id, const struct lc_stats *s, struct buf *out, struct err *e)
{
	struct json_writer *w = json_writer_new(0);

	if (!w)
		return err_nomem(e);
	json_open_object(w);
	json_key(w, "type"), json_str(w, "stats");
	json_key(w, "id"), json_str(w, id);
	open_key(w, "data");
	write_cpu(w, s);
	write_cpuset(w, s);
	write_memory(w, s);
	write_pids(w, s);
	write_io(w, s);
	write_hugetlb(w, s);
	write_rdma(w, s);
	write_rdt(w, s);
	write_networks(w, s);
	json_close_object(w);
	json_close_object(w);
	return json_writer_finish(w, out, e);
}
