/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding structs and writing JSON by hand. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"

struct small {
	const char *name;
	uint32_t size;
};

struct thing {
	bool flag, has_flag;
	int64_t i64;
	uint64_t u64, kind;
	int32_t i32;
	uint32_t u32;
	const char *text, *any;
	struct small inner, empty, *pointed;
	struct {
		const char **items;
		size_t n;
	} strings;
	struct {
		struct small *items;
		size_t n;
	} keyed;
	struct {
		struct json_pair *items;
		size_t n;
	} map;
};

static const struct name_value kind_names[] = {
	{ .name = "one", .value = 1 },
	{ .name = "two", .value = 2 },
};

static const struct json_field small_fields[] = {
	JSON_FIELD("name", J_STRING, struct small, name, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("size", J_U32, struct small, size, .flags = JSON_OMIT_EMPTY),
	{},
};

static const struct json_field keyed_fields[] = {
	JSON_FIELD("size", J_U32, struct small, size),
	{},
};

static const struct json_field fields[] = {
	JSON_FIELD("flag", J_BOOL, struct thing, flag,
		   .has_offset = offsetof(struct thing, has_flag)),
	JSON_FIELD("i64", J_I64, struct thing, i64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("u64", J_U64, struct thing, u64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("i32", J_I32, struct thing, i32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("u32", J_U32, struct thing, u32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("kind", J_ENUM, struct thing, kind, .names = kind_names, .n_names = 2,
		   .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("text", J_STRING, struct thing, text),
	JSON_FIELD("any", J_ANY, struct thing, any, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("inner", J_OBJECT, struct thing, inner, .fields = small_fields),
	JSON_FIELD("empty", J_OBJECT, struct thing, empty, .fields = small_fields,
		   .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("pointed", J_OBJECT, struct thing, pointed, .fields = small_fields,
		   .flags = JSON_PTR, .size = sizeof(struct small)),
	JSON_FIELD("strings", J_ARRAY, struct thing, strings, .elem = J_STRING,
		   .size = sizeof(char *)),
	JSON_FIELD("keyed", J_KEYED, struct thing, keyed, .fields = keyed_fields,
		   .size = sizeof(struct small), .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("map", J_MAP, struct thing, map, .flags = JSON_OMIT_EMPTY),
	{},
};

static const char *strings[] = { "a", "\"\\\n\t\x01/\xc3\xa9" };
static struct json_pair pairs[] = { { "k", "v" }, { "l", "" } };
static struct small keyed[] = { { "eth0", 1 }, { "eth1", 0 } };
static struct small pointed = { .name = "p" };

static const struct thing full = {
	.flag = false,
	.has_flag = true,
	.i64 = INT64_MIN,
	.u64 = UINT64_MAX,
	.i32 = -1,
	.u32 = UINT32_MAX,
	.kind = 2,
	.text = "t",
	.any = "{\"raw\":[1.50]}",
	.inner = { .name = "i", .size = 3 },
	.pointed = &pointed,
	.strings = { strings, 2 },
	.keyed = { keyed, 2 },
	.map = { pairs, 2 },
};

static const char *encoded(const struct thing *t, unsigned indent)
{
	static struct buf out;
	struct err e;

	buf_done(&out);
	cr_assert_eq(json_encode(fields, t, indent, &out, &e), 0, "%s", e.msg);
	return out.data;
}

Test(json_out, every_type_is_written_in_the_order_of_the_table)
{
	cr_assert_str_eq(encoded(&full, 0),
			 "{\"flag\":false,\"i64\":-9223372036854775808,"
			 "\"u64\":18446744073709551615,\"i32\":-1,\"u32\":4294967295,"
			 "\"kind\":\"two\",\"text\":\"t\",\"any\":{\"raw\":[1.50]},"
			 "\"inner\":{\"name\":\"i\",\"size\":3},\"pointed\":{\"name\":\"p\"},"
			 "\"strings\":[\"a\",\"\\\"\\\\\\n\\t\\u0001/\xc3\xa9\"],"
			 "\"keyed\":{\"eth0\":{\"size\":1},\"eth1\":{\"size\":0}},"
			 "\"map\":{\"k\":\"v\",\"l\":\"\"}}");
}

Test(json_out, what_is_empty_or_absent_is_left_out_only_when_asked)
{
	struct thing zero = {};

	cr_assert_str_eq(encoded(&zero, 0), "{\"text\":null,\"inner\":{},\"strings\":[]}");
}

Test(json_out, indented_text_looks_like_that_of_jq)
{
	struct thing t = { .text = "x", .inner = { .name = "i" } };

	t.map.items = pairs;
	t.map.n = 1;
	cr_assert_str_eq(encoded(&t, 2), "{\n"
					 "  \"text\": \"x\",\n"
					 "  \"inner\": {\n"
					 "    \"name\": \"i\"\n"
					 "  },\n"
					 "  \"strings\": [],\n"
					 "  \"map\": {\n"
					 "    \"k\": \"v\"\n"
					 "  }\n"
					 "}\n");
}

Test(json_out, what_was_written_decodes_to_the_same)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	for (unsigned indent = 0; indent <= 8; indent += 4) {
		_cleanup_free_ char *once = strdup(encoded(&full, indent));
		struct thing back = {};
		struct err e;

		cr_assert_eq(json_decode(fields, &back, once, strlen(once), arena, NULL, &e), 0,
			     "%s: %s", e.where, e.msg);
		cr_assert_str_eq(encoded(&back, indent), once);
	}
}

static void expect_refused(const struct thing *t, const char *why)
{
	_cleanup_buf_ struct buf out = {};
	struct err e;

	cr_expect_eq(json_encode(fields, t, 0, &out, &e), -EINVAL);
	cr_expect(strstr(e.msg, why), "%s", e.msg);
	cr_expect_eq(out.len, 0);
}

Test(json_out, invalid_utf8_is_refused_in_values_and_keys)
{
	struct json_pair bad = { "\xff", "x" };
	struct thing t = { .text = "a\xc0\x80" };

	expect_refused(&t, "invalid UTF-8");
	t.text = "fine";
	t.map.items = &bad;
	t.map.n = 1;
	expect_refused(&t, "invalid UTF-8");
}

Test(json_out, a_value_without_a_name_is_refused)
{
	struct thing t = { .kind = 3 };

	expect_refused(&t, "without a name");
}

Test(json_out, encoding_appends)
{
	_cleanup_buf_ struct buf out = {};
	struct thing zero = {};
	struct err e;

	buf_str(&out, "state=");
	cr_assert_eq(json_encode(fields, &zero, 0, &out, &e), 0);
	cr_assert_str_eq(out.data, "state={\"text\":null,\"inner\":{},\"strings\":[]}");
}

Test(json_out, free_form_output_nests)
{
	struct json_writer *w = json_writer_new(0);
	_cleanup_buf_ struct buf out = {};
	struct err e;

	json_open_object(w);
	json_key(w, "list");
	json_open_array(w);
	json_str(w, "a");
	json_str(w, NULL);
	json_i64(w, -1);
	json_u64(w, UINT64_MAX);
	json_bool(w, true);
	json_open_object(w);
	json_close_object(w);
	json_object(w, small_fields, &pointed);
	json_close_array(w);
	json_close_object(w);
	cr_assert_eq(json_writer_finish(w, &out, &e), 0);
	cr_assert_str_eq(out.data, "{\"list\":[\"a\",null,-1,18446744073709551615,true,{},"
				   "{\"name\":\"p\"}]}");
}

static void no_key(struct json_writer *w)
{
	json_open_object(w);
	json_i64(w, 1);
	json_close_object(w);
}

static void wrong_close(struct json_writer *w)
{
	json_open_object(w);
	json_close_array(w);
}

static void never_closed(struct json_writer *w)
{
	json_open_array(w);
}

static void closed_in_part(struct json_writer *w)
{
	json_open_array(w);
	json_i64(w, 1);
}

static void nothing(struct json_writer *w)
{
	(void)w; /* that is the mistake */
}

static void two_documents(struct json_writer *w)
{
	json_open_array(w);
	json_close_array(w);
	json_bool(w, true);
}

Test(json_out, what_is_no_document_is_refused)
{
	static void (*const mistakes[])(struct json_writer *) = {
		no_key, wrong_close, never_closed, closed_in_part, nothing, two_documents,
	};

	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		struct json_writer *w = json_writer_new(2);
		_cleanup_buf_ struct buf out = {};
		struct err e;

		mistakes[i](w);
		cr_expect_eq(json_writer_finish(w, &out, &e), -EINVAL, "mistake %zu", i);
		cr_expect_eq(out.len, 0);
	}
}
