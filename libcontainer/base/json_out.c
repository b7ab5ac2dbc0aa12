/* SPDX-License-Identifier: Apache-2.0 */
/* JSON from structs and by hand, over yajl's generator. Two things are ours: an object or array is
 * opened only when something comes into it (the generator would break the line inside an empty
 * one), and every string must be valid UTF-8. The first failure sticks. */
#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "base/fmt.h"
#include "base/utf8.h"

#define MAX_INDENT 8

struct json_writer {
	yajl_gen gen;
	struct buf text;
	char indent[MAX_INDENT + 1];
	char open[JSON_MAX_DEPTH]; /* '{' or '[', outermost first */
	unsigned depth;
	bool pending; /* the innermost of them is not written yet */
	struct err failure;
};

static void print(void *ctx, const char *text, size_t len)
{
	buf_add(&((struct json_writer *)ctx)->text, text, len);
}

struct json_writer *json_writer_new(unsigned indent)
{
	struct json_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->gen = yajl_gen_alloc(NULL);
	if (!w->gen) {
		free(w);
		return NULL;
	}
	memset(w->indent, ' ', indent < MAX_INDENT ? indent : MAX_INDENT);
	yajl_gen_config(w->gen, yajl_gen_beautify, indent > 0);
	yajl_gen_config(w->gen, yajl_gen_indent_string, w->indent);
	yajl_gen_config(w->gen, yajl_gen_print_callback, print, w);
	return w;
}

static void fail(struct json_writer *w, const char *text)
{
	if (w->failure.kind == ERR_NONE)
		err_kind(&w->failure, ERR_INVALID, "JSON output: %s", text);
}

/* The generator refuses values without keys and a second document. */
static void check(struct json_writer *w, yajl_gen_status status)
{
	if (status != yajl_gen_status_ok)
		fail(w, "value out of place");
}

static void flush_open(struct json_writer *w)
{
	if (!w->pending)
		return;
	w->pending = false;
	check(w, w->open[w->depth - 1] == '{' ? yajl_gen_map_open(w->gen)
					      : yajl_gen_array_open(w->gen));
}

/* A value given as it is to stand in the text: the generator copies numbers unread. */
static void put_raw(struct json_writer *w, const char *text)
{
	flush_open(w);
	check(w, yajl_gen_number(w->gen, text, strlen(text)));
}

static void put_string(struct json_writer *w, const char *s)
{
	size_t len = strlen(s);

	flush_open(w);
	if (utf8_valid_prefix(s, len) < len)
		fail(w, "invalid UTF-8 in a string");
	else
		check(w, yajl_gen_string(w->gen, (const unsigned char *)s, len));
}

static void open_container(struct json_writer *w, char kind)
{
	flush_open(w);
	if (w->depth == sizeof(w->open))
		return fail(w, "nested too deep");
	w->open[w->depth++] = kind;
	w->pending = true;
}

static void close_container(struct json_writer *w, char kind)
{
	if (w->depth == 0 || w->open[w->depth - 1] != kind)
		return fail(w, "closed what is not open");
	w->depth--;
	if (!w->pending) {
		check(w, kind == '{' ? yajl_gen_map_close(w->gen) : yajl_gen_array_close(w->gen));
		return;
	}
	w->pending = false;
	put_raw(w, kind == '{' ? "{}" : "[]");
}

void json_open_object(struct json_writer *w)
{
	open_container(w, '{');
}

void json_close_object(struct json_writer *w)
{
	close_container(w, '{');
}

void json_open_array(struct json_writer *w)
{
	open_container(w, '[');
}

void json_close_array(struct json_writer *w)
{
	close_container(w, '[');
}

void json_key(struct json_writer *w, const char *key)
{
	put_string(w, key);
}

void json_str(struct json_writer *w, const char *value)
{
	if (value)
		put_string(w, value);
	else
		put_raw(w, "null");
}

void json_i64(struct json_writer *w, int64_t value)
{
	char digits[24];

	fmt_str(digits, sizeof(digits), "%lld", (long long)value);
	put_raw(w, digits);
}

void json_u64(struct json_writer *w, uint64_t value)
{
	char digits[24];

	fmt_str(digits, sizeof(digits), "%llu", (unsigned long long)value);
	put_raw(w, digits);
}

void json_hundredths(struct json_writer *w, uint32_t value)
{
	char digits[16];

	fmt_str(digits, sizeof(digits), "%u.%u%u", value / 100, value / 10 % 10, value % 10);
	put_raw(w, digits);
}

void json_bool(struct json_writer *w, bool value)
{
	put_raw(w, value ? "true" : "false");
}

static void put_enum(struct json_writer *w, const struct json_field *row, uint64_t value)
{
	const char *name = map_name(row->names, row->n_names, value);

	if (name)
		put_string(w, name);
	else
		fail(w, "value without a name");
}

static void put_value(struct json_writer *w, const struct json_field *row, enum json_type type,
		      const void *slot);

