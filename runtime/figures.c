/* SPDX-License-Identifier: Apache-2.0 */
/* One line of figures. */
#include "figures.h"

#include <stdio.h>

#include "base/cleanup.h"

#define CELL 24
/* Some controllers tell the largest number of pages they can count instead of "max". */
#define UNLIMITED_FROM (UINT64_C(1) << 62)

const char *figures_bytes(uint64_t n, char text[FIGURES_AMOUNT])
{
	static const char units[] = "BKMGTPE";
	uint64_t tenths = 0;
	size_t i = 0;

	if (n >= UNLIMITED_FROM)
		return "max";
	for (; n >= 1024; i++) {
		tenths = n % 1024 * 10 / 1024;
		n /= 1024;
	}
	if (i && n < 100)
		snprintf(text, FIGURES_AMOUNT, "%u.%u%c", (unsigned)n, (unsigned)tenths, units[i]);
	else
		snprintf(text, FIGURES_AMOUNT, "%u%c", (unsigned)n, units[i]);
	return text;
}

static uint64_t sum(const struct lc_stats *s, size_t offset)
{
	uint64_t total = 0;

	for (size_t i = 0; i < s->io.n_devices; i++)
		total += *(const uint64_t *)((const char *)&s->io.devices[i] + offset);
	return total;
}

/* Counters of devices that went away no longer count. */
static uint64_t rate(uint64_t before, uint64_t now, uint64_t ms)
{
	return now > before ? (now - before) * 1000 / ms : 0;
}

void figures_make(const struct lc_stats *s, int64_t now, struct sample *last, struct figures *ret)
{
	const struct sample this = { .at = now,
				     .cpu_usec = s->cpu.usage_usec,
				     .read = sum(s, offsetof(struct lc_io_device, rbytes)),
				     .written = sum(s, offsetof(struct lc_io_device, wbytes)) };
	uint64_t ms = now > last->at ? (uint64_t)(now - last->at) : 1;

	*ret = (struct figures){ .has_rates = last->at != 0,
				 .cpu = rate(last->cpu_usec, this.cpu_usec, ms) / 100,
				 .read = rate(last->read, this.read, ms),
				 .written = rate(last->written, this.written, ms),
				 .memory = s->memory.usage,
				 .pids = s->pids,
				 .cpu_pressure = s->cpu.pressure.some.avg10,
				 .memory_pressure = s->memory.pressure.some.avg10,
				 .io_pressure = s->io.pressure.some.avg10 };
	*last = this;
}

struct column {
	const char *title;
	int width;
	void (*print)(const struct figures *f, char cell[CELL]);
};

static void print_bytes(uint64_t n, char cell[CELL])
{
	char text[FIGURES_AMOUNT];

	snprintf(cell, CELL, "%s", figures_bytes(n, text));
}

static void print_count(uint64_t n, char cell[CELL])
{
	if (n == LC_UNLIMITED)
		snprintf(cell, CELL, "max");
	else
		snprintf(cell, CELL, "%llu", (unsigned long long)n);
}

static void print_percent(uint64_t hundredths, char cell[CELL])
{
	snprintf(cell, CELL, "%llu.%u", (unsigned long long)hundredths / 100,
		 (unsigned)(hundredths / 10 % 10));
}

static void print_unknown(char cell[CELL])
{
	snprintf(cell, CELL, "-");
}

static void print_cpu(const struct figures *f, char cell[CELL])
{
	f->has_rates ? print_percent(f->cpu, cell) : print_unknown(cell);
}

/* Without the controller nothing is counted: a running container has a process. */
static bool is_counted(const struct lc_usage *u)
{
	return u->current || u->max;
}

static void print_memory(const struct figures *f, char cell[CELL])
{
	is_counted(&f->memory) ? print_bytes(f->memory.current, cell) : print_unknown(cell);
}

static void print_memory_limit(const struct figures *f, char cell[CELL])
{
	is_counted(&f->memory) ? print_bytes(f->memory.max, cell) : print_unknown(cell);
}

static void print_pids(const struct figures *f, char cell[CELL])
{
	is_counted(&f->pids) ? print_count(f->pids.current, cell) : print_unknown(cell);
}

static void print_pids_limit(const struct figures *f, char cell[CELL])
{
	is_counted(&f->pids) ? print_count(f->pids.max, cell) : print_unknown(cell);
}

static void print_read(const struct figures *f, char cell[CELL])
{
	f->has_rates ? print_bytes(f->read, cell) : print_unknown(cell);
}

static void print_written(const struct figures *f, char cell[CELL])
{
	f->has_rates ? print_bytes(f->written, cell) : print_unknown(cell);
}

static void print_cpu_pressure(const struct figures *f, char cell[CELL])
{
	print_percent(f->cpu_pressure, cell);
}

static void print_memory_pressure(const struct figures *f, char cell[CELL])
{
	print_percent(f->memory_pressure, cell);
}

static void print_io_pressure(const struct figures *f, char cell[CELL])
{
	print_percent(f->io_pressure, cell);
}

static const struct column columns[] = {
	{ "CPU%", 7, print_cpu },
	{ "MEMORY", 8, print_memory },
	{ "LIMIT", 7, print_memory_limit },
	{ "PIDS", 6, print_pids },
	{ "LIMIT", 7, print_pids_limit },
	{ "READ/S", 8, print_read },
	{ "WRITE/S", 8, print_written },
	{ "CPU-P%", 7, print_cpu_pressure },
	{ "MEM-P%", 7, print_memory_pressure },
	{ "IO-P%", 7, print_io_pressure },
};

static void add_cell(struct buf *out, const char *text, int width)
{
	char padded[CELL];

	snprintf(padded, sizeof(padded), "%*s", width, text);
	buf_str(out, padded);
}

void figures_title(struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		add_cell(out, columns[i].title, columns[i].width);
}

void figures_line(const struct figures *f, struct buf *out)
{
	char cell[CELL];

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		columns[i].print(f, cell);
		add_cell(out, cell, columns[i].width);
	}
}
