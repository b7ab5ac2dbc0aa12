/* SPDX-License-Identifier: Apache-2.0 */
/* The descriptor tables: nothing known is lost on the way in and out, and every property insists on
 * its type. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "fixtures.h"
#include "spec/spec.h"

#define PATH_SIZE 256

static char *read_file(const char *path, size_t *ret_len)
{
	struct err e = { 0 };
	char *text = NULL;

	cr_assert_eq(file_read_at(AT_FDCWD, path, JSON_MAX_SIZE, &text, ret_len, &e), 0, "%s",
		     path);
	return text;
}

/* Decodes text and encodes it again, indented as jq does. */
static char *through_structs(const struct json_field *fields, size_t size, const char *text,
			     const char *name)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	void *object = arena_alloc(arena, size);
	struct buf out = { 0 };
	struct err e = { 0 };

	cr_assert_eq(json_decode(fields, object, text, strlen(text), arena, NULL, &e), 0,
		     "%s: %s: %s", name, e.where, e.msg);
	cr_assert_eq(json_encode(fields, object, 2, &out, &e), 0, "%s: %s", name, e.msg);
	return out.data;
}

static void round_trip(const struct json_field *fields, size_t size, const char *path)
{
	size_t len;
	_cleanup_free_ char *text = read_file(path, &len);
	_cleanup_free_ char *once = through_structs(fields, size, text, path);
	_cleanup_free_ char *twice = through_structs(fields, size, once, path);

	cr_assert_str_eq(once, twice, "%s", path);
}

static void config_round_trip(const char *path)
{
	round_trip(spec_fields, sizeof(struct spec), path);
}

static void process_round_trip(const char *path)
{
	round_trip(spec_process_fields, sizeof(struct spec_process), path);
}

Test(spec_tables, recorded_configs_survive_the_round_trip)
{
	cr_assert_gt(fixtures_each("config.json", config_round_trip), 100u);
}

Test(spec_tables, recorded_processes_survive_the_round_trip)
{
	cr_assert_gt(fixtures_each("process.json", process_round_trip), 20u);
}

Test(spec_tables, a_document_with_every_property_comes_out_as_it_went_in)
{
	size_t len;
	_cleanup_free_ char *text = read_file(fixture_path("spec/every_property.json"), &len);
	_cleanup_free_ char *out =
		through_structs(spec_fields, sizeof(struct spec), text, "every_property.json");

	cr_assert_str_eq(out, text);
}

/* A place in the schema: how to write a document that has a value there, and how its error is
 * called. */
struct place {
	char path[PATH_SIZE], open[PATH_SIZE], close[PATH_SIZE];
};

/* The place of something inside p; an index needs no dot. */
static struct place inside(const struct place *p, const char *step, const char *open,
			   const char *close)
{
	struct place in;
	const char *dot = p->path[0] && step[0] != '[' ? "." : "";

	cr_assert_lt(snprintf(in.path, PATH_SIZE, "%s%s%s", p->path, dot, step), PATH_SIZE);
	cr_assert_lt(snprintf(in.open, PATH_SIZE, "%s%s", p->open, open), PATH_SIZE);
	cr_assert_lt(snprintf(in.close, PATH_SIZE, "%s%s", close, p->close), PATH_SIZE);
	return in;
}

typedef void (*visit_fn)(const struct place *p, const struct json_field *f, enum json_type type,
			 bool is_property);

static void visit_fields(const struct json_field *fields, const struct place *at, visit_fn visit);

static void visit_elements(const struct json_field *f, const struct place *at, visit_fn visit)
{
	bool keyed = f->type == J_MAP || f->type == J_KEYED;
	struct place in = keyed ? inside(at, "k", "{\"k\":", "}") : inside(at, "[0]", "[", "]");
	enum json_type type = f->type == J_MAP ? J_STRING : f->type == J_KEYED ? J_OBJECT : f->elem;

	visit(&in, f, type, false);
	if (type == J_OBJECT)
		visit_fields(f->fields, &in, visit);
}

