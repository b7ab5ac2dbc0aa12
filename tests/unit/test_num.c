/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers from text. */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>

#include "base/num.h"

Test(num, unsigned_numbers_up_to_their_limits)
{
	uint64_t v;
	uint32_t w;

	cr_assert_eq(num_parse_u64("0", &v), 0);
	cr_assert_eq(v, 0);
	cr_assert_eq(num_parse_u64("18446744073709551615", &v), 0);
	cr_assert_eq(v, UINT64_MAX);
	cr_assert_eq(num_parse_u64("18446744073709551616", &v), -ERANGE);
	cr_assert_eq(num_parse_u32("4294967295", &w), 0);
	cr_assert_eq(w, UINT32_MAX);
	cr_assert_eq(num_parse_u32("4294967296", &w), -ERANGE);
}

Test(num, signed_numbers_up_to_their_limits)
{
	int64_t v;
	int i;

	cr_assert_eq(num_parse_i64("-9223372036854775808", &v), 0);
	cr_assert_eq(v, INT64_MIN);
	cr_assert_eq(num_parse_i64("9223372036854775807", &v), 0);
	cr_assert_eq(v, INT64_MAX);
	cr_assert_eq(num_parse_i64("9223372036854775808", &v), -ERANGE);
	cr_assert_eq(num_parse_i64("-9223372036854775809", &v), -ERANGE);
	cr_assert_eq(num_parse_int("-2147483648", &i), 0);
	cr_assert_eq(i, INT_MIN);
	cr_assert_eq(num_parse_int("2147483648", &i), -ERANGE);
}

Test(num, what_is_not_a_plain_number_is_refused_and_nothing_is_stored)
{
	static const char *const texts[] = { "",    " 1", "1 ",	 "+1", "0x10", "1e3",
					     "--1", "-",  "1.0", "a",  "12a",  "1\n" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint64_t u = 7;
		int64_t s = 7;

		cr_expect_eq(num_parse_u64(texts[i], &u), -EINVAL, "u64 \"%s\"", texts[i]);
		cr_expect_eq(num_parse_i64(texts[i], &s), -EINVAL, "i64 \"%s\"", texts[i]);
		cr_expect(u == 7 && s == 7);
	}
}

Test(num, an_unsigned_number_has_no_sign)
{
	uint32_t v;

	cr_assert_eq(num_parse_u32("-1", &v), -EINVAL);
}

Test(num, a_huge_text_that_is_no_number_is_invalid_not_out_of_range)
{
	uint64_t v;

	cr_assert_eq(num_parse_u64("99999999999999999999999x", &v), -EINVAL);
}

Test(num, modes_are_octal_and_at_most_07777)
{
	uint32_t v;

	cr_assert_eq(num_parse_mode("755", &v), 0);
	cr_assert_eq(v, 0755);
	cr_assert_eq(num_parse_mode("07777", &v), 0);
	cr_assert_eq(v, 07777);
	cr_assert_eq(num_parse_mode("10000", &v), -ERANGE);
	cr_assert_eq(num_parse_mode("8", &v), -EINVAL);
	cr_assert_eq(num_parse_mode("", &v), -EINVAL);
}

Test(num, bytes_take_binary_suffixes)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} rows[] = {
		{ "0", 0 },	     { "512", 512 },	   { "512b", 512 },
		{ "64k", 64 << 10 }, { "64KB", 64 << 10 }, { "16m", 16 << 20 },
		{ "2G", 2LL << 30 }, { "3tb", 3LL << 40 }, { "-1", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t v = 7;

		cr_expect_eq(num_parse_bytes(rows[i].text, &v), 0, "%s", rows[i].text);
		cr_expect_eq(v, rows[i].bytes, "%s", rows[i].text);
	}
}

Test(num, bytes_refuse_other_suffixes_signs_and_overflow)
{
	static const struct {
		const char *text;
		int result;
	} rows[] = {
		{ "", -EINVAL },	 { "k", -EINVAL },
		{ "-2", -EINVAL },	 { "1x", -EINVAL },
		{ "1kk", -EINVAL },	 { "1.5g", -EINVAL },
		{ "1 k", -EINVAL },	 { "1bb", -EINVAL },
		{ "8388608t", -ERANGE }, { "9223372036854775808", -ERANGE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t v = 7;

		cr_expect_eq(num_parse_bytes(rows[i].text, &v), rows[i].result, "%s", rows[i].text);
		cr_expect_eq(v, 7);
	}
}

Test(num, durations_as_go_prints_them)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{ "10", 10000 },
		{ "0", 0 },
		{ "0s", 0 },
		{ "250ms", 250 },
		{ "1.5s", 1500 },
		{ "1.5", 1500 },
		{ "2m", 120000 },
		{ "1h30m0s", 5400000 },
		{ "0.5h", 1800000 },
		{ "1m1s1ms", 61001 },
		{ "1.0009999s", 1000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t v = -7;

		cr_expect_eq(num_parse_duration_ms(rows[i].text, &v), 0, "%s", rows[i].text);
		cr_expect_eq(v, rows[i].ms, "%s", rows[i].text);
	}
}

Test(num, durations_refuse_what_go_would_not_print)
{
	static const struct {
		const char *text;
		int result;
	} rows[] = {
		{ "", -EINVAL },
		{ "s", -EINVAL },
		{ "-1s", -EINVAL },
		{ "1d", -EINVAL },
		{ "1s5", -EINVAL },
		{ "1.s", -EINVAL },
		{ ".5s", -EINVAL },
		{ "1 s", -EINVAL },
		{ "9223372036854775807s", -ERANGE },
		{ "9223372036854775807ms1ms", -ERANGE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t v = 7;

		cr_expect_eq(num_parse_duration_ms(rows[i].text, &v), rows[i].result, "%s",
			     rows[i].text);
		cr_expect_eq(v, 7);
	}
}
