/* SPDX-License-Identifier: Apache-2.0 */
/* Growing bytes on the heap: text under construction. Host side only. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* Zero-initialise. `data` is always terminated once anything was added. After a failed allocation
 * `failed` sticks and further additions do nothing: check once at the end with buf_ok(). */
struct buf {
	char *data;
	size_t len, cap;
	int failed;
};

void buf_add(struct buf *b, const void *data, size_t n);
void buf_str(struct buf *b, const char *s);
void buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_fmtv(struct buf *b, const char *fmt, va_list ap);
int buf_ok(const struct buf *b); /* 0 or -ENOMEM */
void buf_done(struct buf *b);
#define _cleanup_buf_ __attribute__((cleanup(buf_done)))
