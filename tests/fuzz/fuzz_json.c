/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as JSON: decoding never crashes, and what decodes without a problem is written and
 * decodes again to the same text. The first byte says whether problems are collected. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"

struct node {
	const char *name, *any;
	bool flag, has_flag;
	int64_t number;
	uint64_t large, kind;
	uint32_t small;
	struct json_array strings, numbers, nodes, keyed;
	struct json_array map;
	struct node *inner;
};

static const struct name_value kinds[] = {
	{ .name = "one", .value = 1 },
	{ .name = "two", .value = 2 },
};

static const struct json_field fields[] = {
	JSON_FIELD("s", J_STRING, struct node, name, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("a", J_ANY, struct node, any, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("b", J_BOOL, struct node, flag, .has_offset = offsetof(struct node, has_flag)),
	JSON_FIELD("i", J_I64, struct node, number, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("u", J_U64, struct node, large, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("e", J_ENUM, struct node, kind, .names = kinds, .n_names = ARRAY_SIZE(kinds),
		   .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("w", J_U32, struct node, small, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("S", J_ARRAY, struct node, strings, .elem = J_STRING, .size = sizeof(char *),
		   .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("I", J_ARRAY, struct node, numbers, .elem = J_I64, .size = sizeof(int64_t),
		   .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("N", J_ARRAY, struct node, nodes, .elem = J_OBJECT, .fields = fields,
		   .size = sizeof(struct node), .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("K", J_KEYED, struct node, keyed, .fields = &fields[1],
		   .size = sizeof(struct node), .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("M", J_MAP, struct node, map, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("P", J_OBJECT, struct node, inner, .fields = fields, .flags = JSON_PTR,
		   .size = sizeof(struct node)),
	{},
};

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

struct document {
	const char *text;
	size_t len, problems;
};

/* Each problem must name a place that can be looked up. */
static int locate_problem(void *data, const struct err *e)
{
	struct document *d = data;
	unsigned line, column;

	require(json_locate(d->text, d->len, e->where, &line, &column) == 0, "place not found");
	require(line > 0 && column > 0, "no line or column");
	d->problems++;
	return 0;
}

static void round_trip(const struct node *node)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_buf_ struct buf once = {}, twice = {};
	struct node back = {};
	struct err e;

	require(json_encode(fields, node, 0, &once, &e) == 0, "cannot encode");
	require(json_decode(fields, &back, once.data, once.len, arena, NULL, &e) == 0,
		"cannot decode what was encoded");
	require(json_encode(fields, &back, 0, &twice, &e) == 0, "cannot encode again");
	require(strcmp(once.data, twice.data) == 0, "encoded differently");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct document document = { .text = (const char *)data + 1, .len = size - 1 };
	struct json_options collect = { .problem = locate_problem, .data = &document };
	struct arena *arena;
	struct node node = {};
	struct err e = {};

	if (size == 0)
		return 0;
	arena = arena_new();
	if (json_decode(fields, &node, document.text, document.len, arena,
			data[0] & 1 ? &collect : NULL, &e) < 0)
		require(e.kind != ERR_NONE, "an error without a kind");
	else if (document.problems == 0)
		round_trip(&node);
	arena_free(arena);
	return 0;
}
