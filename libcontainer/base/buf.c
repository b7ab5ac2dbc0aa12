/* SPDX-License-Identifier: Apache-2.0 */
/* Growing bytes: doubled on demand, always terminated, failure remembered. */
#include "base/buf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"

#define BUF_MIN 128

/* Makes room for n more bytes and the terminator. */
static bool reserve(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : BUF_MIN;
	size_t needed;
	char *data;

	if (b->failed || __builtin_add_overflow(b->len + 1, n, &needed)) {
		b->failed = 1;
		return false;
	}
	if (needed <= b->cap)
		return true;
	while (cap < needed)
		cap = cap * 2 > cap ? cap * 2 : needed;
	data = realloc(b->data, cap);
	if (!data) {
		b->failed = 1;
		return false;
	}
	b->data = data;
	b->cap = cap;
	return true;
}

void buf_add(struct buf *b, const void *data, size_t n)
{
	if (!reserve(b, n))
		return;
	if (n > 0)
		memcpy(b->data + b->len, data, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_fmtv(struct buf *b, const char *fmt, va_list ap)
{
	size_t n = fmt_lenv(fmt, ap);

	if (reserve(b, n))
		b->len += fmt_strv(b->data + b->len, n + 1, fmt, ap);
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_fmtv(b, fmt, ap);
	va_end(ap);
}

int buf_ok(const struct buf *b)
{
	return b->failed ? -ENOMEM : 0;
}

void buf_done(struct buf *b)
{
	free(b->data);
	*b = (struct buf){};
}
