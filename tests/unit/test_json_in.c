/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding JSON by descriptor tables. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/json.h"

struct item {
	const char *name;
	uint32_t size;
	struct {
		int64_t *items;
		size_t n;
	} numbers;
};

struct thing {
	bool flag, has_flag, has_any;
	int64_t i64;
	uint64_t u64, kind;
	int32_t i32;
	uint32_t u32;
	const char *text, *filled, *any;
	struct item inner, *pointed;
	struct {
		const char **items;
		size_t n;
	} strings;
	struct {
		struct item *items;
		size_t n;
	} objects, keyed;
	struct {
		uint64_t *items;
		size_t n;
	} kinds;
	struct {
		struct json_pair *items;
		size_t n;
	} map;
};

static const struct name_value kind_names[] = {
	{ .name = "one", .value = 1 },
	{ .name = "two", .value = 2 },
};

static const struct json_field item_fields[] = {
	JSON_FIELD("name", J_STRING, struct item, name, .flags = JSON_REQUIRED),
	JSON_FIELD("size", J_U32, struct item, size),
	JSON_FIELD("numbers", J_ARRAY, struct item, numbers, .elem = J_I64,
		   .size = sizeof(int64_t)),
	{},
};

static const struct json_field keyed_fields[] = {
	JSON_FIELD("size", J_U32, struct item, size),
	{},
};

static const struct json_field fields[] = {
	JSON_FIELD("flag", J_BOOL, struct thing, flag,
		   .has_offset = offsetof(struct thing, has_flag)),
	JSON_FIELD("i64", J_I64, struct thing, i64),
	JSON_FIELD("u64", J_U64, struct thing, u64),
	JSON_FIELD("i32", J_I32, struct thing, i32),
	JSON_FIELD("u32", J_U32, struct thing, u32),
	JSON_FIELD("text", J_STRING, struct thing, text),
	JSON_FIELD("filled", J_STRING, struct thing, filled, .flags = JSON_NONEMPTY),
	JSON_FIELD("kind", J_ENUM, struct thing, kind, .names = kind_names, .n_names = 2),
	JSON_FIELD("any", J_ANY, struct thing, any, .has_offset = offsetof(struct thing, has_any)),
	JSON_FIELD("inner", J_OBJECT, struct thing, inner, .fields = item_fields),
	JSON_FIELD("pointed", J_OBJECT, struct thing, pointed, .fields = item_fields,
		   .flags = JSON_PTR, .size = sizeof(struct item)),
	JSON_FIELD("strings", J_ARRAY, struct thing, strings, .elem = J_STRING,
		   .size = sizeof(char *), .flags = JSON_NONEMPTY),
	JSON_FIELD("objects", J_ARRAY, struct thing, objects, .elem = J_OBJECT,
		   .fields = item_fields, .size = sizeof(struct item)),
	JSON_FIELD("keyed", J_KEYED, struct thing, keyed, .fields = keyed_fields,
		   .size = sizeof(struct item)),
	JSON_FIELD("kinds", J_ARRAY, struct thing, kinds, .elem = J_ENUM, .names = kind_names,
		   .n_names = 2, .size = sizeof(uint64_t)),
	JSON_FIELD("map", J_MAP, struct thing, map, .flags = JSON_NONEMPTY),
	JSON_FIELD("later", J_OBJECT, struct thing, inner, .flags = JSON_UNSUPPORTED),
	{},
};

static struct thing thing;
static struct arena *arena;
static struct err e;

static void set_up(void)
{
	arena = arena_new();
}

static void tear_down(void)
{
	arena = arena_free(arena);
}

TestSuite(json_in, .init = set_up, .fini = tear_down, .timeout = 20);

static int decode_bytes(const char *text, size_t len)
{
	/* Without a terminator behind it, reading too far is noticed by the sanitizers. */
	char *copy = malloc(len ? len : 1);
	int r;

	memcpy(copy, text, len);
	thing = (struct thing){};
	r = json_decode(fields, &thing, copy, len, arena, NULL, &e);
	free(copy);
	return r;
}

static void decodes(const char *text)
{
	cr_assert_eq(decode_bytes(text, strlen(text)), 0, "%s: %s: %s", text, e.where, e.msg);
}

static void refuses(const char *text, const char *where, const char *msg)
{
	cr_expect_lt(decode_bytes(text, strlen(text)), 0, "%s", text);
	cr_expect_str_eq(e.where, where, "%s: place is %s", text, e.where);
	cr_expect(strstr(e.msg, msg), "%s: message is %s", text, e.msg);
}

