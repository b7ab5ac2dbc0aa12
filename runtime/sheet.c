/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics, a line for each thing. Those that the host does not count are left out. */
#include "sheet.h"

#include "figures.h"

/* Two amounts in one line need two places for their text. */
struct amounts {
	char a[FIGURES_AMOUNT], b[FIGURES_AMOUNT], c[FIGURES_AMOUNT];
};

static void add_seconds(struct buf *out, uint64_t usec)
{
	unsigned ms = (unsigned)(usec / 1000 % 1000);

	buf_fmt(out, "%llu.%u%u%u s", (unsigned long long)usec / 1000000, ms / 100, ms / 10 % 10,
		ms % 10);
}

static void add_percent(struct buf *out, uint32_t hundredths)
{
	buf_fmt(out, "%u.%u%u%%", hundredths / 100, hundredths / 10 % 10, hundredths % 10);
}

static void write_cpu(const struct lc_cpu_stats *cpu, struct buf *out)
{
	buf_str(out, "cpu       ");
	add_seconds(out, cpu->usage_usec);
	buf_str(out, " used, ");
	add_seconds(out, cpu->user_usec);
	buf_str(out, " user, ");
	add_seconds(out, cpu->system_usec);
	buf_str(out, " system\n");
	if (cpu->nr_periods) {
		buf_fmt(out, "          throttled in %llu of %llu periods for ",
			(unsigned long long)cpu->nr_throttled, (unsigned long long)cpu->nr_periods);
		add_seconds(out, cpu->throttled_usec);
		buf_str(out, "\n");
	}
	if (cpu->cpus)
		buf_fmt(out, "cpuset    cpus %s, memory nodes %s\n", cpu->cpus,
			cpu->mems ? cpu->mems : "");
}

static void write_usage(const char *name, const struct lc_usage *u, struct buf *out)
{
	struct amounts t;

	if (!u->current && !u->max)
		return;
	buf_fmt(out, "%s%s of %s, at most %s until now\n", name, figures_bytes(u->current, t.a),
		figures_bytes(u->max, t.b), figures_bytes(u->peak, t.c));
}

static void write_memory(const struct lc_stats *s, struct buf *out)
{
	const struct lc_memory_events *events = &s->memory.events;

	write_usage("memory    ", &s->memory.usage, out);
	write_usage("swap      ", &s->memory.swap, out);
	if (s->memory.has_events)
		buf_fmt(out,
			"events    limit hit %llu times, out of memory %llu, killed %llu processes\n",
			(unsigned long long)events->max, (unsigned long long)events->oom,
			(unsigned long long)events->oom_kill);
}

static void write_pids(const struct lc_usage *pids, struct buf *out)
{
	if (!pids->current && !pids->max)
		return;
	buf_fmt(out, "pids      %llu of ", (unsigned long long)pids->current);
	if (pids->max == LC_UNLIMITED)
		buf_str(out, "max\n");
	else
		buf_fmt(out, "%llu\n", (unsigned long long)pids->max);
}

static void write_io(const struct lc_stats *s, struct buf *out)
{
	struct amounts t;

	for (size_t i = 0; i < s->io.n_devices; i++) {
		const struct lc_io_device *d = &s->io.devices[i];

		buf_fmt(out, "io        %llu:%llu: read %s in %llu, written %s in %llu requests\n",
			(unsigned long long)d->major, (unsigned long long)d->minor,
			figures_bytes(d->rbytes, t.a), (unsigned long long)d->rios,
			figures_bytes(d->wbytes, t.b), (unsigned long long)d->wios);
	}
}

static void write_hugetlb(const struct lc_stats *s, struct buf *out)
{
	struct amounts t;

	for (size_t i = 0; i < s->hugetlb.n; i++) {
		const struct lc_hugetlb *h = &s->hugetlb.sizes[i];

		buf_fmt(out, "hugetlb   %s pages: %s of %s, limit hit %llu times\n", h->page_size,
			figures_bytes(h->current, t.a), figures_bytes(h->max, t.b),
			(unsigned long long)h->failcnt);
	}
}

static void write_rdma(const struct lc_stats *s, struct buf *out)
{
	for (size_t i = 0; i < s->rdma.n_current; i++) {
		const struct lc_rdma_usage *u = &s->rdma.current[i];

		buf_fmt(out, "rdma      %s: %llu handles, %llu objects\n", u->device,
			(unsigned long long)u->hca_handle, (unsigned long long)u->hca_object);
	}
}

static void write_networks(const struct lc_stats *s, struct buf *out)
{
	struct amounts t;

	for (size_t i = 0; i < s->networks.n; i++) {
		const struct lc_network *n = &s->networks.items[i];

		buf_fmt(out, "network   %s: received %s in %llu, sent %s in %llu packets\n",
			n->name, figures_bytes(n->rx_bytes, t.a), (unsigned long long)n->rx_packets,
			figures_bytes(n->tx_bytes, t.b), (unsigned long long)n->tx_packets);
	}
}

static void write_pressure(const char *name, const struct lc_pressure *p, struct buf *out)
{
	if (!p->measured)
		return;
	buf_fmt(out, "pressure  %s: some ", name);
	add_percent(out, p->some.avg10);
	buf_str(out, ", full ");
	add_percent(out, p->full.avg10);
	buf_str(out, " of the last 10 s\n");
}

void sheet_write(const struct lc_stats *s, struct buf *out)
{
	write_cpu(&s->cpu, out);
	write_memory(s, out);
	write_pids(&s->pids, out);
	write_io(s, out);
	write_hugetlb(s, out);
	write_rdma(s, out);
	write_networks(s, out);
	write_pressure("cpu", &s->cpu.pressure, out);
	write_pressure("memory", &s->memory.pressure, out);
	write_pressure("io", &s->io.pressure, out);
}
