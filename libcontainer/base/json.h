/* SPDX-License-Identifier: Apache-2.0 */
/* JSON to and from structs by descriptor tables. The same table decodes (json_in.c) and encodes
 * (json_out.c): one row per property, nested as the JSON nests. Host side only.
 *
 *	static const struct json_field rlimit_fields[] = {
 *		JSON_FIELD("type", J_STRING, struct spec_rlimit, type, .flags = JSON_REQUIRED),
 *		JSON_FIELD("soft", J_U64, struct spec_rlimit, soft, .flags = JSON_REQUIRED),
 *		{}
 *	};
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"

#define JSON_MAX_SIZE (4u << 20)
#define JSON_MAX_DEPTH 64

enum json_type {
	J_BOOL,	  /* bool */
	J_I64,	  /* int64_t */
	J_U64,	  /* uint64_t */
	J_I32,	  /* int32_t */
	J_U32,	  /* uint32_t */
	J_STRING, /* const char * (arena); NUL bytes inside are refused */
	J_ENUM,	  /* uint64_t: value of a name in .names; unknown name is an error */
	J_OBJECT, /* embedded struct, fields in .fields (flags may ask for JSON_PTR) */
	J_ARRAY,  /* struct json_array-compatible {T *items; size_t n;}: .elem describes T */
	J_MAP,	  /* the same with T = struct json_pair: string -> string, in file order */
	J_KEYED,  /* object keyed by name -> array: every value is an object of .fields, decoded
		   * into an element of .size bytes whose first member, a const char *, gets the key
		   * (.fields has no row for it); file order, path "rdma.mlx5_0.hcaHandles". Encodes
		   * back to an object; JSON_OMIT_EMPTY and JSON_NONEMPTY as for J_ARRAY */
	J_ANY,	  /* const char *: the raw JSON text of the value (arena, terminated) */
};

enum {
	JSON_REQUIRED = 1,    /* missing: error naming the property */
	JSON_PTR = 2,	      /* J_OBJECT only: the member is a pointer, NULL when absent */
	JSON_UNSUPPORTED = 4, /* known to the spec, not implemented: ERR_UNSUPPORTED when present */
	JSON_OMIT_EMPTY = 8,  /* encoding: leave out 0, false, NULL, empty arrays and maps, and
			       * embedded objects none of whose fields would be written */
	JSON_NONEMPTY = 16,   /* decoding: an empty string, array or map is an error */
};

struct json_pair {
	const char *key, *value;
};

/* Every array member in a spec struct has this shape: `struct { T *items; size_t n; } name;`. */
struct json_array {
	void *items;
	size_t n;
};

struct json_field {
	const char *name;
	enum json_type type;
	unsigned flags;
	size_t offset;	   /* of the member */
	size_t has_offset; /* of a bool set when the property is present (any type), 0 = none;
			    * encoding: the property is written if and only if it is set */
	size_t size; /* J_OBJECT|JSON_PTR: of the struct pointed to; J_ARRAY, J_KEYED: of one */
	const struct json_field *fields; /* J_OBJECT, J_KEYED, J_ARRAY of them; last row all zero */
	const struct name_value *names;	 /* J_ENUM; J_ARRAY of enums */
	size_t n_names;
	enum json_type elem; /* J_ARRAY: J_STRING, J_U32, J_U64, J_I64, J_ENUM or J_OBJECT */
};

#define JSON_FIELD(n, t, strct, member, ...)                                               \
	{                                                                                  \
		.name = (n), .type = (t), .offset = offsetof(strct, member), ##__VA_ARGS__ \
	}

/* Called for each problem found; return < 0 to stop decoding with that error, 0 to go on without
 * the value: it is then no longer an error of the decoder. NULL: stop at the first. e->where is the
 * property's path, e->msg what is wrong. Syntax errors, too deep a nesting and lack of memory are
 * not reported here, they end decoding. */
typedef int (*json_problem_fn)(void *data, const struct err *e);

struct json_options {
	json_problem_fn problem;
	void *data;
};

/* How the message of a syntax error begins, for printf and scanf: such an error has no path. */
#define JSON_SYNTAX_PLACE "line %u, column %u: "

/* Decodes one JSON object into `object` (zeroed by the caller). Unknown properties are skipped;
 * null counts as absent for optional properties and as an error for required ones. Refused:
 * duplicate keys in one object (unknown objects included), NUL in strings, invalid UTF-8, comments,
 * trailing data, depth over JSON_MAX_DEPTH, numbers out of range or not integers. Linear in len.
 * The text may be discarded afterwards: strings live in the arena. */
int json_decode(const struct json_field *fields, void *object, const char *text, size_t len,
		struct arena *arena, const struct json_options *options, struct err *e);

/* Finds a property by path, spelled as json_decode() does: "linux.resources.memory.limit",
 * "mounts[3].options[0]", and `annotations["org.x"]` for names with one of .[]" in them. Tells the
 * 1-based line and column of the value; of the nearest enclosing one when it is missing.
 * 0, or -ENOENT when not even the document's first value could be read. */
int json_locate(const char *text, size_t len, const char *path, unsigned *ret_line,
		unsigned *ret_column);

/* Appends the object as JSON. indent 0: one line, without its end; else that many (at most 8)
 * spaces a level and a newline at the end, as jq prints. */
int json_encode(const struct json_field *fields, const void *object, unsigned indent,
		struct buf *out, struct err *e);

/* Free-form output for what has no table: a thin, checked layer over the generator. */
struct json_writer;
struct json_writer *json_writer_new(unsigned indent);
void json_open_object(struct json_writer *w);
void json_close_object(struct json_writer *w);
void json_open_array(struct json_writer *w);
void json_close_array(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
void json_str(struct json_writer *w, const char *value); /* NULL writes null */
void json_i64(struct json_writer *w, int64_t value);
void json_u64(struct json_writer *w, uint64_t value);
void json_bool(struct json_writer *w, bool value);
/* 150 is written 1.50 */
void json_hundredths(struct json_writer *w, uint32_t value);
/* An object of strings. */
void json_pairs(struct json_writer *w, const struct json_pair *pairs, size_t n);
/* One table-described object as a value. */
void json_object(struct json_writer *w, const struct json_field *fields, const void *object);
/* Moves the text to out and frees w; -ENOMEM or -EINVAL when anything before went wrong. */
int json_writer_finish(struct json_writer *w, struct buf *out, struct err *e);