Test(json_in, every_scalar_reaches_its_member)
{
	decodes("{\"flag\":true,\"i64\":-5,\"u64\":6,\"i32\":-7,"
		"\"u32\":8,\"text\":\"nine\",\"kind\":\"two\"}");
	cr_assert(thing.flag && thing.has_flag);
	cr_assert(thing.i64 == -5 && thing.u64 == 6 && thing.i32 == -7 && thing.u32 == 8);
	cr_assert_str_eq(thing.text, "nine");
	cr_assert_eq(thing.kind, 2);
}

Test(json_in, order_and_blanks_do_not_matter)
{
	decodes(" \n\t{ \"u32\" : 8 ,\r\n \"flag\" : false , \"i64\" : 1 } \n");
	cr_assert(!thing.flag && thing.has_flag && thing.u32 == 8 && thing.i64 == 1);
}

Test(json_in, absence_is_told_from_zero)
{
	decodes("{}");
	cr_assert(!thing.has_flag && !thing.pointed && !thing.text);
	decodes("{\"flag\":null,\"pointed\":null,\"strings\":null,\"map\":null,\"any\":null}");
	cr_assert(!thing.has_flag && !thing.pointed && !thing.strings.n && !thing.has_any);
}

Test(json_in, integers_reach_the_limits_of_their_types)
{
	decodes("{\"i64\":-9223372036854775808,\"u64\":18446744073709551615,"
		"\"i32\":-2147483648,\"u32\":4294967295}");
	cr_assert(thing.i64 == INT64_MIN && thing.u64 == UINT64_MAX);
	cr_assert(thing.i32 == INT32_MIN && thing.u32 == UINT32_MAX);
	decodes("{\"i64\":9223372036854775807,\"i32\":2147483647}");
	cr_assert(thing.i64 == INT64_MAX && thing.i32 == INT32_MAX);
}

Test(json_in, integers_beyond_the_limits_are_refused)
{
	refuses("{\"i64\":9223372036854775808}", "i64", "not in the range");
	refuses("{\"i64\":-9223372036854775809}", "i64", "not in the range");
	refuses("{\"u64\":18446744073709551616}", "u64", "not in the range");
	refuses("{\"u64\":-1}", "u64", "-1 is not in the range 0 to 18446744073709551615");
	refuses("{\"i32\":2147483648}", "i32", "-2147483648 to 2147483647");
	refuses("{\"u32\":4294967296}", "u32", "0 to 4294967295");
	refuses("{\"u32\":100000000000000000000000000000}", "u32", "not in the range");
}

Test(json_in, numbers_that_are_no_integers_are_refused)
{
	refuses("{\"u32\":1.5}", "u32", "expected integer, found 1.5");
	refuses("{\"u32\":1e3}", "u32", "expected integer, found 1e3");
	refuses("{\"i64\":1.0000000000000000000000000000}", "i64", "expected integer");
}

Test(json_in, a_wrong_type_names_both_types_and_the_place)
{
	refuses("{\"flag\":1}", "flag", "expected boolean, found number");
	refuses("{\"u32\":\"1\"}", "u32", "expected integer, found string");
	refuses("{\"text\":false}", "text", "expected string, found boolean");
	refuses("{\"inner\":[]}", "inner", "expected object, found array");
	refuses("{\"strings\":{}}", "strings", "expected array, found object");
	refuses("{\"strings\":[\"a\",null]}", "strings[1]", "expected string, found null");
	refuses("{\"map\":{\"a\":\"b\",\"c\":3}}", "map.c", "expected string, found number");
	refuses("{\"objects\":[{\"name\":\"a\"},{\"name\":\"b\",\"numbers\":[1,2,true]}]}",
		"objects[1].numbers[2]", "expected integer, found boolean");
	refuses("{\"keyed\":{\"eth0\":{\"size\":[]}}}", "keyed.eth0.size", "found array");
}

Test(json_in, odd_names_are_quoted_in_places)
{
	refuses("{\"map\":{\"org.x/y\":3}}", "map[\"org.x/y\"]", "expected string");
}

Test(json_in, the_top_must_be_an_object)
{
	refuses("null", "", "expected object, found null");
	refuses("[{}]", "", "expected object, found array");
	refuses("17", "", "expected object, found number");
	refuses("\"x\"", "", "expected object, found string");
	refuses("", "", "expected object, found nothing");
	refuses(" \n ", "", "expected object, found nothing");
}

