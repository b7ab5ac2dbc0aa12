/* SPDX-License-Identifier: Apache-2.0 */
/* From a property's path, as errors name it, back to its place in the text. The text is parsed once
 * more and only as far as needed, so files that cannot be read to their end are served as well. */
#include "base/json.h"

#include <errno.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/json_text.h"

/* One step of a path: a name, or the index of an array item. */
struct step {
	bool is_index;
	size_t index;
	const char *name;
	size_t len;
};

struct locator {
	yajl_handle parser;
	const char *text;
	size_t len;
	const char *path; /* what follows `step` */
	struct step step; /* wanted in the innermost container that is on the path */
	unsigned level;	  /* containers open that are on the path ... */
	unsigned depth;	  /* ... and all that are open */
	bool in_array;	  /* what the container at `level` is */
	size_t index;	  /* items met in it, when an array */
	bool key_matches; /* the current property of that container is the step */
	bool found;
	size_t place; /* of the deepest value found on the path */
	size_t pos;   /* behind the last event */
};

static size_t take_index(const char *p, size_t *ret)
{
	size_t n = strspn(p, "0123456789");

	*ret = 0;
	for (size_t i = 0; i < n; i++)
		*ret = *ret * 10 + (size_t)(p[i] - '0');
	return n;
}

/* Splits the next step off the path: `name`, `.name`, `[3]` or `["odd.name"]`. */
static bool next_step(struct locator *l)
{
	const char *p = l->path;

	l->step = (struct step){};
	if (*p == '\0')
		return false;
	if (strncmp(p, "[\"", 2) == 0) {
		const char *end = strstr(p, "\"]");

		l->step.name = p + 2;
		l->step.len = end ? (size_t)(end - p) - 2 : strlen(p + 2);
		l->path = end ? end + 2 : p + strlen(p);
	} else if (*p == '[') {
		l->step.is_index = true;
		p += 1 + take_index(p + 1, &l->step.index);
		l->path = p + (*p == ']');
	} else {
		p += *p == '.';
		l->step.name = p;
		l->step.len = strcspn(p, ".[");
		l->path = p + l->step.len;
	}
	return true;
}

static int event_ends(struct locator *l)
{
	l->pos = yajl_get_bytes_consumed(l->parser);
	return 1;
}

static bool is_on_path(struct locator *l)
{
	if (l->depth != l->level)
		return false;
	if (l->depth == 0)
		return true;
	if (l->in_array)
		return l->step.is_index && l->index++ == l->step.index;
	return l->key_matches;
}

/* Takes note of a value about to come. 1: go on, 0: there is nothing deeper on the path. */
static int value_starts(struct locator *l, bool container, bool array)
{
	bool on_path = is_on_path(l);

	if (on_path) {
		l->found = true;
		l->place = json_text_skip(l->text, l->len, l->pos);
		if (!container || !next_step(l))
			return 0;
		l->level++;
		l->in_array = array;
		l->index = 0;
		l->key_matches = false;
	}
	l->depth += container;
	return event_ends(l);
}

static int on_null(void *l)
{
	return value_starts(l, false, false);
}

static int on_boolean(void *l, int truth)
{
	(void)truth; /* places only */
	return value_starts(l, false, false);
}

static int on_number(void *l, const char *text, size_t len)
{
	(void)text, (void)len; /* places only */
	return value_starts(l, false, false);
}

static int on_string(void *l, const unsigned char *text, size_t len)
{
	(void)text, (void)len; /* places only */
	return value_starts(l, false, false);
}

static int on_start_object(void *l)
{
	return value_starts(l, true, false);
}

static int on_start_array(void *l)
{
	return value_starts(l, true, true);
}

static int on_key(void *ctx, const unsigned char *text, size_t len)
{
	struct locator *l = ctx;

	if (l->depth == l->level)
		l->key_matches = !l->step.is_index && len == l->step.len &&
				 memcmp(text, l->step.name, len) == 0;
	return event_ends(l);
}

static int on_end(void *ctx)
{
	struct locator *l = ctx;

	if (l->depth-- == l->level)
		return 0;
	return event_ends(l);
}

static const yajl_callbacks events = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end,
};

int json_locate(const char *text, size_t len, const char *path, unsigned *ret_line,
		unsigned *ret_column)
{
	struct locator l = { .text = text, .len = len, .path = path };

	l.parser = yajl_alloc(&events, NULL, &l);
	if (!l.parser)
		return -ENOENT;
	/* How it ends does not matter: what was found on the way is the answer. */
	(void)yajl_parse(l.parser, (const unsigned char *)text, len);
	yajl_free(l.parser);
	if (!l.found)
		return -ENOENT;
	json_text_position(text, l.place, ret_line, ret_column);
	return 0;
}
