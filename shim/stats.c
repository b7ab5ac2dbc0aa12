/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the form "key value" are read by tables; each row is a key and where its number goes. */
#include "stats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/num.h"
#include "proto.h"
#include "shim/proto/cgroups.pb-c.h"

#define TEXT_SIZE 16384
#define MAX_PAGE_SIZES 16

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

struct reader {
	int cgroup;
	struct arena *arena;
	char text[TEXT_SIZE];
	struct err *e;
};

struct key {
	const char *name;
	size_t offset; /* of a uint64_t, or of a uint32_t in rdma */
};

#define KEY(type, name, member)                \
	{                                      \
		(name), offsetof(type, member) \
	}
#define SAME(type, member) KEY(type, #member, member)

static const struct key cpu_keys[] = {
	SAME(cpu_stat, usage_usec), SAME(cpu_stat, user_usec),	  SAME(cpu_stat, system_usec),
	SAME(cpu_stat, nr_periods), SAME(cpu_stat, nr_throttled), SAME(cpu_stat, throttled_usec),
	SAME(cpu_stat, nr_bursts),  SAME(cpu_stat, burst_usec),	  {},
};

static const struct key memory_keys[] = {
	SAME(memory_stat, anon),
	SAME(memory_stat, file),
	SAME(memory_stat, kernel_stack),
	SAME(memory_stat, slab),
	SAME(memory_stat, sock),
	SAME(memory_stat, shmem),
	SAME(memory_stat, file_mapped),
	SAME(memory_stat, file_dirty),
	SAME(memory_stat, file_writeback),
	SAME(memory_stat, anon_thp),
	SAME(memory_stat, inactive_anon),
	SAME(memory_stat, active_anon),
	SAME(memory_stat, inactive_file),
	SAME(memory_stat, active_file),
	SAME(memory_stat, unevictable),
	SAME(memory_stat, slab_reclaimable),
	SAME(memory_stat, slab_unreclaimable),
	SAME(memory_stat, pgfault),
	SAME(memory_stat, pgmajfault),
	SAME(memory_stat, workingset_refault),
	SAME(memory_stat, workingset_activate),
	KEY(memory_stat, "workingset_nodereclaim", workingset_nodereclaim),
	SAME(memory_stat, pgrefill),
	SAME(memory_stat, pgscan),
	SAME(memory_stat, pgsteal),
	SAME(memory_stat, pgactivate),
	SAME(memory_stat, pgdeactivate),
	SAME(memory_stat, pglazyfree),
	SAME(memory_stat, pglazyfreed),
	SAME(memory_stat, thp_fault_alloc),
	SAME(memory_stat, thp_collapse_alloc),
	SAME(memory_stat, workingset_refault_anon),
	SAME(memory_stat, workingset_refault_file),
	SAME(memory_stat, workingset_activate_anon),
	SAME(memory_stat, workingset_activate_file),
	{},
};

static const struct key event_keys[] = {
	SAME(memory_events, low),
	SAME(memory_events, high),
	SAME(memory_events, max),
	SAME(memory_events, oom),
	SAME(memory_events, oom_kill),
	SAME(memory_events, oom_group_kill),
	{},
};

static const struct key io_keys[] = {
	SAME(io_entry, rbytes),
	SAME(io_entry, wbytes),
	SAME(io_entry, rios),
	SAME(io_entry, wios),
	{},
};

static uint64_t parse(const char *text)
{
	uint64_t n = 0;

	if (strcmp(text, "max") == 0)
		return UINT64_MAX;
	return num_parse_u64(text, &n) < 0 ? 0 : n;
}

static bool read_file(struct reader *r, const char *name)
{
	return file_read_buf(r->cgroup, name, r->text, sizeof(r->text)) >= 0;
}

/* A file that is one number. */
static uint64_t read_number(struct reader *r, const char *name)
{
	return read_file(r, name) ? parse(r->text) : 0;
}

static void store(const struct key *keys, void *object, const char *name, const char *value)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0) {
			*(uint64_t *)((char *)object + keys->offset) = parse(value);
			return;
		}
}

