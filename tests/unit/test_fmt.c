/* SPDX-License-Identifier: Apache-2.0 */
/* Formatting without stdio. */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"

/* What printf says is right; our formatter must agree and report the length. */
#define agree(...)                                                     \
	do {                                                           \
		char ours[256], theirs[256];                           \
		size_t len = fmt_str(ours, sizeof(ours), __VA_ARGS__); \
		snprintf(theirs, sizeof(theirs), __VA_ARGS__);         \
		cr_expect_str_eq(ours, theirs);                        \
		cr_expect_eq(len, strlen(theirs));                     \
	} while (0)

Test(fmt, agrees_with_printf_on_every_directive)
{
	agree("plain");
	agree("%s and %s", "one", "two");
	agree("%c%c%%", 'a', 'b');
	agree("%d %d %d %d", 0, -1, INT_MIN, INT_MAX);
	agree("%u %u", 0u, UINT_MAX);
	agree("%o %x", 0755u, 0xdeadbeefu);
	agree("%ld %lu %lx", LONG_MIN, ULONG_MAX, ULONG_MAX);
	agree("%lld %lld %llu", LLONG_MIN, LLONG_MAX, ULLONG_MAX);
	agree("%zu %zd", SIZE_MAX, (ssize_t)-5);
	agree("%llo", ULLONG_MAX);
}

Test(fmt, precision_bounds_a_string_without_terminator)
{
	char raw[3] = { 'a', 'b', 'c' };
	char text[16];

	fmt_str(text, sizeof(text), "<%.*s>", 3, raw);
	cr_assert_str_eq(text, "<abc>");
	fmt_str(text, sizeof(text), "<%.*s>", 0, raw);
	cr_assert_str_eq(text, "<>");
	fmt_str(text, sizeof(text), "<%.*s>", 10, "ab");
	cr_assert_str_eq(text, "<ab>");
}

Test(fmt, null_string_is_shown_not_followed)
{
	const char *volatile nothing = NULL;
	char text[16];

	fmt_str(text, sizeof(text), "%s", nothing);
	cr_assert_str_eq(text, "(null)");
}

Test(fmt, long_text_is_cut_and_terminated_within_the_buffer)
{
	char text[9];

	memset(text, '#', sizeof(text));
	cr_assert_eq(fmt_str(text, 8, "%s%d", "hello", 12345), 7);
	cr_assert_str_eq(text, "hello12");
	cr_assert_eq(text[8], '#');
	cr_assert_eq(fmt_str(text, 1, "hello"), 0);
	cr_assert_str_eq(text, "");
}

Test(fmt, a_buffer_of_no_bytes_is_left_alone)
{
	char guard = '#';

	cr_assert_eq(fmt_str(&guard, 0, "hello"), 0);
	cr_assert_eq(guard, '#');
}

static size_t wanted(const char *fmt, ...)
{
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	len = fmt_lenv(fmt, ap);
	va_end(ap);
	return len;
}

Test(fmt, tells_the_length_that_would_be_written)
{
	cr_assert_eq(wanted("%s: %d", "width", -100), strlen("width: -100"));
	cr_assert_eq(wanted("%s", ""), 0);
}