Test(json_in, syntax_errors_tell_line_and_column)
{
	refuses("{\n  \"u32\": 1,\n  oops\n}", "", "line 3, column 3: invalid char in json text");
	refuses("{} x", "", "line 1, column 4: ");
	refuses("{}{}", "", "line 1, column 3: trailing garbage");
	refuses("{\"u32\":1", "", "line 1, column 9: premature EOF");
	refuses("{\"any\":1", "", "line 1, column 9: premature EOF");
	refuses("{\"text\":\"abc", "", "line 1, column 13: premature EOF");
	refuses("\"abc", "", "line 1, column 5: premature EOF");
	refuses("{\n\"u32\":1,}", "", "line 2, column ");
	refuses("{\"u32\" 1}", "", "colon");
	refuses("{\"u32\":01}", "", "line 1, ");
	refuses("{\"text\":\"a\nb\"}", "", "invalid character inside string");
	refuses("{ // why\n}", "", "line 1, ");
	refuses("{ /* why */ }", "", "line 1, ");
}

Test(json_in, only_the_blanks_of_json_are_blanks)
{
	refuses("{\"any\"\v:1}", "", "line 1, column 7: control character");
	refuses("{\f}", "", "line 1, column 2: control character");
	refuses("{\xc2\xa0}", "", "invalid char");
}

Test(json_in, columns_count_characters_not_bytes)
{
	refuses("{\"text\":\"\xc3\xa9\xc3\xa9\" oops}", "", "line 1, column 14: ");
}

Test(json_in, invalid_utf8_is_refused_wherever_it_stands)
{
	refuses("{\"text\":\"\xff\"}", "", "line 1, column 10: invalid UTF-8");
	refuses("{\"unknown\":\"\xc0\x80\"}", "", "invalid UTF-8");
	refuses("{\"unknown\":\"\xed\xa0\x80\"}", "", "invalid UTF-8");
	refuses("{\"unknown\":\"\xf4\x90\x80\x80\"}", "", "invalid UTF-8");
	refuses("{\"\xe2\x82\":1}", "", "invalid UTF-8");
	decodes("{\"text\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb3\"}");
}

Test(json_in, escapes_are_decoded_and_half_surrogates_refused)
{
	decodes("{\"text\":\"\\u00e9\\n\\\\\\ud83d\\udc33\\/\"}");
	cr_assert_str_eq(thing.text, "\xc3\xa9\n\\\xf0\x9f\x90\xb3/");
	refuses("{\"text\":\"\\ud83d\"}", "", "half a surrogate pair");
	refuses("{\"text\":\"\\udc33\"}", "", "half a surrogate pair");
	refuses("{\"x\":[\"\\ud83dx\\udc33\"]}", "", "half a surrogate pair");
	decodes("{\"text\":\"\\\\ud83d\"}");
}

Test(json_in, nul_is_refused_in_values_and_names)
{
	refuses("{\"text\":\"a\\u0000b\"}", "text", "NUL");
	refuses("{\"strings\":[\"\\u0000\"]}", "strings[0]", "NUL");
	refuses("{\"te\\u0000xt\":1}", "te", "NUL");
	cr_assert_lt(decode_bytes("{}\0", 3), 0);
}

Test(json_in, unknown_properties_are_skipped_whatever_they_hold)
{
	decodes("{\"x\":{\"u32\":[{\"u32\":null}],\"y\":1.5e300},\"y\":[[],[1,{}]],\"z\":true,"
		"\"u32\":4}");
	cr_assert_eq(thing.u32, 4);
}

Test(json_in, duplicate_names_are_refused_everywhere)
{
	refuses("{\"u32\":1,\"i64\":2,\"u32\":3}", "u32", "duplicate");
	refuses("{\"x\":1,\"x\":2}", "x", "duplicate");
	refuses("{\"x\":1,\"\\u0078\":2}", "x", "duplicate");
	refuses("{\"map\":{\"a\":\"1\",\"a\":\"2\"}}", "map.a", "duplicate");
	refuses("{\"keyed\":{\"a\":{},\"a\":{}}}", "keyed.a", "duplicate");
	refuses("{\"x\":[{\"y\":{\"a\":1,\"b\":2,\"a\":3}}]}", "x[0].y.a", "duplicate");
	refuses("{\"any\":{\"a\":1,\"a\":2}}", "any.a", "duplicate");
}

Test(json_in, the_same_name_in_different_objects_is_fine)
{
	decodes("{\"x\":{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}},\"a\":[{\"a\":1},{\"a\":2}]}");
}

