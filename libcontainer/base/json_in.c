/* SPDX-License-Identifier: Apache-2.0 */
/* JSON into structs: yajl's events drive a stack of frames, one for each open object, array or map.
 * A frame knows the rows that describe it and the memory it fills, and remembers which of its
 * values is the current one, so the stack is also the path of every error.
 *
 * What nobody asked for is read by the same frames with no rows: unknown objects are checked for
 * duplicate keys like the known ones, and store nothing.
 *
 * Array items move while the array grows, but an array never grows while one of its items is open:
 * pointers into open items stay good. */
#include "base/json.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/fmt.h"
#include "base/json_keys.h"
#include "base/json_text.h"
#include "base/json_value.h"

#define MAX_FIELDS 64 /* bits of frame.seen */

enum frame_kind { FRAME_OBJECT, FRAME_ARRAY, FRAME_MAP };

struct frame {
	enum frame_kind kind;
	const struct json_field *rows;	/* of the object; of an array or map its own row */
	const struct json_field *field; /* row of the current value, NULL: to be skipped */
	const struct json_field *hint;	/* where the next property is looked for first */
	char *base;			/* the struct; of an array or map its struct json_array */
	size_t cap;			/* of the array or map */
	size_t count;			/* values met in the array, stored or not */
	const char *key;		/* of the current property */
	size_t key_len;
	uint64_t seen; /* known properties met, by row */
	uint32_t keys_before;
	size_t value_from; /* offset behind the key */
};

struct decoder {
	const struct json_field *fields;
	void *object;
	const char *text;
	size_t len;
	struct arena *arena;
	const struct json_options *options;
	struct err *e;
	int result; /* < 0: why decoding stopped */
	yajl_handle parser;
	struct json_keys keys;
	unsigned depth;
	struct frame frames[JSON_MAX_DEPTH];
};

/* Functions below return 1: go on, 0: the value is not to be stored, < 0: stop. */

static struct frame *top(struct decoder *d)
{
	return &d->frames[d->depth - 1];
}

static size_t put_segment(const struct frame *f, bool first, char *buf, size_t size)
{
	if (f->kind == FRAME_ARRAY)
		return fmt_str(buf, size, "[%zu]", f->count - 1);
	for (size_t i = 0; i < f->key_len; i++)
		if (memchr(".[]\"", f->key[i], 4))
			return fmt_str(buf, size, "[\"%.*s\"]", (int)f->key_len, f->key);
	return fmt_str(buf, size, "%s%.*s", first ? "" : ".", (int)f->key_len, f->key);
}

static void put_path(const struct decoder *d, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < d->depth; i++)
		len += put_segment(&d->frames[i], i == 0, buf + len, size - len);
}

static int stop_nomem(struct decoder *d)
{
	return d->result = err_nomem(d->e);
}

static void describe(const struct decoder *d, struct err *made, const char *fmt, va_list ap)
{
	fmt_strv(made->msg, sizeof(made->msg), fmt, ap);
	put_path(d, made->where, sizeof(made->where));
}

/* An error after which nothing sensible can follow. */
static int __attribute__((format(printf, 2, 3))) stop(struct decoder *d, const char *fmt, ...)
{
	struct err made = { .kind = ERR_INVALID };
	va_list ap;

	va_start(ap, fmt);
	describe(d, &made, fmt, ap);
	va_end(ap);
	*d->e = made;
	d->result = err_errno(d->e);
	return d->result;
}

/* An error with the current value: the caller of the decoder says whether to go on without it. */
static int __attribute__((format(printf, 3, 4)))
problem(struct decoder *d, enum err_kind kind, const char *fmt, ...)
{
	struct err made = { .kind = (int)kind };
	va_list ap;
	int r;

	va_start(ap, fmt);
	describe(d, &made, fmt, ap);
	va_end(ap);
	r = err_errno(&made);
	if (d->options && d->options->problem)
		r = d->options->problem(d->options->data, &made);
	if (r >= 0)
		return 0;
	*d->e = made;
	d->result = r;
	return r;
}

/* What describes objects nobody asked for. */
static const struct json_field no_fields[] = { {} };

static enum json_type type_of(const struct frame *f)
{
	switch (f->kind) {
	case FRAME_ARRAY:
		return f->field->elem;
	case FRAME_MAP:
		return f->rows->type == J_KEYED ? J_OBJECT : J_STRING;
	case FRAME_OBJECT:
		break;
	}
	return f->field->type;
}

