/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text as text: yajl checks UTF-8 only by its outline, replaces lone surrogates and takes
 * vertical tabs and form feeds for blanks, so these are looked for here, in the whole text. */
#include "base/json_text.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

#define ESCAPE_LEN 6 /* \uXXXX */

void json_text_position(const char *text, size_t offset, unsigned *ret_line, unsigned *ret_column)
{
	unsigned line = 1, column = 1;

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			line++;
			column = 1;
		} else if ((text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	*ret_line = line;
	*ret_column = column;
}

size_t json_text_skip(const char *text, size_t len, size_t offset)
{
	while (offset < len && memchr(" \t\r\n,:", text[offset], 6))
		offset++;
	return offset;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The code unit of the \u escape at p, or -1. */
static int escape_unit(const char *p, const char *end)
{
	int unit = 0;

	if (end - p < ESCAPE_LEN || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < ESCAPE_LEN; i++) {
		int digit = hex_digit(p[i]);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

static bool is_high(int unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low(int unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/* The first escape that is half a pair, or NULL. Outside of strings a backslash is a syntax error
 * anyhow, so strings need not be told apart. */
static const char *lone_surrogate(const char *p, const char *end)
{
	while (p < end && (p = memchr(p, '\\', (size_t)(end - p)))) {
		int unit = escape_unit(p, end);

		if (is_low(unit) || (is_high(unit) && !is_low(escape_unit(p + ESCAPE_LEN, end))))
			return p;
		p += is_high(unit) ? 2 * ESCAPE_LEN : 2;
	}
	return NULL;
}

/* Keeps the earliest of the flaws found so far. */
static void note(size_t offset, const char *what, size_t *ret_first, const char **ret_what)
{
	if (offset >= *ret_first)
		return;
	*ret_first = offset;
	*ret_what = what;
}

size_t json_text_check(const char *text, size_t len, const char **ret_what)
{
	size_t first = len;
	const char *flaw;

	note(utf8_valid_prefix(text, len), "invalid UTF-8", &first, ret_what);
	flaw = lone_surrogate(text, text + len);
	if (flaw)
		note((size_t)(flaw - text), "half a surrogate pair", &first, ret_what);
	for (const char *blank = "\v\f"; *blank; blank++) {
		flaw = memchr(text, *blank, len);
		if (flaw)
			note((size_t)(flaw - text), "control character", &first, ret_what);
	}
	return first;
}
