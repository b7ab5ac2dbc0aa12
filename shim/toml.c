/* SPDX-License-Identifier: Apache-2.0 */
/* Line by line: what is not for us is not understood, only passed over. */
#include "toml.h"

#include <stdint.h>
#include <string.h>

#include "base/num.h"

#define BLANKS " \t\r"
#define BARE_KEY "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

struct parser {
	const struct json_field *fields;
	char *object;
	struct arena *arena;
	unsigned line;
};

static int bad(const struct parser *p, const char *what, struct err *e)
{
	return err_bad(e, "", "runtime options, line %u: %s", p->line, what);
}

static const struct json_field *find(const struct json_field *f, const char *key, size_t len)
{
	for (; f->name; f++)
		if (strlen(f->name) == len && memcmp(f->name, key, len) == 0)
			return f;
	return NULL;
}

/* What may follow a value: blanks and a comment. */
static bool is_end(const char *s)
{
	s += strspn(s, BLANKS);
	return *s == '\0' || *s == '#';
}

static char unescape(char c)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	const char *at = c ? strchr(from, c) : NULL;

	return at ? to[at - from] : '\0';
}

/* A string in either kind of quotes; *s moves behind it. NULL when it is none. */
static char *parse_string(const struct parser *p, const char **s)
{
	char quote = **s, *text = arena_strdup(p->arena, *s + 1), *to = text, *from = text;

	if (!text || (quote != '"' && quote != '\''))
		return NULL;
	for (; *from && *from != quote; from++, to++) {
		*to = *from;
		if (quote == '"' && *from == '\\') {
			*to = unescape(*++from);
			if (!*to)
				return NULL;
		}
	}
	if (!*from)
		return NULL;
	*s += from - text + 2;
	*to = '\0';
	return text;
}

static int store_string(const struct parser *p, const struct json_field *f, const char *value,
			struct err *e)
{
	const char *text = parse_string(p, &value);

	if (!text || !is_end(value))
		return bad(p, "expected a string in quotes", e);
	*(const char **)(p->object + f->offset) = text;
	return 0;
}

static int store_word(const struct parser *p, const struct json_field *f, const char *value,
		      struct err *e)
{
	size_t len = strcspn(value, BLANKS "#");
	const char *word = arena_strndup(p->arena, value, len);
	void *slot = p->object + f->offset;

	if (!word)
		return err_nomem(e);
	if (!is_end(value + len))
		return bad(p, "more than one value", e);
	if (f->type == J_U32)
		return num_parse_u32(word, slot) < 0 ? bad(p, "expected a number", e) : 0;
	if (strcmp(word, "true") != 0 && strcmp(word, "false") != 0)
		return bad(p, "expected true or false", e);
	*(bool *)slot = word[0] == 't';
	return 0;
}

/* Moves *s behind the key; *ret_len is 0 for one that cannot be ours (dotted, strange). */
static const char *parse_key(const char **s, size_t *ret_len)
{
	const char *key = *s, quote = *key == '"' || *key == '\'' ? *key : '\0';
	const char *end = quote ? strchr(++key, quote) : key + strspn(key, BARE_KEY);

	*ret_len = end ? (size_t)(end - key) : 0;
	if (end)
		*s = end + (quote != '\0');
	return key;
}

static int parse_line(const struct parser *p, const char *s, struct err *e)
{
	const struct json_field *f;
	size_t len;
	const char *key = parse_key(&s, &len);

	s += strspn(s, BLANKS);
	if (*s == '.')
		return 0;
	if (len == 0 || *s != '=')
		return bad(p, "expected KEY = VALUE", e);
	s += 1 + strspn(s + 1, BLANKS);
	f = find(p->fields, key, len);
	if (!f)
		return 0;
	return f->type == J_STRING ? store_string(p, f, s, e) : store_word(p, f, s, e);
}

int toml_decode(const struct json_field *fields, void *object, const char *text, size_t len,
		struct arena *arena, struct err *e)
{
	struct parser p = { .fields = fields, .object = object, .arena = arena };
	char *copy = arena_strndup(arena, text, len), *next = copy;
	int r = 0;

	if (!copy)
		return err_nomem(e);
	while (r == 0 && next) {
		char *s = strsep(&next, "\n");

		p.line++;
		s += strspn(s, BLANKS);
		if (*s == '[')
			break; /* another table; the top level's keys come first */
		if (!is_end(s))
			r = parse_line(&p, s, e);
	}
	return r;
}
