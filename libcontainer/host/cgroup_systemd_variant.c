/* SPDX-License-Identifier: Apache-2.0 */
/* Properties that a configuration gives to its unit itself, in the part of GVariant's text format
 * that properties of units need. */
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "host/cgroup_systemd.h"

#define BLANKS " \t\n"
#define ELEMENTS_MAX 256
#define NAME_MIN 3
/* Digits of a second's fraction that count: microseconds. */
#define FRACTION_DIGITS 6

static const struct {
	const char *name, *type;
	int64_t min;
	uint64_t max;
} types[] = {
	{ "boolean", "b", 0, 0 },
	{ "byte", "y", 0, UINT8_MAX },
	{ "int16", "n", INT16_MIN, INT16_MAX },
	{ "uint16", "q", 0, UINT16_MAX },
	{ "int32", "i", INT32_MIN, INT32_MAX },
	{ "uint32", "u", 0, UINT32_MAX },
	{ "int64", "x", INT64_MIN, INT64_MAX },
	{ "uint64", "t", 0, UINT64_MAX },
	{ "double", "d", 0, 0 },
	{ "string", "s", 0, 0 },
	{ "objectpath", "o", 0, 0 },
	{ "signature", "g", 0, 0 },
};

struct reader {
	const char *p;
	const char *type; /* as far as known: one letter, or NULL */
	struct arena *arena;
	struct err *e;
};

static int bad(const struct reader *r, const char *what)
{
	return err_bad(r->e, "", "%s at \"%s\"", what, r->p);
}

static void skip_blanks(struct reader *r)
{
	r->p += strspn(r->p, BLANKS);
}

static bool takes(struct reader *r, char c)
{
	skip_blanks(r);
	if (*r->p != c)
		return false;
	r->p++;
	return true;
}

/* "uint64 5": the type in front of a value, for all of an array. */
static void take_type(struct reader *r)
{
	size_t n;

	skip_blanks(r);
	n = strcspn(r->p, BLANKS);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strlen(types[i].name) == n && strncmp(types[i].name, r->p, n) == 0) {
			r->type = types[i].type;
			r->p += n;
			skip_blanks(r);
		}
}

static int read_string(struct reader *r, const char **ret)
{
	static const char escapes[][2] = { "n\n", "t\t", "r\r", "\\\\", "''", "\"\"" };
	char quote = *r->p, *text = arena_alloc(r->arena, strlen(r->p) + 1), *out = text;

	if (!text)
		return err_nomem(r->e);
	for (r->p++; *r->p && *r->p != quote; r->p++) {
		size_t i = 0;

		if (*r->p != '\\') {
			*out++ = *r->p;
			continue;
		}
		r->p++;
		while (i < ARRAY_SIZE(escapes) && escapes[i][0] != *r->p)
			i++;
		if (i == ARRAY_SIZE(escapes))
			return bad(r, "unknown escape");
		*out++ = escapes[i][1];
	}
	if (!takes(r, quote))
		return bad(r, "the string does not end");
	*ret = text;
	return 0;
}

static bool fits(const char *type, const char *word)
{
	uint64_t u;
	int64_t s;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(types[i].type, type) != 0 || types[i].max == 0)
			continue;
		if (word[0] == '-')
			return num_parse_i64(word, &s) == 0 && s >= types[i].min;
		return num_parse_u64(word, &u) == 0 && u <= types[i].max;
	}
	return false;
}

static const char *type_of_word(const char *word)
{
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
		return "b";
	return strpbrk(word, ".eE") ? "d" : "i";
}

/* A number or a truth value: up to what ends it. */
static int read_word(struct reader *r, const char **ret)
{
	size_t n = strcspn(r->p, BLANKS ",]");
	const char *word = arena_strndup(r->arena, r->p, n);
	bool ok;

	if (!word)
		return err_nomem(r->e);
	if (!r->type)
		r->type = type_of_word(word);
	if (strcmp(r->type, "b") == 0)
		ok = strcmp(word, "true") == 0 || strcmp(word, "false") == 0;
	else if (strcmp(r->type, "d") == 0)
		ok = n > 0 && strspn(word, "+-0123456789.eE") == n;
	else
		ok = fits(r->type, word);
	if (!ok)
		return bad(r, "no boolean, string, number (in range, with its type in front, as in "
			      "\"uint64 5\") or array of them");
	r->p += n;
	*ret = word;
	return 0;
}