/* 1 when the value about to come is wanted and of the right type. */
static int admit(struct decoder *d, struct frame *f, enum json_found found)
{
	bool property = f->kind == FRAME_OBJECT;
	const struct json_field *field = f->field;

	if (f->kind == FRAME_ARRAY)
		f->count++;
	if (!field)
		return 0;
	if (property && (found == FOUND_NULL || field->flags & JSON_UNSUPPORTED)) {
		f->field = NULL;
		if (found != FOUND_NULL)
			return problem(d, ERR_UNSUPPORTED, "not supported");
		if (field->flags & JSON_REQUIRED)
			return problem(d, ERR_INVALID, "required, must not be null");
		return 0;
	}
	if (json_value_fits(type_of(f), found))
		return 1;
	return problem(d, ERR_INVALID, "expected %s, found %s", json_value_expected(type_of(f)),
		       json_value_found(found));
}

/* Where the current value goes; NULL when out of memory. */
static void *slot_of(struct decoder *d, struct frame *f)
{
	struct json_array *array = (struct json_array *)f->base;
	bool pairs = f->kind == FRAME_MAP && f->rows->type == J_MAP;
	size_t size;
	char *item;

	if (f->kind == FRAME_OBJECT)
		return f->base + f->field->offset;
	size = pairs ? sizeof(struct json_pair) : f->rows->size;
	item = arena_grow(d->arena, array->items, &f->cap, array->n + 1, size);
	if (!item)
		return NULL;
	array->items = item;
	item += array->n * size;
	if (f->kind == FRAME_MAP)
		*(const char **)item = f->key; /* the first member, of pairs as well */
	return pairs ? item + offsetof(struct json_pair, value) : item;
}

/* The value in the slot is there to stay. */
static void commit(struct frame *f)
{
	if (f->kind != FRAME_OBJECT)
		((struct json_array *)f->base)->n++;
	else if (f->field->has_offset)
		*(bool *)(f->base + f->field->has_offset) = true;
}

/* Keeps the raw text of the value that has just ended. */
static int store_any(struct decoder *d, struct frame *f)
{
	size_t end = yajl_get_bytes_consumed(d->parser);
	size_t start = json_text_skip(d->text, end, f->value_from);
	const char *copy = arena_strndup(d->arena, d->text + start, end - start);

	if (!copy)
		return stop_nomem(d);
	*(const char **)(f->base + f->field->offset) = copy;
	commit(f);
	return 1;
}

static int store(struct decoder *d, struct frame *f, const struct json_value *v)
{
	struct err wrong;
	void *slot;

	if (type_of(f) == J_ANY)
		return store_any(d, f);
	slot = slot_of(d, f);
	if (!slot)
		return stop_nomem(d);
	if (json_value_store(type_of(f), f->field, v, d->arena, slot, &wrong) < 0)
		return wrong.kind == ERR_SYS ? stop_nomem(d)
					     : problem(d, ERR_INVALID, "%s", wrong.msg);
	commit(f);
	return 1;
}

static int top_level(struct decoder *d, enum json_found found)
{
	return stop(d, "expected object, found %s", json_value_found(found));
}

/* The events. yajl takes 0 for "stop" and anything else for "go on". */

static int on_scalar(struct decoder *d, const struct json_value *v)
{
	int r;

	if (d->depth == 0)
		return top_level(d, v->found) >= 0;
	r = admit(d, top(d), v->found);
	if (r > 0)
		r = store(d, top(d), v);
	return r >= 0;
}

static int on_null(void *d)
{
	return on_scalar(d, &(struct json_value){ .found = FOUND_NULL });
}

static int on_boolean(void *d, int truth)
{
	return on_scalar(d, &(struct json_value){ .found = FOUND_BOOL, .truth = truth });
}

static int on_number(void *d, const char *text, size_t len)
{
	return on_scalar(d,
			 &(struct json_value){ .found = FOUND_NUMBER, .text = text, .len = len });
}

static int on_string(void *d, const unsigned char *text, size_t len)
{
	return on_scalar(d, &(struct json_value){ .found = FOUND_STRING,
						  .text = (const char *)text,
						  .len = len });
}

