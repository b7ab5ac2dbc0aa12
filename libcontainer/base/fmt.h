/* SPDX-License-Identifier: Apache-2.0 */
/* Formatting without stdio, locale or memory: for init and for errors. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* Like snprintf for %s %d %u %zu %lld %llu %ld %lu %o %x %c %%, and %.*s. Always terminates when
 * size > 0; returns the length written (not the length wanted). A NULL %s prints "(null)". */
size_t fmt_str(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
size_t fmt_strv(char *buf, size_t size, const char *fmt, va_list ap);
/* Newlines and escape sequences, which text from outside may hold, become question marks. */
void fmt_printable(char *text);
/* The length fmt_strv() would write given room enough. */
size_t fmt_lenv(const char *fmt, va_list ap);