static void put_array(struct json_writer *w, const struct json_field *row,
		      const struct json_array *array)
{
	json_open_array(w);
	for (size_t i = 0; i < array->n; i++)
		put_value(w, row, row->elem, (const char *)array->items + i * row->size);
	json_close_array(w);
}

void json_pairs(struct json_writer *w, const struct json_pair *pairs, size_t n)
{
	json_open_object(w);
	for (size_t i = 0; i < n; i++) {
		json_key(w, pairs[i].key);
		json_str(w, pairs[i].value);
	}
	json_close_object(w);
}

/* The key is the first member of an item. */
static void put_keyed(struct json_writer *w, const struct json_field *row,
		      const struct json_array *map)
{
	json_open_object(w);
	for (size_t i = 0; i < map->n; i++) {
		const char *item = (const char *)map->items + i * row->size;

		json_key(w, *(const char *const *)item);
		json_object(w, row->fields, item);
	}
	json_close_object(w);
}

static void put_value(struct json_writer *w, const struct json_field *row, enum json_type type,
		      const void *slot)
{
	const struct json_array *array = slot; /* of those types that are one */

	switch (type) {
	case J_BOOL:
		return json_bool(w, *(const bool *)slot);
	case J_I64:
		return json_i64(w, *(const int64_t *)slot);
	case J_U64:
		return json_u64(w, *(const uint64_t *)slot);
	case J_I32:
		return json_i64(w, *(const int32_t *)slot);
	case J_U32:
		return json_u64(w, *(const uint32_t *)slot);
	case J_STRING:
		return json_str(w, *(const char *const *)slot);
	case J_ENUM:
		return put_enum(w, row, *(const uint64_t *)slot);
	case J_OBJECT:
		return json_object(w, row->fields, slot);
	case J_ARRAY:
		return put_array(w, row, array);
	case J_MAP:
		return json_pairs(w, array->items, array->n);
	case J_KEYED:
		return put_keyed(w, row, array);
	case J_ANY:
		slot = *(const char *const *)slot;
		return put_raw(w, slot ? slot : "null");
	}
}

static bool is_omitted(const struct json_field *row, const char *base);

/* 0, false, NULL, an empty array or map, an object all of whose properties are omitted. */
static bool is_empty(const struct json_field *row, const char *slot)
{
	switch (row->type) {
	case J_BOOL:
		return !*(const bool *)slot;
	case J_I64:
	case J_U64:
	case J_ENUM:
		return *(const uint64_t *)slot == 0;
	case J_I32:
	case J_U32:
		return *(const uint32_t *)slot == 0;
	case J_STRING:
	case J_ANY:
		return *(const char *const *)slot == NULL;
	case J_ARRAY:
	case J_MAP:
	case J_KEYED:
		return ((const struct json_array *)slot)->n == 0;
	case J_OBJECT:
		break;
	}
	for (const struct json_field *f = row->fields; f->name; f++)
		if (!is_omitted(f, slot))
			return false;
	return true;
}

static bool is_omitted(const struct json_field *row, const char *base)
{
	if (row->has_offset)
		return !*(const bool *)(base + row->has_offset);
	if (row->flags & JSON_PTR)
		return *(void *const *)(base + row->offset) == NULL;
	return row->flags & JSON_OMIT_EMPTY && is_empty(row, base + row->offset);
}

void json_object(struct json_writer *w, const struct json_field *fields, const void *object)
{
	const char *base = object;

	json_open_object(w);
	for (const struct json_field *f = fields; f->name; f++) {
		const void *slot = base + f->offset;

		if (f->flags & JSON_UNSUPPORTED || is_omitted(f, base))
			continue;
		json_key(w, f->name);
		put_value(w, f, f->type, f->flags & JSON_PTR ? *(void *const *)slot : slot);
	}
	json_close_object(w);
}

static void writer_free(struct json_writer *w)
{
	yajl_gen_free(w->gen);
	buf_done(&w->text);
	free(w);
}

int json_writer_finish(struct json_writer *w, struct buf *out, struct err *e)
{
	int r = 0;

	if (buf_ok(&w->text) < 0)
		r = err_nomem(e);
	else if (w->depth > 0 || w->text.len == 0)
		fail(w, "unfinished");
	if (r == 0 && w->failure.kind != ERR_NONE) {
		*e = w->failure;
		r = err_errno(e);
	}
	if (r == 0) {
		buf_add(out, w->text.data, w->text.len);
		if (buf_ok(out) < 0)
			r = err_nomem(e);
	}
	writer_free(w);
	return r;
}

int json_encode(const struct json_field *fields, const void *object, unsigned indent,
		struct buf *out, struct err *e)
{
	struct json_writer *w = json_writer_new(indent);

	if (!w)
		return err_nomem(e);
	json_object(w, fields, object);
	return json_writer_finish(w, out, e);
}