/* "key value" lines. */
static bool read_keys(struct reader *r, const char *file, const struct key *keys, void *object)
{
	char *lines = r->text, *line, *value;

	if (!read_file(r, file))
		return false;
	while ((line = strsep(&lines, "\n"))) {
		value = strchr(line, ' ');
		if (!value)
			continue;
		*value++ = '\0';
		store(keys, object, line, value);
	}
	return true;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static void parse_pressure(char *words, psi_data *d)
{
	char *word, *value;

	while ((word = strsep(&words, " "))) {
		value = strchr(word, '=');
		if (!value)
			continue;
		*value++ = '\0';
		if (strcmp(word, "total") == 0)
			d->total = parse(value);
		else if (strcmp(word, "avg10") == 0)
			d->avg10 = strtod(value, NULL);
		else if (strcmp(word, "avg60") == 0)
			d->avg60 = strtod(value, NULL);
		else if (strcmp(word, "avg300") == 0)
			d->avg300 = strtod(value, NULL);
	}
}

static psi_data *new_pressure(struct reader *r, char *words)
{
	psi_data *d = arena_new_of(r->arena, psi_data);

	if (d) {
		io__containerd__cgroups__v2__psidata__init(d);
		parse_pressure(words, d);
	}
	return d;
}

/* NULL where the kernel does not measure it. */
static psi_stats *read_pressure(struct reader *r, const char *file)
{
	psi_stats *s = arena_new_of(r->arena, psi_stats);
	char *lines = r->text, *line;

	if (!s || !read_file(r, file))
		return NULL;
	io__containerd__cgroups__v2__psistats__init(s);
	while ((line = strsep(&lines, "\n"))) {
		if (strncmp(line, "some ", 5) == 0)
			s->some = new_pressure(r, line + 5);
		else if (strncmp(line, "full ", 5) == 0)
			s->full = new_pressure(r, line + 5);
	}
	return s;
}

static int read_pids(struct reader *r, metrics *m)
{
	pids_stat *s = arena_new_of(r->arena, pids_stat);

	if (!s)
		return err_nomem(r->e);
	io__containerd__cgroups__v2__pids_stat__init(s);
	s->current = read_number(r, "pids.current");
	s->limit = read_number(r, "pids.max");
	m->pids = s;
	return 0;
}

static int read_cpu(struct reader *r, metrics *m)
{
	cpu_stat *s = arena_new_of(r->arena, cpu_stat);

	if (!s)
		return err_nomem(r->e);
	io__containerd__cgroups__v2__cpustat__init(s);
	read_keys(r, "cpu.stat", cpu_keys, s);
	s->psi = read_pressure(r, "cpu.pressure");
	m->cpu = s;
	return 0;
}

static int read_memory(struct reader *r, metrics *m)
{
	memory_stat *s = arena_new_of(r->arena, memory_stat);
	memory_events *events = arena_new_of(r->arena, memory_events);

	if (!s || !events)
		return err_nomem(r->e);
	io__containerd__cgroups__v2__memory_stat__init(s);
	io__containerd__cgroups__v2__memory_events__init(events);
	read_keys(r, "memory.stat", memory_keys, s);
	s->usage = read_number(r, "memory.current");
	s->usage_limit = read_number(r, "memory.max");
	s->swap_usage = read_number(r, "memory.swap.current");
	s->swap_limit = read_number(r, "memory.swap.max");
	s->max_usage = read_number(r, "memory.peak");
	s->swap_max_usage = read_number(r, "memory.swap.peak");
	s->psi = read_pressure(r, "memory.pressure");
	m->memory = s;
	if (read_keys(r, "memory.events", event_keys, events))
		m->memory_events = events;
	return 0;
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 ..." */
static io_entry *parse_io_line(struct reader *r, char *words)
{
	io_entry *entry = arena_new_of(r->arena, io_entry);
	char *word = strsep(&words, " "), *value = strchr(word, ':');

	if (!entry || !value)
		return NULL;
	io__containerd__cgroups__v2__ioentry__init(entry);
	*value++ = '\0';
	entry->major = parse(word);
	entry->minor = parse(value);
	while ((word = strsep(&words, " "))) {
		value = strchr(word, '=');
		if (!value)
			continue;
		*value++ = '\0';
		store(io_keys, entry, word, value);
	}
	return entry;
}

static int read_io(struct reader *r, metrics *m)
{
	io_stat *s = arena_new_of(r->arena, io_stat);
	char *lines = r->text, *line;
	size_t cap = 0;

	if (!s)
		return err_nomem(r->e);
	io__containerd__cgroups__v2__iostat__init(s);
	if (!read_file(r, "io.stat"))
		lines = NULL;
	while ((line = strsep(&lines, "\n"))) {
		io_entry *entry = parse_io_line(r, line);
		io_entry **usage =
			arena_grow(r->arena, s->usage, &cap, s->n_usage + 1, sizeof(*usage));

		if (!entry || !usage)
			continue;
		s->usage = usage;
		s->usage[s->n_usage++] = entry;
	}
	s->psi = read_pressure(r, "io.pressure");
	m->io = s;
	return 0;
}

/* "mlx4_0 hca_handle=2 hca_object=2000" */
static void parse_rdma_line(char *words, rdma_entry *entry)
{
	char *word, *value;

	entry->device = strsep(&words, " ");
	while ((word = strsep(&words, " "))) {
		uint64_t n;

		value = strchr(word, '=');
		if (!value)
			continue;
		*value++ = '\0';
		n = parse(value);
		if (strcmp(word, "hca_handle") == 0)
			entry->hca_handles = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
		else if (strcmp(word, "hca_object") == 0)
			entry->hca_objects = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
	}
}

static int read_rdma_file(struct reader *r, const char *file, rdma_entry ***ret, size_t *ret_n)
{
	char *lines = read_file(r, file) ? arena_strdup(r->arena, r->text) : NULL, *line;
	size_t cap = 0;

	while (lines && (line = strsep(&lines, "\n"))) {
		rdma_entry *entry = arena_new_of(r->arena, rdma_entry);
		rdma_entry **grown = arena_grow(r->arena, *ret, &cap, *ret_n + 1, sizeof(*grown));

		if (!entry || !grown)
			return err_nomem(r->e);
		io__containerd__cgroups__v2__rdma_entry__init(entry);
		parse_rdma_line(line, entry);
		grown[(*ret_n)++] = entry;
		*ret = grown;
	}
	return 0;
}

static int read_rdma(struct reader *r, metrics *m)
{
	rdma_stat *s = arena_new_of(r->arena, rdma_stat);
	int ret;

	if (!s)
		return err_nomem(r->e);
	io__containerd__cgroups__v2__rdma_stat__init(s);
	ret = read_rdma_file(r, "rdma.current", &s->current, &s->n_current);
	if (ret == 0)
		ret = read_rdma_file(r, "rdma.max", &s->limit, &s->n_limit);
	if (ret == 0 && (s->n_current || s->n_limit))
		m->rdma = s;
	return ret;
}

static int add_page_size(struct reader *r, metrics *m, const char *size)
{
	hugetlb_stat *s = arena_new_of(r->arena, hugetlb_stat);
	const char *current = arena_printf(r->arena, "hugetlb.%s.current", size);
	const char *max = arena_printf(r->arena, "hugetlb.%s.max", size);
	const char *events = arena_printf(r->arena, "hugetlb.%s.events", size);
	const struct key keys[] = { KEY(hugetlb_stat, "max", failcnt), {} };

	if (!s || !current || !max || !events)
		return err_nomem(r->e);
	io__containerd__cgroups__v2__huge_tlb_stat__init(s);
	s->current = read_number(r, current);
	s->max = read_number(r, max);
	read_keys(r, events, keys, s);
	s->pagesize = (char *)size;
	m->hugetlb[m->n_hugetlb++] = s;
	return 0;
}

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* One set of files for each size of pages the machine has: hugetlb.2MB.current */
static int read_hugetlb(struct reader *r, metrics *m)
{
	static const char head[] = "hugetlb.", tail[] = ".current";
	int fd = openat(r->cgroup, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	m->hugetlb = arena_array_of(r->arena, hugetlb_stat *, MAX_PAGE_SIZES);
	if (!dir || !m->hugetlb)
		return err_sys(r->e, errno, "open", "cgroup");
	while (m->n_hugetlb < MAX_PAGE_SIZES && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name), ends = strlen(head) + strlen(tail);
		const char *size;

		if (len <= ends || strncmp(entry->d_name, head, strlen(head)) != 0 ||
		    strcmp(entry->d_name + len - strlen(tail), tail) != 0 ||
		    strstr(entry->d_name, ".rsvd."))
			continue;
		size = arena_strndup(r->arena, entry->d_name + strlen(head), len - ends);
		if (!size)
			return err_nomem(r->e);
		if (add_page_size(r, m, size) < 0)
			return err_errno(r->e);
	}
	return 0;
}

static int (*const parts[])(struct reader *r, metrics *m) = {
	read_pids, read_cpu, read_memory, read_io, read_rdma, read_hugetlb,
};

int stats_encode(int cgroup, struct arena *arena, struct buf *out, struct err *e)
{
	metrics m = IO__CONTAINERD__CGROUPS__V2__METRICS__INIT;
	struct reader *r = arena_new_of(arena, struct reader);

	if (!r)
		return err_nomem(e);
	*r = (struct reader){ .cgroup = cgroup, .arena = arena, .e = e };
	if (faccessat(cgroup, "cgroup.procs", F_OK, 0) < 0)
		return err_kind(e, ERR_NOTFOUND, "cgroup does not exist");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i](r, &m) < 0)
			return err_errno(e);
	return proto_encode(&m.base, out) < 0 ? err_nomem(e) : 0;
}
