/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics as people see them. */
#include <criterion/criterion.h>
#include <string.h>

#include "runtime/figures.h"
#include "runtime/sheet.h"

static const char *bytes(uint64_t n)
{
	static char text[FIGURES_AMOUNT];

	return figures_bytes(n, text);
}

Test(figures, amounts_are_short)
{
	cr_assert_str_eq(bytes(0), "0B");
	cr_assert_str_eq(bytes(1023), "1023B");
	cr_assert_str_eq(bytes(1024), "1.0K");
	cr_assert_str_eq(bytes(1536), "1.5K");
	cr_assert_str_eq(bytes(100 << 10), "100K");
	cr_assert_str_eq(bytes(UINT64_C(64) << 20), "64.0M");
	cr_assert_str_eq(bytes((UINT64_C(1) << 62) - 1), "3.9E");
}

Test(figures, no_limit_is_max_however_the_kernel_says_it)
{
	cr_assert_str_eq(bytes(LC_UNLIMITED), "max");
	cr_assert_str_eq(bytes(INT64_MAX - 4095), "max");
}

static const char *line(const struct figures *f)
{
	static struct buf out;

	out.len = 0;
	figures_line(f, &out);
	return out.data;
}

Test(figures, rates_are_unknown_before_the_second_sample)
{
	const struct lc_stats s = { .cpu.usage_usec = 5000000 };
	struct sample last = {};
	struct figures f;

	figures_make(&s, 1000, &last, &f);
	cr_assert_not(f.has_rates);
	cr_assert_eq(strspn(line(&f), " "), 6);
	cr_assert_eq(*strchr(line(&f), '-'), '-');
}

Test(figures, rates_are_those_of_the_time_between_two_samples)
{
	struct lc_io_device devices[] = { { .rbytes = 100 }, { .wbytes = 50 } };
	struct lc_stats s = { .cpu.usage_usec = 1000000,
			      .io = { .devices = devices, .n_devices = 2 } };
	struct sample last = {};
	struct figures f;

	figures_make(&s, 1000, &last, &f);
	s.cpu.usage_usec += 1500000;
	devices[1].rbytes = 4096;
	devices[0].wbytes = 2048;
	figures_make(&s, 3000, &last, &f);
	cr_assert(f.has_rates);
	cr_assert_eq(f.cpu, 7500, "75 %% of a CPU, not %u", (unsigned)f.cpu);
	cr_assert_eq(f.read, 2048);
	cr_assert_eq(f.written, 1024);
	cr_assert(strstr(line(&f), "75.0"));
}

Test(figures, a_counter_that_went_back_is_no_rate)
{
	struct lc_stats s = { .cpu.usage_usec = 1000000 };
	struct sample last = {};
	struct figures f;

	figures_make(&s, 1000, &last, &f);
	s.cpu.usage_usec = 0;
	figures_make(&s, 1000, &last, &f);
	cr_assert_eq(f.cpu, 0);
}

Test(figures, titles_stand_above_their_columns)
{
	const struct figures f = { .has_rates = true,
				   .memory = { .current = 4096, .max = LC_UNLIMITED },
				   .pids = { .current = 7, .max = 50 } };
	struct buf title = {};

	figures_title(&title);
	cr_assert_eq(strlen(line(&f)), title.len);
	cr_assert_str_eq(line(&f), "    0.0    4.0K    max     7     50      0B      0B    0.0    "
				   "0.0    0.0");
	buf_done(&title);
}

Test(figures, a_sheet_leaves_out_what_is_not_counted)
{
	const struct lc_stats s = { .cpu = { .usage_usec = 1234567 },
				    .pids = { .current = 1, .max = LC_UNLIMITED } };
	struct buf out = {};

	sheet_write(&s, &out);
	cr_assert_str_eq(out.data, "cpu       1.234 s used, 0.000 s user, 0.000 s system\n"
				   "pids      1 of max\n");
	buf_done(&out);
}
