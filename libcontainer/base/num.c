/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers from text, without strtol: no blanks, no locale, no prefix surprises. */
#include "base/num.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Reads the digits at *s and moves it behind them. */
static int take_digits(const char **s, unsigned base, uint64_t *ret)
{
	const char *p = *s;
	uint64_t v = 0;

	for (; *p >= '0' && *p < (char)('0' + base); p++)
		if (__builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return -ERANGE;
	if (p == *s)
		return -EINVAL;
	*s = p;
	*ret = v;
	return 0;
}

static int parse_whole(const char *s, unsigned base, uint64_t max, uint64_t *ret)
{
	size_t digits = strspn(s, base == 8 ? "01234567" : "0123456789");
	uint64_t v;
	int r;

	if (s[digits] != '\0')
		return -EINVAL;
	r = take_digits(&s, base, &v);
	if (r < 0)
		return r;
	if (v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

int num_parse_u64(const char *s, uint64_t *ret)
{
	return parse_whole(s, 10, UINT64_MAX, ret);
}

static int parse_signed(const char *s, int64_t max, int64_t *ret)
{
	bool negative = *s == '-';
	uint64_t v;
	int r;

	r = parse_whole(s + negative, 10, (uint64_t)max + negative, &v);
	if (r < 0)
		return r;
	*ret = (int64_t)(negative ? -v : v);
	return 0;
}

int num_parse_i64(const char *s, int64_t *ret)
{
	return parse_signed(s, INT64_MAX, ret);
}

static int parse_u32(const char *s, unsigned base, uint32_t max, uint32_t *ret)
{
	uint64_t v;
	int r = parse_whole(s, base, max, &v);

	if (r < 0)
		return r;
	*ret = (uint32_t)v;
	return 0;
}

int num_parse_u32(const char *s, uint32_t *ret)
{
	return parse_u32(s, 10, UINT32_MAX, ret);
}

int num_parse_int(const char *s, int *ret)
{
	int64_t v;
	int r = parse_signed(s, INT32_MAX, &v);

	if (r < 0)
		return r;
	*ret = (int)v;
	return 0;
}

int num_parse_mode(const char *s, uint32_t *ret)
{
	return parse_u32(s, 8, 07777, ret);
}

/* The power of 1024 that a suffix like "k", "kb" or "b" names, or -EINVAL. */
static int suffix_power(const char *suffix)
{
	static const char letters[] = "kmgt";
	const char *letter = *suffix ? strchr(letters, *suffix | 0x20) : NULL;
	int power = 0;

	if (letter && *letter) {
		power = (int)(letter - letters) + 1;
		suffix++;
	}
	return *suffix == '\0' || strcasecmp(suffix, "b") == 0 ? power : -EINVAL;
}

int num_parse_bytes(const char *s, int64_t *ret)
{
	uint64_t v;
	int64_t bytes;
	int r, power;

	if (strcmp(s, "-1") == 0) {
		*ret = -1;
		return 0;
	}
	r = take_digits(&s, 10, &v);
	if (r < 0)
		return r;
	power = suffix_power(s);
	if (power < 0)
		return power;
	if (__builtin_mul_overflow(v, (uint64_t)1 << (10 * power), &bytes))
		return -ERANGE;
	*ret = bytes;
	return 0;
}

/* Moves *s behind a unit and returns its milliseconds; 0 when there is none. */
static uint64_t take_unit(const char **s)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {
		{ .name = "ms", .ms = 1 }, /* before its prefix "m" */
		{ .name = "s", .ms = 1000 },
		{ .name = "m", .ms = 60 * 1000 },
		{ .name = "h", .ms = 60 * 60 * 1000 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t n = strlen(units[i].name);

		if (strncmp(*s, units[i].name, n) == 0) {
			*s += n;
			return units[i].ms;
		}
	}
	return 0;
}

/* Reads an optional ".digits"; what is below a millionth of the unit is only checked to be
 * digits. */
static int take_fraction(const char **s, uint64_t *ret_millionths)
{
	uint64_t millionths = 0, scale = 100000;
	const char *p = *s;

	if (*p == '.') {
		if (p[1] < '0' || p[1] > '9')
			return -EINVAL;
		for (p++; *p >= '0' && *p <= '9'; p++, scale /= 10)
			millionths += (uint64_t)(*p - '0') * scale;
	}
	*s = p;
	*ret_millionths = millionths;
	return 0;
}

/* One "1.5h" of a duration, in milliseconds. A number alone is seconds. */
static int take_span(const char **s, bool first, uint64_t *ret)
{
	uint64_t whole, millionths, unit, ms;
	int r;

	r = take_digits(s, 10, &whole);
	if (r < 0)
		return r;
	r = take_fraction(s, &millionths);
	if (r < 0)
		return r;
	unit = take_unit(s);
	if (unit == 0 && first && **s == '\0')
		unit = 1000;
	if (unit == 0)
		return -EINVAL;
	if (__builtin_mul_overflow(whole, unit, &ms) ||
	    __builtin_add_overflow(ms, millionths * unit / 1000000, &ms))
		return -ERANGE;
	*ret = ms;
	return 0;
}

int num_parse_duration_ms(const char *s, int64_t *ret)
{
	const char *start = s;
	int64_t total = 0;
	uint64_t span;
	int r;

	do {
		r = take_span(&s, s == start, &span);
		if (r < 0)
			return r;
		if (__builtin_add_overflow(total, span, &total))
			return -ERANGE;
	} while (*s);
	*ret = total;
	return 0;
}
