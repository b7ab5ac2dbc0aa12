/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as the value of mount option idmap=: it is understood or refused with a text; what was
 * understood has maps of both kinds without empty ranges, and means the same when it is written out. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "host/idmap_option.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct spec_id_map ranges[] = { { 0, 1000, 1 }, { 1, 100000, 65536 }, { 70000, 7, 10 } };

static const struct spec container = {
	.linux_ = {
		.uid_mappings = { ranges, ARRAY_SIZE(ranges) },
		.gid_mappings = { ranges + 1, 2 },
	},
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void write_ranges(const char *word, const spec_id_maps *maps, struct buf *out)
{
	require(maps->n > 0);
	for (size_t i = 0; i < maps->n; i++) {
		require(maps->items[i].size > 0);
		buf_fmt(out, "%s%u-%u-%u", i == 0 ? word : "#", maps->items[i].container_id,
			maps->items[i].host_id, maps->items[i].size);
	}
}

static void require_same(const spec_id_maps *a, const spec_id_maps *b)
{
	require(a->n == b->n && memcmp(a->items, b->items, a->n * sizeof(*a->items)) == 0);
}

static void must_survive_writing(const struct spec_mount *m, struct arena *arena)
{
	_cleanup_buf_ struct buf text = { 0 };
	struct spec_mount again = { 0 };
	struct err e = { 0 };

	write_ranges("uids=", &m->uid_mappings, &text);
	write_ranges(";gids=", &m->gid_mappings, &text);
	require(buf_ok(&text) == 0);
	require(idmap_option_parse(text.data, &container, &again, arena, &e) == 0);
	require_same(&m->uid_mappings, &again.uid_mappings);
	require_same(&m->gid_mappings, &again.gid_mappings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	char *text = arena_strndup(arena, (const char *)data, size);
	struct spec_mount m = { 0 };
	struct err e = { 0 };

	if (text && idmap_option_parse(text, &container, &m, arena, &e) == 0)
		must_survive_writing(&m, arena);
	else if (text)
		require(strstr(e.msg, "idmap=") != NULL);
	return 0;
}
