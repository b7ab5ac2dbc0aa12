/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel counts for a cgroup. Files of the form "key value" are read by tables; each row is a
 * key and where its number goes. A file that is not there leaves its zeros. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "base/num.h"
#include "libcontainer.h"

/* io.stat has a line of about a hundred bytes for each device. */
#define TEXT_SIZE 65536

struct reader {
	int cgroup;
	struct arena *arena;
	char text[TEXT_SIZE]; /* of the file read last */
};

struct key {
	const char *name;
	size_t offset; /* of a uint64_t */
};

#define KEY(type, member)                       \
	{                                       \
#member, offsetof(type, member) \
	}

static const struct key cpu_keys[] = {
	KEY(struct lc_cpu_stats, usage_usec),
	KEY(struct lc_cpu_stats, user_usec),
	KEY(struct lc_cpu_stats, system_usec),
	KEY(struct lc_cpu_stats, nr_periods),
	KEY(struct lc_cpu_stats, nr_throttled),
	KEY(struct lc_cpu_stats, throttled_usec),
	KEY(struct lc_cpu_stats, nr_bursts),
	KEY(struct lc_cpu_stats, burst_usec),
	{},
};

static const struct key event_keys[] = {
	KEY(struct lc_memory_events, low),
	KEY(struct lc_memory_events, high),
	KEY(struct lc_memory_events, max),
	KEY(struct lc_memory_events, oom),
	KEY(struct lc_memory_events, oom_kill),
	KEY(struct lc_memory_events, oom_group_kill),
	{},
};

static const struct key io_keys[] = {
	KEY(struct lc_io_device, rbytes),
	KEY(struct lc_io_device, wbytes),
	KEY(struct lc_io_device, rios),
	KEY(struct lc_io_device, wios),
	KEY(struct lc_io_device, dbytes),
	KEY(struct lc_io_device, dios),
	{},
};

static const struct key rdma_keys[] = {
	KEY(struct lc_rdma_usage, hca_handle),
	KEY(struct lc_rdma_usage, hca_object),
	{},
};

static const struct key pressure_totals[] = {
	KEY(struct lc_pressure_line, total),
	{},
};

