/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of resctrl: the kernel's Documentation/arch/x86/resctrl.rst. */
#include "host/intelrdt_stats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "base/num.h"

#define SCHEMATA_SIZE 4096

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* "    L3:0=ff;1=ff" and "    MB:0=100", a line each. */
static int read_schemata(int clos, struct arena *arena, struct lc_stats *ret)
{
	char text[SCHEMATA_SIZE], *lines = text, *line;

	if (file_read_buf(clos, "schemata", text, sizeof(text)) < 0)
		return 0;
	while ((line = strsep(&lines, "\n"))) {
		const char **where = NULL;

		line += strspn(line, " ");
		if (strncmp(line, "L3:", 3) == 0)
			where = &ret->rdt.l3_schema;
		else if (strncmp(line, "MB:", 3) == 0)
			where = &ret->rdt.mem_bw_schema;
		if (where && !(*where = arena_strdup(arena, line)))
			return -ENOMEM;
	}
	return 0;
}

static uint64_t read_number(int dir, const char *domain, const char *file)
{
	char path[NAME_MAX + 32], text[32];
	uint64_t n = 0;

	fmt_str(path, sizeof(path), "mon_data/%s/%s", domain, file);
	if (file_read_buf(dir, path, text, sizeof(text)) >= 0)
		(void)num_parse_u64(text, &n); /* "Unavailable" counts as 0 */
	return n;
}

static int by_name(const void *a, const void *b)
{
	const struct lc_rdt_domain *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* mon_L3_00, mon_L3_01: one for each cache. */
static int read_domains(int group, struct arena *arena, struct lc_stats *ret)
{
	int fd = openat(group, "mon_data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	size_t cap = 0;

	if (!dir) {
		x_close(fd);
		return 0;
	}
	while ((entry = readdir(dir))) {
		struct lc_rdt_domain *grown, d = {};

		if (strncmp(entry->d_name, "mon_L3_", 7) != 0)
			continue;
		d.name = arena_strdup(arena, entry->d_name);
		grown = arena_grow(arena, ret->rdt.domains, &cap, ret->rdt.n + 1, sizeof(*grown));
		if (!d.name || !grown)
			return -ENOMEM;
		d.llc_occupancy = read_number(group, d.name, "llc_occupancy");
		d.mbm_total_bytes = read_number(group, d.name, "mbm_total_bytes");
		d.mbm_local_bytes = read_number(group, d.name, "mbm_local_bytes");
		grown[ret->rdt.n++] = d;
		ret->rdt.domains = grown;
	}
	if (ret->rdt.n)
		qsort(ret->rdt.domains, ret->rdt.n, sizeof(*ret->rdt.domains), by_name);
	return 0;
}

int intelrdt_stats_read(int clos, int monitor, struct arena *arena, struct lc_stats *ret)
{
	int r = clos >= 0 ? read_schemata(clos, arena, ret) : 0;

	if (r < 0 || (clos < 0 && monitor < 0))
		return r;
	return read_domains(monitor >= 0 ? monitor : clos, arena, ret);
}
