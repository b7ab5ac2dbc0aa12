/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values into C: one row per type, one function per way to store. */
#include "base/json_value.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/fmt.h"
#include "base/num.h"

/* What an error repeats of the file at most. */
#define MAX_SHOWN 80
#define MAX_LISTED_NAMES 12

struct type {
	const char *name;
	unsigned found; /* the JSON values it may come from */
	int (*store)(const struct type *type, const struct json_field *row,
		     const struct json_value *v, struct arena *arena, void *slot, struct err *e);
	int64_t min; /* of integers, with their size */
	uint64_t max;
	size_t size;
};

static int shown(const struct json_value *v)
{
	return (int)(v->len < MAX_SHOWN ? v->len : MAX_SHOWN);
}

static int store_bool(const struct type *type, const struct json_field *row,
		      const struct json_value *v, struct arena *arena, void *slot, struct err *e)
{
	(void)type, (void)row, (void)arena, (void)e; /* nothing can be wrong with a boolean */
	*(bool *)slot = v->truth;
	return 0;
}

/* Reads a JSON integer; its two's complement goes to *ret. */
static int parse_integer(const struct json_value *v, const struct type *type, uint64_t *ret)
{
	char digits[24]; /* the longest in range have 20 characters, JSON has no leading zeros */
	int64_t negative = 0;
	int r;

	if (v->len >= sizeof(digits))
		return -ERANGE;
	memcpy(digits, v->text, v->len);
	digits[v->len] = '\0';
	if (digits[0] != '-') {
		r = num_parse_u64(digits, ret);
		return r == 0 && *ret > type->max ? -ERANGE : r;
	}
	r = num_parse_i64(digits, &negative);
	*ret = (uint64_t)negative;
	return r == 0 && negative < type->min ? -ERANGE : r;
}

static bool is_integer(const struct json_value *v)
{
	for (size_t i = 0; i < v->len; i++)
		if (strchr(".eE", v->text[i]))
			return false;
	return true;
}

static int store_integer(const struct type *type, const struct json_field *row,
			 const struct json_value *v, struct arena *arena, void *slot, struct err *e)
{
	uint64_t value = 0;

	(void)row, (void)arena; /* the type says it all */
	if (!is_integer(v))
		return err_bad(e, "", "expected integer, found %.*s", shown(v), v->text);
	if (parse_integer(v, type, &value) < 0)
		return err_bad(e, "", "%.*s is not in the range %lld to %llu", shown(v), v->text,
			       (long long)type->min, (unsigned long long)type->max);
	if (type->size == sizeof(uint32_t))
		*(uint32_t *)slot = (uint32_t)value;
	else
		*(uint64_t *)slot = value;
	return 0;
}

static int store_string(const struct type *type, const struct json_field *row,
			const struct json_value *v, struct arena *arena, void *slot, struct err *e)
{
	const char *copy;

	(void)type;
	if (memchr(v->text, '\0', v->len))
		return err_bad(e, "", "contains a NUL character");
	if (row->type == J_STRING && row->flags & JSON_NONEMPTY && v->len == 0)
		return err_bad(e, "", "must not be empty");
	copy = arena_strndup(arena, v->text, v->len);
	if (!copy)
		return err_nomem(e);
	*(const char **)slot = copy;
	return 0;
}

static int unknown_name(const struct json_field *row, const struct json_value *v, struct err *e)
{
	char names[256] = "";
	size_t len = 0;

	if (row->n_names <= MAX_LISTED_NAMES)
		for (size_t i = 0; i < row->n_names; i++)
			len += fmt_str(names + len, sizeof(names) - len, "%s%s",
				       i ? ", " : "; known are ", row->names[i].name);
	return err_bad(e, "", "unknown value \"%.*s\"%s", shown(v), v->text, names);
}

static int store_enum(const struct type *type, const struct json_field *row,
		      const struct json_value *v, struct arena *arena, void *slot, struct err *e)
{
	(void)type, (void)arena; /* names have no range, values no text */
	for (size_t i = 0; i < row->n_names; i++) {
		const char *name = row->names[i].name;

		if (strlen(name) == v->len && memcmp(name, v->text, v->len) == 0) {
			*(uint64_t *)slot = row->names[i].value;
			return 0;
		}
	}
	return unknown_name(row, v, e);
}

static const struct type types[] = {
	[J_BOOL] = { .name = "boolean", .found = FOUND_BOOL, .store = store_bool },
	[J_I64] = { .name = "integer",
		    .found = FOUND_NUMBER,
		    .store = store_integer,
		    .min = INT64_MIN,
		    .max = INT64_MAX,
		    .size = sizeof(int64_t) },
	[J_U64] = { .name = "integer",
		    .found = FOUND_NUMBER,
		    .store = store_integer,
		    .min = 0,
		    .max = UINT64_MAX,
		    .size = sizeof(uint64_t) },
	[J_I32] = { .name = "integer",
		    .found = FOUND_NUMBER,
		    .store = store_integer,
		    .min = INT32_MIN,
		    .max = INT32_MAX,
		    .size = sizeof(int32_t) },
	[J_U32] = { .name = "integer",
		    .found = FOUND_NUMBER,
		    .store = store_integer,
		    .min = 0,
		    .max = UINT32_MAX,
		    .size = sizeof(uint32_t) },
	[J_STRING] = { .name = "string", .found = FOUND_STRING, .store = store_string },
	[J_ENUM] = { .name = "string", .found = FOUND_STRING, .store = store_enum },
	[J_OBJECT] = { .name = "object", .found = FOUND_OBJECT },
	[J_ARRAY] = { .name = "array", .found = FOUND_ARRAY },
	[J_MAP] = { .name = "object", .found = FOUND_OBJECT },
	[J_KEYED] = { .name = "object", .found = FOUND_OBJECT },
	[J_ANY] = { .name = "value", .found = ~0u },
};

const char *json_value_found(enum json_found found)
{
	static const struct name_value names[] = {
		{ .name = "null", .value = FOUND_NULL },
		{ .name = "boolean", .value = FOUND_BOOL },
		{ .name = "number", .value = FOUND_NUMBER },
		{ .name = "string", .value = FOUND_STRING },
		{ .name = "object", .value = FOUND_OBJECT },
		{ .name = "array", .value = FOUND_ARRAY },
	};

	return MAP_NAME(names, found);
}

const char *json_value_expected(enum json_type type)
{
	return types[type].name;
}

bool json_value_fits(enum json_type type, enum json_found found)
{
	return types[type].found & found;
}

int json_value_store(enum json_type type, const struct json_field *row, const struct json_value *v,
		     struct arena *arena, void *slot, struct err *e)
{
	return types[type].store(&types[type], row, v, arena, slot, e);
}
