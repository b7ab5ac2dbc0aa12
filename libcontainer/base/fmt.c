/* SPDX-License-Identifier: Apache-2.0 */
/* The formatter: one pass over the format, output counted even where it no longer fits. */
#include "base/fmt.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct out {
	char *buf;
	size_t size, len; /* len counts what is wanted, buf takes what fits */
	va_list ap;
};

static void put(struct out *o, const char *s, size_t n)
{
	if (o->len + 1 < o->size) {
		size_t room = o->size - o->len - 1;

		memcpy(o->buf + o->len, s, n < room ? n : room);
	}
	o->len += n;
}

static void put_number(struct out *o, uint64_t value, unsigned base, bool negative)
{
	char digits[24]; /* 22 octal digits of 64 bits and a sign */
	char *p = digits + sizeof(digits);

	do
		*--p = "0123456789abcdef"[value % base];
	while (value /= base);
	if (negative)
		*--p = '-';
	put(o, p, (size_t)(digits + sizeof(digits) - p));
}

static void put_signed(struct out *o, int longs)
{
	int64_t v = longs == 0	 ? va_arg(o->ap, int)
		    : longs == 1 ? va_arg(o->ap, long)
				 : va_arg(o->ap, long long);

	put_number(o, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, v < 0);
}

static void put_unsigned(struct out *o, int longs, unsigned base)
{
	uint64_t v = longs == 0	  ? va_arg(o->ap, unsigned int)
		     : longs == 1 ? va_arg(o->ap, unsigned long)
				  : va_arg(o->ap, unsigned long long);

	put_number(o, v, base, false);
}

static void put_string(struct out *o, int precision)
{
	const char *s = va_arg(o->ap, const char *);

	if (!s)
		s = "(null)";
	put(o, s, precision < 0 ? strlen(s) : strnlen(s, (size_t)precision));
}

/* p is behind the '%'; returns what follows the directive. */
static const char *put_directive(struct out *o, const char *p)
{
	int precision = -1, longs = 0;
	char c;

	if (p[0] == '.' && p[1] == '*') {
		precision = va_arg(o->ap, int);
		p += 2;
	}
	/* size_t has the width of long on every Linux ABI. */
	for (; *p == 'l' || *p == 'z'; p++)
		longs++;
	switch (*p) {
	case 's':
		put_string(o, precision);
		break;
	case 'c':
		c = (char)va_arg(o->ap, int);
		put(o, &c, 1);
		break;
	case 'd':
		put_signed(o, longs);
		break;
	case 'u':
		put_unsigned(o, longs, 10);
		break;
	case 'o':
		put_unsigned(o, longs, 8);
		break;
	case 'x':
		put_unsigned(o, longs, 16);
		break;
	case '%':
		put(o, "%", 1);
		break;
	default: /* not ours: shown as it stands, so that it is noticed */
		put(o, "%", 1);
		return p;
	}
	return p + 1;
}

/* Returns the length wanted. */
static size_t format(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = { .buf = buf, .size = size };

	va_copy(o.ap, ap);
	while (*fmt) {
		size_t plain = strcspn(fmt, "%");

		put(&o, fmt, plain);
		fmt += plain;
		if (*fmt)
			fmt = put_directive(&o, fmt + 1);
	}
	va_end(o.ap);
	return o.len;
}

size_t fmt_strv(char *buf, size_t size, const char *fmt, va_list ap)
{
	size_t len;

	if (size == 0)
		return 0;
	len = format(buf, size, fmt, ap);
	if (len >= size)
		len = size - 1;
	buf[len] = '\0';
	return len;
}

size_t fmt_str(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	len = fmt_strv(buf, size, fmt, ap);
	va_end(ap);
	return len;
}

size_t fmt_lenv(const char *fmt, va_list ap)
{
	return format(NULL, 0, fmt, ap);
}

void fmt_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}
