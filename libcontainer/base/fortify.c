/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For builds with musl (doc/ARCHITECTURE.md, Linking). The archives that the system brings were
 * compiled against glibc's headers. What they call is ISO C and POSIX, the same in every libc, and the
 * checked forms of some of these functions, which are glibc's alone (Linux Standard Base, libc: the
 * "_chk" functions). Here they are: a write past the end of its object ends the process.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__memcpy_chk(void *to, const void *from, size_t n, size_t size);
int __sprintf_chk(char *to, int flag, size_t size, const char *format, ...);
int __snprintf_chk(char *to, size_t n, int flag, size_t size, const char *format, ...);
int __asprintf_chk(char **to, int flag, const char *format, ...);
int __fprintf_chk(FILE *to, int flag, const char *format, ...);

static void need(size_t n, size_t size)
{
	if (n > size)
		abort();
}

void *__memcpy_chk(void *to, const void *from, size_t n, size_t size)
{
	need(n, size);
	return memcpy(to, from, n);
}

int __sprintf_chk(char *to, int flag, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	(void)flag;
	va_start(args, format);
	n = vsnprintf(to, size, format, args);
	va_end(args);
	need((size_t)n + 1, size);
	return n;
}

int __snprintf_chk(char *to, size_t n, int flag, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	(void)flag;
	need(n, size);
	va_start(args, format);
	len = vsnprintf(to, n, format, args);
	va_end(args);
	return len;
}

int __asprintf_chk(char **to, int flag, const char *format, ...)
{
	va_list args;
	int len;

	(void)flag;
	va_start(args, format);
	len = vasprintf(to, format, args);
	va_end(args);
	return len;
}

int __fprintf_chk(FILE *to, int flag, const char *format, ...)
{
	va_list args;
	int len;

	(void)flag;
	va_start(args, format);
	len = vfprintf(to, format, args);
	va_end(args);
	return len;
}