static void visit_fields(const struct json_field *fields, const struct place *at, visit_fn visit)
{
	struct place object = *at;

	for (const struct json_field *f = fields; f->name; f++) {
		char open[PATH_SIZE];
		struct place in;

		snprintf(open, sizeof(open), "{\"%s\":", f->name);
		in = inside(&object, f->name, open, "}");
		visit(&in, f, f->type, true);
		if (f->type == J_OBJECT)
			visit_fields(f->fields, &in, visit);
		else if (f->type == J_ARRAY || f->type == J_MAP || f->type == J_KEYED)
			visit_elements(f, &in, visit);
	}
}

static void visit_schema(visit_fn visit)
{
	visit_fields(spec_fields, &(struct place){ 0 }, visit);
}

struct search {
	const char *path;
	bool found;
};

static int look(void *data, const struct err *e)
{
	struct search *s = data;

	if (strcmp(e->where, s->path) == 0 && e->msg[0])
		s->found = true;
	return 0;
}

static bool is_reported(const struct place *p, const char *value)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct search s = { .path = p->path };
	struct json_options options = { .problem = look, .data = &s };
	struct spec *spec;
	struct err e = { 0 };
	char text[3 * PATH_SIZE];

	snprintf(text, sizeof(text), "%s%s%s", p->open, value, p->close);
	spec_parse_config(text, strlen(text), arena, &options, &spec, &e);
	return s.found;
}

static bool is_integer_type(enum json_type t)
{
	return t == J_I64 || t == J_U64 || t == J_I32 || t == J_U32;
}

static void wrong_types_are_reported(const struct place *p, const struct json_field *f,
				     enum json_type type, bool is_property)
{
	const struct {
		const char *value;
		bool fits;
	} values[] = {
		{ "null", is_property && !(f->flags & JSON_REQUIRED) },
		{ "true", type == J_BOOL },
		{ "7", is_integer_type(type) },
		{ "7.5", false },
		{ "-99999999999999999999", false },
		{ "\"x\"", type == J_STRING },
		{ "\"a\\u0000b\"", false },
		{ "{}", type == J_OBJECT || type == J_MAP || type == J_KEYED },
		{ "[]", type == J_ARRAY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (!values[i].fits)
			cr_expect(is_reported(p, values[i].value), "%s accepts %s", p->path,
				  values[i].value);
}

Test(spec_tables, every_property_refuses_null_and_other_types_by_name)
{
	visit_schema(wrong_types_are_reported);
}

static const char *document;

static void occurs_in_document(const struct place *p, const struct json_field *f,
			       enum json_type type, bool is_property)
{
	char quoted[PATH_SIZE];

	(void)type;
	snprintf(quoted, sizeof(quoted), "\"%s\":", f->name);
	if (is_property)
		cr_expect(strstr(document, quoted), "%s", p->path);
}

Test(spec_tables, the_document_with_every_property_has_every_property)
{
	size_t len;
	_cleanup_free_ char *text = read_file(fixture_path("spec/every_property.json"), &len);

	document = text;
	visit_schema(occurs_in_document);
}

static void number_ranges(const struct place *p, const struct json_field *f, enum json_type type,
			  bool is_property)
{
	(void)f, (void)is_property;
	if (type == J_U32 || type == J_I32)
		cr_expect(is_reported(p, "4294967296"), "%s", p->path);
	if (type == J_U32 || type == J_U64)
		cr_expect(is_reported(p, "-1"), "%s", p->path);
	if (type == J_I64)
		cr_expect(is_reported(p, "9223372036854775808"), "%s", p->path);
}

Test(spec_tables, every_number_refuses_what_does_not_fit)
{
	visit_schema(number_ranges);
}

static void enum_names(const struct place *p, const struct json_field *f, enum json_type type,
		       bool is_property)
{
	(void)is_property;
	if (type != J_ENUM)
		return;
	for (size_t i = 0; i < f->n_names; i++) {
		char value[PATH_SIZE];

		snprintf(value, sizeof(value), "\"%s\"", f->names[i].name);
		cr_expect(!is_reported(p, value), "%s refuses %s", p->path, value);
	}
}

Test(spec_tables, every_enum_takes_each_of_its_names)
{
	visit_schema(enum_names);
}