Test(json_in, required_properties_must_be_there_and_not_null)
{
	refuses("{\"inner\":{}}", "inner.name", "missing");
	refuses("{\"inner\":{\"name\":null}}", "inner.name", "null");
	refuses("{\"objects\":[{\"name\":\"a\"},{\"size\":1}]}", "objects[1].name", "missing");
}

Test(json_in, what_must_not_be_empty_is_checked)
{
	refuses("{\"filled\":\"\"}", "filled", "empty");
	refuses("{\"strings\":[]}", "strings", "empty");
	refuses("{\"map\":{}}", "map", "empty");
	decodes("{\"text\":\"\",\"objects\":[],\"keyed\":{},\"strings\":[\"\"]}");
}

Test(json_in, names_of_values_are_known_or_refused)
{
	decodes("{\"kinds\":[\"one\",\"two\",\"one\"]}");
	cr_assert(thing.kinds.n == 3 && thing.kinds.items[1] == 2 && thing.kinds.items[2] == 1);
	refuses("{\"kind\":\"three\"}", "kind", "unknown value \"three\"; known are one, two");
	refuses("{\"kinds\":[\"one\",\"tw\"]}", "kinds[1]", "unknown value \"tw\"");
}

Test(json_in, what_is_known_but_not_supported_says_so)
{
	refuses("{\"later\":{\"x\":1}}", "later", "not supported");
	cr_assert_eq(e.kind, ERR_UNSUPPORTED);
	refuses("{\"later\":7}", "later", "not supported");
	decodes("{\"later\":null}");
}

Test(json_in, objects_embedded_pointed_to_in_arrays_and_keyed)
{
	decodes("{\"inner\":{\"name\":\"in\",\"size\":1},\"pointed\":{\"name\":\"out\",\"size\":2},"
		"\"objects\":[{\"name\":\"a\",\"numbers\":[1,-2]},{\"name\":\"b\"}],"
		"\"keyed\":{\"mlx5_0\":{\"size\":3},\"mlx5.1\":{}}}");
	cr_assert(thing.inner.size == 1 && thing.pointed->size == 2);
	cr_assert_str_eq(thing.pointed->name, "out");
	cr_assert_eq(thing.objects.n, 2);
	cr_assert_eq(thing.objects.items[0].numbers.items[1], -2);
	cr_assert_str_eq(thing.objects.items[1].name, "b");
	cr_assert_eq(thing.keyed.n, 2);
	cr_assert_str_eq(thing.keyed.items[0].name, "mlx5_0");
	cr_assert_eq(thing.keyed.items[0].size, 3);
	cr_assert_str_eq(thing.keyed.items[1].name, "mlx5.1");
}

Test(json_in, maps_keep_the_order_of_the_file)
{
	decodes("{\"map\":{\"z\":\"1\",\"a\":\"\",\"m\\u0020m\":\"3\"}}");
	cr_assert_eq(thing.map.n, 3);
	cr_assert_str_eq(thing.map.items[0].key, "z");
	cr_assert_str_eq(thing.map.items[1].value, "");
	cr_assert_str_eq(thing.map.items[2].key, "m m");
}

Test(json_in, raw_values_are_kept_as_they_are_written)
{
	static const char *const values[] = {
		"1.50", "\"a\\\"b\"", "true", "[1, {\"a\" : []}]", "{ \"x\":\n[ ] }", "-0e1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		decodes(arena_printf(arena, "{\"any\" :\t %s , \"u32\":1}", values[i]));
		cr_expect_str_eq(thing.any, values[i]);
		cr_expect(thing.has_any && thing.u32 == 1);
	}
}

static char *nested(size_t depth)
{
	struct buf b = {};

	buf_str(&b, "{\"x\":");
	for (size_t i = 1; i < depth; i++)
		buf_str(&b, "[");
	for (size_t i = 1; i < depth; i++)
		buf_str(&b, "]");
	buf_str(&b, "}");
	return b.data;
}

Test(json_in, nesting_is_limited)
{
	_cleanup_free_ char *deepest = nested(JSON_MAX_DEPTH);
	_cleanup_free_ char *deeper = nested(JSON_MAX_DEPTH + 1);
	_cleanup_free_ char *absurd = nested(1000000);

	decodes(deepest);
	cr_assert_lt(decode_bytes(deeper, strlen(deeper)), 0);
	cr_assert_str_eq(e.msg, "nested deeper than 64 levels");
	cr_assert_lt(decode_bytes(absurd, strlen(absurd)), 0);
}