static int push(struct decoder *d, enum frame_kind kind, const struct json_field *rows, void *base)
{
	if (d->depth == JSON_MAX_DEPTH)
		return stop(d, "nested deeper than %d levels", JSON_MAX_DEPTH);
	d->frames[d->depth++] = (struct frame){
		.kind = kind,
		.rows = rows,
		.field = kind == FRAME_ARRAY ? rows : NULL,
		.hint = rows,
		.base = base,
		.keys_before = d->keys.n,
	};
	return 1;
}

/* An object described by a table, embedded or pointed to. */
static int push_object(struct decoder *d, struct frame *f)
{
	const struct json_field *field = f->field;
	void *base = slot_of(d, f);

	if (base && f->kind == FRAME_OBJECT && field->flags & JSON_PTR) {
		void **member = base;

		base = *member = arena_alloc(d->arena, field->size);
	}
	if (!base)
		return stop_nomem(d);
	commit(f);
	return push(d, FRAME_OBJECT, field->fields, base);
}

static int on_start_object(void *ctx)
{
	struct decoder *d = ctx;
	struct frame *f;
	int r;

	if (d->depth == 0)
		return push(d, FRAME_OBJECT, d->fields, d->object) >= 0;
	f = top(d);
	r = admit(d, f, FOUND_OBJECT);
	if (r < 0)
		return 0;
	if (r > 0 && type_of(f) == J_OBJECT)
		return push_object(d, f) >= 0;
	if (r == 0 || type_of(f) == J_ANY)
		return push(d, FRAME_OBJECT, no_fields, NULL) >= 0;
	commit(f);
	return push(d, FRAME_MAP, f->field, f->base + f->field->offset) >= 0;
}

static int on_start_array(void *ctx)
{
	struct decoder *d = ctx;
	struct frame *f;
	int r;

	if (d->depth == 0)
		return top_level(d, FOUND_ARRAY) >= 0;
	f = top(d);
	r = admit(d, f, FOUND_ARRAY);
	if (r < 0)
		return 0;
	if (r == 0 || type_of(f) == J_ANY)
		return push(d, FRAME_ARRAY, NULL, NULL) >= 0;
	commit(f);
	return push(d, FRAME_ARRAY, f->field, f->base + f->field->offset) >= 0;
}

/* Ends a frame; the value it was becomes the current one of the frame below. */
static int pop(struct decoder *d)
{
	struct frame *f;

	json_keys_cut(&d->keys, top(d)->keys_before);
	if (--d->depth == 0)
		return 1;
	f = top(d);
	if (f->kind == FRAME_OBJECT && f->field && f->field->type == J_ANY)
		return store_any(d, f);
	return 1;
}

static int pop_list(struct decoder *d)
{
	const struct json_field *row = top(d)->rows;
	const struct json_array *array = (const struct json_array *)top(d)->base;
	bool empty = row && row->flags & JSON_NONEMPTY && top(d)->count == 0 && array->n == 0;

	if (pop(d) < 0)
		return d->result;
	return empty ? problem(d, ERR_INVALID, "must not be empty") : 1;
}

static int check_required(struct decoder *d, struct frame *f)
{
	for (size_t i = 0; f->rows[i].name; i++) {
		if (!(f->rows[i].flags & JSON_REQUIRED) || f->seen >> i & 1)
			continue;
		f->key = f->rows[i].name;
		f->key_len = strlen(f->key);
		if (problem(d, ERR_INVALID, "required, but missing") < 0)
			return d->result;
	}
	return 1;
}

static int on_end_object(void *ctx)
{
	struct decoder *d = ctx;
	struct frame *f = top(d);

	if (f->kind == FRAME_MAP)
		return pop_list(d) >= 0;
	return check_required(d, f) >= 0 && pop(d) >= 0;
}

static int on_end_array(void *ctx)
{
	return pop_list(ctx) >= 0;
}

static const struct json_field *find_between(const struct json_field *row,
					     const struct json_field *end, const char *key,
					     size_t len)
{
	for (; row != end && row->name; row++)
		if (strncmp(row->name, key, len) == 0 && row->name[len] == '\0')
			return row;
	return NULL;
}

/* Files mostly follow the order of the documents, as the tables do: the row behind the last one
 * found is the best guess. */
static const struct json_field *find_field(struct frame *f, const char *key, size_t len)
{
	const struct json_field *row = find_between(f->hint, NULL, key, len);

	if (!row)
		row = find_between(f->rows, f->hint, key, len);
	if (row)
		f->hint = row + 1;
	return row;
}

