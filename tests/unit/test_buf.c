/* SPDX-License-Identifier: Apache-2.0 */
/* Growing bytes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

Test(buf, text_adds_up_and_is_always_terminated)
{
	_cleanup_buf_ struct buf b = {};

	buf_str(&b, "one");
	cr_assert_str_eq(b.data, "one");
	buf_add(&b, " two!", 4);
	buf_fmt(&b, " %s=%d", "three", 3);
	cr_assert_str_eq(b.data, "one two three=3");
	cr_assert_eq(b.len, strlen(b.data));
	cr_assert_eq(buf_ok(&b), 0);
}

Test(buf, adding_nothing_still_terminates)
{
	_cleanup_buf_ struct buf b = {};

	buf_add(&b, NULL, 0);
	cr_assert_str_eq(b.data, "");
}

Test(buf, bytes_may_be_nul)
{
	_cleanup_buf_ struct buf b = {};

	buf_add(&b, "a\0b", 3);
	cr_assert_eq(b.len, 3);
	cr_assert_eq(memcmp(b.data, "a\0b", 4), 0);
}

Test(buf, grows_without_end)
{
	_cleanup_buf_ struct buf b = {};

	for (int i = 0; i < 100000; i++)
		buf_fmt(&b, "%d,", i % 10);
	cr_assert_eq(b.len, 200000);
	for (int i = 0; i < 100000; i++)
		cr_assert(b.data[2 * i] == '0' + i % 10 && b.data[2 * i + 1] == ',');
}

Test(buf, a_formatted_text_longer_than_the_room_left_is_whole)
{
	_cleanup_buf_ struct buf b = {};
	char longer[1000];

	memset(longer, 'x', sizeof(longer));
	buf_str(&b, "start ");
	buf_fmt(&b, "%.*s end", (int)sizeof(longer), longer);
	cr_assert_eq(b.len, 6 + sizeof(longer) + 4);
	cr_assert_str_eq(b.data + 6 + sizeof(longer), " end");
}

Test(buf, failure_sticks_and_keeps_what_was_there)
{
	_cleanup_buf_ struct buf b = {};

	buf_str(&b, "kept");
	buf_add(&b, "x", SIZE_MAX - 2);
	cr_assert_eq(buf_ok(&b), -ENOMEM);
	buf_str(&b, "more");
	cr_assert_str_eq(b.data, "kept");
	cr_assert_eq(buf_ok(&b), -ENOMEM);
}

Test(buf, done_makes_it_new)
{
	struct buf b = {};

	buf_str(&b, "x");
	buf_done(&b);
	cr_assert(!b.data && b.len == 0 && b.cap == 0);
	buf_done(&b);
}