static int read_scalar(struct reader *r, const char **ret)
{
	skip_blanks(r);
	if (*r->p != '\'' && *r->p != '"')
		return read_word(r, ret);
	if (!r->type)
		r->type = "s";
	if (!strchr("sog", r->type[0]))
		return bad(r, "a string where another type was");
	return read_string(r, ret);
}

static int read_array(struct reader *r, struct plan_property *p)
{
	int ret = 0;

	p->values = arena_array_of(r->arena, const char *, ELEMENTS_MAX);
	if (!p->values)
		return err_nomem(r->e);
	if (takes(r, ']'))
		return r->type ? 0 : bad(r, "an empty array needs its type, as in \"@as []\"");
	do {
		if (p->n == ELEMENTS_MAX)
			return bad(r, "too many elements");
		if (p->n == 0 && !r->type)
			take_type(r);
		ret = read_scalar(r, &p->values[p->n]);
		p->n += ret == 0;
	} while (ret == 0 && takes(r, ','));
	if (ret == 0 && !takes(r, ']'))
		return bad(r, "expected , or ]");
	return ret;
}

/* "@as", "@t": a signature in front of the value. */
static int take_signature(struct reader *r, bool *ret_array)
{
	if (!takes(r, '@'))
		return 0;
	*ret_array = *r->p == 'a';
	r->p += *ret_array;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type[0] == *r->p)
			r->type = types[i].type;
	if (!r->type)
		return bad(r, "unknown type");
	r->p++;
	return 0;
}

static int read_value(struct reader *r, struct plan_property *p)
{
	bool array = false;
	int ret = take_signature(r, &array);

	if (ret < 0)
		return ret;
	if (takes(r, '[')) {
		ret = read_array(r, p);
		p->type = ret < 0 ? NULL : arena_printf(r->arena, "a%s", r->type);
		return ret == 0 && !p->type ? err_nomem(r->e) : ret;
	}
	if (array)
		return bad(r, "expected [");
	if (!r->type)
		take_type(r);
	p->values = arena_array_of(r->arena, const char *, 1);
	p->n = 1;
	ret = p->values ? read_scalar(r, &p->values[0]) : err_nomem(r->e);
	p->type = r->type;
	return ret;
}

/* Seconds with a fraction to microseconds. */
static int to_usec(const char *seconds, struct arena *arena, const char **ret, struct err *e)
{
	size_t whole = strcspn(seconds, ".");
	const char *fraction = seconds[whole] ? seconds + whole + 1 : "";
	char *text = arena_alloc(arena, whole + FRACTION_DIGITS + 1);
	uint64_t usec;

	if (!text)
		return err_nomem(e);
	memcpy(text, seconds, whole);
	for (size_t i = 0; i < FRACTION_DIGITS; i++)
		text[whole + i] = *fraction ? *fraction++ : '0';
	if (num_parse_u64(text, &usec) < 0)
		return err_bad(e, "", "%s is no number of seconds", seconds);
	*ret = text;
	return 0;
}

/* People write TimeoutStopSec; on the bus there is only TimeoutStopUSec. */
static int convert_seconds(struct plan_property *p, struct arena *arena, struct err *e)
{
	size_t n = strlen(p->name) - strlen("Sec");

	if (strcmp(p->name + n, "Sec") != 0 || (n > 0 && p->name[n - 1] == 'U'))
		return 0;
	if (p->n != 1 || p->type[0] == 'a' || strchr("bsog", p->type[0]))
		return err_bad(e, "", "%s is a number of seconds", p->name);
	p->type = "t";
	p->name = arena_printf(arena, "%.*sUSec", (int)n, p->name);
	return p->name ? to_usec(p->values[0], arena, &p->values[0], e) : err_nomem(e);
}

int cgroup_systemd_variant(const char *name, const char *value, struct plan_property *ret,
			   struct arena *arena, struct err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	struct reader r = { .p = value, .arena = arena, .e = e };
	struct plan_property p = { .name = name };
	int err;

	if (strlen(name) < NAME_MIN || strspn(name, letters) != strlen(name))
		return err_bad(e, "", "%s is no name of a property", name);
	err = read_value(&r, &p);
	if (err < 0)
		return err;
	skip_blanks(&r);
	if (*r.p)
		return bad(&r, "something is left over");
	err = convert_seconds(&p, arena, e);
	if (err == 0)
		*ret = p;
	return err;
}