Test(json_in, size_is_limited)
{
	static char text[JSON_MAX_SIZE + 1];

	memset(text, ' ', sizeof(text));
	memcpy(text, "{}", 2);
	cr_assert_eq(decode_bytes(text, JSON_MAX_SIZE), 0);
	cr_assert_lt(decode_bytes(text, JSON_MAX_SIZE + 1), 0);
	cr_assert(strstr(e.msg, "larger than 4194304 bytes"));
}

/* A list of what was found, one problem a line. */
static int collect(void *data, const struct err *found)
{
	buf_fmt(data, "%s: %s\n", found->where, found->msg);
	return 0;
}

static const char *problems_of(const char *text)
{
	static struct buf list;
	struct json_options options = { .problem = collect, .data = &list };

	buf_done(&list);
	buf_str(&list, "");
	thing = (struct thing){};
	cr_assert_eq(json_decode(fields, &thing, text, strlen(text), arena, &options, &e), 0);
	return list.data;
}

Test(json_in, several_problems_are_reported_and_the_rest_is_decoded)
{
	cr_assert_str_eq(problems_of("{\"u32\":-1,\"strings\":[\"a\",{\"x\":[1]},\"c\"],\"i64\":5,"
				     "\"i64\":6,\"objects\":[{\"size\":\"x\"},7],\"later\":[[]],"
				     "\"map\":{\"k\":[],\"l\":\"m\"},\"text\":\"ok\"}"),
			 "u32: -1 is not in the range 0 to 4294967295\n"
			 "strings[1]: expected string, found object\n"
			 "i64: duplicate property\n"
			 "objects[0].size: expected integer, found string\n"
			 "objects[0].name: required, but missing\n"
			 "objects[1]: expected object, found number\n"
			 "later: not supported\n"
			 "map.k: expected string, found array\n");
	cr_assert_eq(thing.i64, 5);
	cr_assert_eq(thing.strings.n, 2);
	cr_assert_str_eq(thing.strings.items[1], "c");
	cr_assert(thing.map.n == 1 && strcmp(thing.map.items[0].key, "l") == 0);
	cr_assert_str_eq(thing.text, "ok");
}

static int first_only(void *data, const struct err *found)
{
	++*(int *)data;
	return err_errno(found);
}

Test(json_in, a_callback_can_stop_at_a_problem)
{
	int calls = 0;
	struct json_options options = { .problem = first_only, .data = &calls };
	const char *text = "{\"u32\":-1,\"i64\":\"x\"}";

	cr_assert_eq(json_decode(fields, &thing, text, strlen(text), arena, &options, &e), -EINVAL);
	cr_assert_eq(calls, 1);
	cr_assert_str_eq(e.where, "u32");
}

Test(json_in, syntax_errors_end_decoding_even_when_problems_are_collected)
{
	int calls = 0;
	struct json_options options = { .problem = first_only, .data = &calls };

	cr_assert_eq(json_decode(fields, &thing, "{\"u32\":1", 8, arena, &options, &e), -EINVAL);
	cr_assert_eq(calls, 0);
}

/* Builds {"name":OPEN item, item, ... CLOSE} of about `size` bytes. */
static char *large(const char *open, const char *item_format, const char *close, size_t n)
{
	struct buf b = {};

	buf_str(&b, open);
	for (size_t i = 0; i < n; i++) {
		buf_str(&b, i ? "," : "");
		buf_fmt(&b, item_format, (unsigned)i);
	}
	buf_str(&b, close);
	return b.data;
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
Test(json_in, large_files_are_linear)
{
	static const struct {
		const char *open, *item, *close;
		size_t n;
	} rows[] = {
		{ "{\"strings\":[", "\"V=%u\"", "]}", 200000 },
		{ "{\"objects\":[", "{\"name\":\"%u\",\"numbers\":[1,2,3]}", "]}", 60000 },
		{ "{\"map\":{", "\"%u\":\"x\"", "}}", 200000 },
		{ "{", "\"%u\":null", "}", 200000 },
		{ "{\"x\":{\"y\":{", "\"%u\":{}", "}}}", 200000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text =
			large(rows[i].open, rows[i].item, rows[i].close, rows[i].n);
		int64_t start = fd_now_ms();

		decodes(text);
		cr_expect_lt(fd_now_ms() - start, 1500, "%s", rows[i].open);
	}
}

Test(json_in, a_duplicate_is_found_among_very_many)
{
	_cleanup_free_ char *text = large("{", "\"%u\":0", ",\"77777\":1}", 200000);

	cr_assert_lt(decode_bytes(text, strlen(text)), 0);
	cr_assert_str_eq(e.where, "77777");
}