/* Makes text the current property. It is copied when it must outlive this event or the decoder. */
static int set_key(struct decoder *d, struct frame *f, const char *text, size_t len)
{
	bool stays = text >= d->text && text < d->text + d->len;

	f->field = NULL;
	f->value_from = yajl_get_bytes_consumed(d->parser);
	f->key_len = len;
	f->key = stays && f->kind != FRAME_MAP ? text : arena_strndup(d->arena, text, len);
	return f->key ? 1 : stop_nomem(d);
}

static int is_new_field(struct frame *f, const struct json_field *row)
{
	size_t i = (size_t)(row - f->rows);
	uint64_t bit = (uint64_t)1 << i;

	assert(i < MAX_FIELDS);
	if (f->seen & bit)
		return 0;
	f->seen |= bit;
	return 1;
}

static int on_key(void *ctx, const unsigned char *text, size_t len)
{
	struct decoder *d = ctx;
	struct frame *f = top(d);
	const struct json_field *row;
	int r = set_key(d, f, (const char *)text, len);

	if (r < 0)
		return 0;
	if (memchr(text, '\0', len))
		return problem(d, ERR_INVALID, "property name with a NUL character") >= 0;
	row = f->kind == FRAME_MAP ? NULL : find_field(f, f->key, len);
	r = row ? is_new_field(f, row) : json_keys_add(&d->keys, d->depth, f->key, len);
	if (r < 0)
		return stop_nomem(d) >= 0;
	if (r == 0)
		return problem(d, ERR_INVALID, "duplicate property") >= 0;
	f->field = f->kind == FRAME_MAP ? f->rows : row;
	return 1;
}

static const yajl_callbacks events = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end_object,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end_array,
};

static int syntax_error(struct decoder *d, size_t offset, const char *what, size_t what_len)
{
	unsigned line, column;

	json_text_position(d->text, offset, &line, &column);
	return err_bad(d->e, "", JSON_SYNTAX_PLACE "%.*s", line, column, (int)what_len, what);
}

/* yajl says "lexical error: something wrong.\n"; what is wrong is enough. */
static int parser_error(struct decoder *d, size_t offset)
{
	unsigned char *said = yajl_get_error(d->parser, 0, NULL, 0);
	const char *what;
	int r;

	if (!said)
		return err_nomem(d->e);
	what = strstr((char *)said, ": ");
	what = what ? what + 2 : (char *)said;
	r = syntax_error(d, offset, what, strcspn(what, ".\n"));
	yajl_free_error(d->parser, said);
	return r;
}

static int parse(struct decoder *d)
{
	yajl_status status;
	size_t offset;

	/* Done before by json_text_check(), which is stricter. */
	yajl_config(d->parser, yajl_dont_validate_strings, 1);
	status = yajl_parse(d->parser, (const unsigned char *)d->text, d->len);
	offset = yajl_get_bytes_consumed(d->parser);
	if (status == yajl_status_ok && d->depth > 0)
		return syntax_error(d, d->len, "premature EOF", strlen("premature EOF"));
	/* What is left is a number at the top: yajl waits for its next digit. */
	if (status == yajl_status_ok) {
		status = yajl_complete_parse(d->parser);
		offset = d->len + 1; /* not consumed, but missing */
	}
	if (d->result < 0 || status == yajl_status_ok)
		return d->result;
	return parser_error(d, offset - (offset > 0));
}

static int decode(struct decoder *d)
{
	const char *what;
	size_t valid;
	int r;

	if (d->len > JSON_MAX_SIZE)
		return stop(d, "larger than %u bytes", JSON_MAX_SIZE);
	if (json_text_skip(d->text, d->len, 0) == d->len)
		return stop(d, "expected object, found nothing");
	valid = json_text_check(d->text, d->len, &what);
	if (valid < d->len)
		return syntax_error(d, valid, what, strlen(what));
	d->parser = yajl_alloc(&events, NULL, d);
	if (!d->parser)
		return stop_nomem(d);
	r = parse(d);
	yajl_free(d->parser);
	json_keys_done(&d->keys);
	return r;
}

int json_decode(const struct json_field *fields, void *object, const char *text, size_t len,
		struct arena *arena, const struct json_options *options, struct err *e)
{
	/* Frames are initialised when pushed: not here, all at once. */
	struct decoder d;

	memset(&d, 0, offsetof(struct decoder, frames));
	d.fields = fields;
	d.object = object;
	d.text = text;
	d.len = len;
	d.arena = arena;
	d.options = options;
	d.e = e;
	return decode(&d);
}
