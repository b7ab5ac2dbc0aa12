/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of network interfaces, as /proc/PID/net/dev has them. */
#include "host/network_stats.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "base/num.h"

#define TEXT_SIZE 32768 /* a line has about 120 bytes */
#define BLANKS " \t"

/* The columns: received, then sent; 0 is one that nobody asks for. */
static const size_t columns[] = {
	offsetof(struct lc_network, rx_bytes),
	offsetof(struct lc_network, rx_packets),
	offsetof(struct lc_network, rx_errors),
	offsetof(struct lc_network, rx_dropped),
	0,
	0,
	0,
	0,
	offsetof(struct lc_network, tx_bytes),
	offsetof(struct lc_network, tx_packets),
	offsetof(struct lc_network, tx_errors),
	offsetof(struct lc_network, tx_dropped),
};

/* "  eth0: 1 2 3 ..."; the two lines of the title have no colon. */
static bool parse_line(char *line, struct lc_network *ret)
{
	char *words = strchr(line, ':'), *word, *save = NULL;

	if (!words)
		return false;
	*words++ = '\0';
	*ret = (struct lc_network){ .name = line + strspn(line, BLANKS) };
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		uint64_t n;

		word = strtok_r(i ? NULL : words, BLANKS, &save);
		if (!word || num_parse_u64(word, &n) < 0)
			return false;
		if (columns[i])
			*(uint64_t *)((char *)ret + columns[i]) = n;
	}
	return true;
}

int network_stats_read(pid_t pid, struct arena *arena, struct lc_stats *ret)
{
	char path[64], text[TEXT_SIZE], *lines, *line;
	struct lc_network *items = NULL, one;
	size_t n = 0, cap = 0;
	ssize_t size;

	fmt_str(path, sizeof(path), "/proc/%d/net/dev", (int)pid);
	size = file_read_buf(AT_FDCWD, path, text, sizeof(text));
	if (size < 0)
		return (int)size;
	lines = arena_strdup(arena, text);
	if (!lines)
		return -ENOMEM;
	while ((line = strsep(&lines, "\n"))) {
		if (!parse_line(line, &one))
			continue;
		items = arena_grow(arena, items, &cap, n + 1, sizeof(*items));
		if (!items)
			return -ENOMEM;
		items[n++] = one;
	}
	ret->networks.items = items;
	ret->networks.n = n;
	return 0;
}