static uint64_t parse(const char *text)
{
	uint64_t n = 0;

	if (strcmp(text, "max") == 0)
		return LC_UNLIMITED;
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

/* Cuts "key=value" or "key value"; NULL when it is neither. */
static char *cut(char *word, char separator)
{
	char *value = strchr(word, separator);

	if (value)
		*value++ = '\0';
	return value;
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
	while ((line = strsep(&lines, "\n")))
		if ((value = cut(line, ' ')))
			store(keys, object, line, value);
	return true;
}

/* "key=value key=value" */
static void parse_words(char *words, const struct key *keys, void *object)
{
	char *word, *value;

	while ((word = strsep(&words, " ")))
		if ((value = cut(word, '=')))
			store(keys, object, word, value);
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0": a percentage always has two decimals. */
static uint32_t parse_percent(char *text)
{
	const char *decimals = cut(text, '.');
	uint64_t whole = parse(text);

	if (whole > 100 || !decimals)
		return 0;
	return (uint32_t)(whole * 100 + parse(decimals));
}

static void parse_pressure(char *words, struct lc_pressure_line *line)
{
	char *word, *value;

	while ((word = strsep(&words, " "))) {
		value = cut(word, '=');
		if (!value)
			continue;
		if (strcmp(word, "avg10") == 0)
			line->avg10 = parse_percent(value);
		else if (strcmp(word, "avg60") == 0)
			line->avg60 = parse_percent(value);
		else if (strcmp(word, "avg300") == 0)
			line->avg300 = parse_percent(value);
		else
			store(pressure_totals, line, word, value);
	}
}

static void read_pressure(struct reader *r, const char *file, struct lc_pressure *ret)
{
	char *lines = r->text, *line;

	if (!read_file(r, file))
		return;
	ret->measured = true;
	while ((line = strsep(&lines, "\n"))) {
		char *words = cut(line, ' ');

		if (words && strcmp(line, "some") == 0)
			parse_pressure(words, &ret->some);
		else if (words && strcmp(line, "full") == 0)
			parse_pressure(words, &ret->full);
	}
}

/* ---- the parts ---- */

static int read_pids(struct reader *r, struct lc_stats *s)
{
	s->pids.current = read_number(r, "pids.current");
	s->pids.max = read_number(r, "pids.max");
	return 0;
}

static int read_cpu(struct reader *r, struct lc_stats *s)
{
	read_keys(r, "cpu.stat", cpu_keys, &s->cpu);
	read_pressure(r, "cpu.pressure", &s->cpu.pressure);
	return 0;
}

static int read_list(struct reader *r, const char *file, const char **ret)
{
	if (!read_file(r, file))
		return 0;
	*ret = arena_strdup(r->arena, r->text);
	return *ret ? 0 : -ENOMEM;
}

static int read_cpuset(struct reader *r, struct lc_stats *s)
{
	int ret = read_list(r, "cpuset.cpus.effective", &s->cpu.cpus);

	return ret == 0 ? read_list(r, "cpuset.mems.effective", &s->cpu.mems) : ret;
}

static int read_memory(struct reader *r, struct lc_stats *s)
{
	s->memory.usage.current = read_number(r, "memory.current");
	s->memory.usage.max = read_number(r, "memory.max");
	read_pressure(r, "memory.pressure", &s->memory.pressure);
	return 0;
}

/* memory.stat: which counters there are is for the kernel to say. */
static int read_memory_stat(struct reader *r, struct lc_stats *s)
{
	char *lines = read_file(r, "memory.stat") ? arena_strdup(r->arena, r->text) : r->text;
	char *line, *value;
	size_t cap = 0;

	while ((line = strsep(&lines, "\n"))) {
		struct lc_counter *grown;

		value = cut(line, ' ');
		if (!value)
			continue;
		grown = arena_grow(r->arena, s->memory.stat.items, &cap, s->memory.stat.n + 1,
				   sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		grown[s->memory.stat.n++] = (struct lc_counter){ line, parse(value) };
		s->memory.stat.items = grown;
	}
	return 0;
}

static int read_memory_more(struct reader *r, struct lc_stats *s)
{
	s->memory.usage.peak = read_number(r, "memory.peak");
	s->memory.swap.current = read_number(r, "memory.swap.current");
	s->memory.swap.max = read_number(r, "memory.swap.max");
	s->memory.swap.peak = read_number(r, "memory.swap.peak");
	s->memory.has_events = read_keys(r, "memory.events", event_keys, &s->memory.events);
	return read_memory_stat(r, s);
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 ...": false when it is no such line. */
static bool parse_io_line(char *line, struct lc_io_device *d)
{
	char *words = cut(line, ' '), *minor = cut(line, ':');

	if (!minor)
		return false;
	*d = (struct lc_io_device){ .major = parse(line), .minor = parse(minor) };
	parse_words(words, io_keys, d);
	return true;
}

static int read_io(struct reader *r, struct lc_stats *s)
{
	char *lines = read_file(r, "io.stat") ? r->text : NULL, *line;
	size_t cap = 0;

	while ((line = strsep(&lines, "\n"))) {
		struct lc_io_device *grown = arena_grow(r->arena, s->io.devices, &cap,
							s->io.n_devices + 1, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		s->io.devices = grown;
		if (parse_io_line(line, &grown[s->io.n_devices]))
			s->io.n_devices++;
	}
	read_pressure(r, "io.pressure", &s->io.pressure);
	return 0;
}

/* "mlx4_0 hca_handle=2 hca_object=2000" */
static int read_rdma_file(struct reader *r, const char *file, struct lc_rdma_usage **ret,
			  size_t *ret_n)
{
	char *lines = read_file(r, file) ? arena_strdup(r->arena, r->text) : NULL, *line;
	size_t cap = 0;

	while ((line = strsep(&lines, "\n"))) {
		struct lc_rdma_usage *grown;
		char *words = cut(line, ' ');

		if (!words)
			continue;
		grown = arena_grow(r->arena, *ret, &cap, *ret_n + 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		grown[*ret_n] = (struct lc_rdma_usage){ .device = line };
		parse_words(words, rdma_keys, &grown[(*ret_n)++]);
		*ret = grown;
	}
	return 0;
}

static int read_rdma(struct reader *r, struct lc_stats *s)
{
	int ret = read_rdma_file(r, "rdma.current", &s->rdma.current, &s->rdma.n_current);

	return ret == 0 ? read_rdma_file(r, "rdma.max", &s->rdma.max, &s->rdma.n_max) : ret;
}

static uint64_t read_page_size(struct reader *r, const char *size, const char *what)
{
	char name[NAME_MAX];

	fmt_str(name, sizeof(name), "hugetlb.%s.%s", size, what);
	return read_number(r, name);
}

static int add_page_size(struct reader *r, struct lc_stats *s, const char *size, size_t len)
{
	static const struct key keys[] = { { "max", offsetof(struct lc_hugetlb, failcnt) }, {} };
	struct lc_hugetlb *h = &s->hugetlb.sizes[s->hugetlb.n];
	char events[NAME_MAX];

	h->page_size = arena_strndup(r->arena, size, len);
	if (!h->page_size)
		return -ENOMEM;
	h->current = read_page_size(r, h->page_size, "current");
	h->max = read_page_size(r, h->page_size, "max");
	fmt_str(events, sizeof(events), "hugetlb.%s.events", h->page_size);
	read_keys(r, events, keys, h);
	s->hugetlb.n++;
	return 0;
}

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* One set of files for each size of pages the machine has: hugetlb.2MB.current */
static int read_hugetlb(struct reader *r, struct lc_stats *s)
{
	static const char head[] = "hugetlb.", tail[] = ".current";
	int fd = openat(r->cgroup, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		x_close(fd);
		return 0; /* the group has gone meanwhile */
	}
	while (s->hugetlb.n < LC_MAX_PAGE_SIZES && (entry = readdir(dir))) {
		const char *size = entry->d_name + strlen(head);
		const char *end = strstr(entry->d_name, tail);

		if (strncmp(entry->d_name, head, strlen(head)) != 0 || !end || end <= size ||
		    strcmp(end, tail) != 0 || memchr(size, '.', (size_t)(end - size)))
			continue;
		if (add_page_size(r, s, size, (size_t)(end - size)) < 0)
			return -ENOMEM;
	}
	return 0;
}

typedef int (*part)(struct reader *r, struct lc_stats *s);

static const part brief[] = { read_pids, read_cpu, read_memory, read_io };
static const part rest[] = { read_cpuset, read_memory_more, read_rdma, read_hugetlb };

static int read_parts(int cgroup, const part *parts, size_t n, struct arena *arena,
		      struct lc_stats *s, struct err *e)
{
	struct reader r;

	r.cgroup = cgroup;
	r.arena = arena;
	r.text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		if (parts[i](&r, s) < 0)
			return err_nomem(e);
	return 0;
}

int lc_cgroup_stats(int cgroup, enum lc_detail detail, struct arena *arena, struct lc_stats *ret,
		    struct err *e)
{
	struct lc_stats s = {};
	int r;

	if (faccessat(cgroup, "cgroup.procs", F_OK, 0) < 0)
		return err_kind(e, ERR_NOTFOUND, "cgroup does not exist");
	r = read_parts(cgroup, brief, ARRAY_SIZE(brief), arena, &s, e);
	if (r == 0 && detail == LC_ALL)
		r = read_parts(cgroup, rest, ARRAY_SIZE(rest), arena, &s, e);
	if (r == 0)
		*ret = s;
	return r;
}
