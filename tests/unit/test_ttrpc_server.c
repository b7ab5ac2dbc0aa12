/* SPDX-License-Identifier: Apache-2.0 */
/* The serving end of ttrpc: what is answered, and what is refused in which words. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ttrpc_peer.h"

TestSuite(ttrpc_server, .init = peer_server_start, .fini = peer_server_stop, .timeout = 60);

/* ---- requests --------------------------------------------------------------------------------- */

Test(ttrpc_server, answers_a_request)
{
	_cleanup_close_ int fd = peer_connect();

	peer_request(fd, 1, "Echo", "hello");
	peer_assert_answer(fd, 1, 0, "hello");
	peer_request(fd, 3, "Timeout", "");
	peer_assert_answer(fd, 3, 0, "77");
	peer_request(fd, 5, "Fail", "");
	peer_assert_answer(fd, 5, 5, "container not created: not found");
}

Test(ttrpc_server, an_empty_answer_is_an_empty_frame)
{
	_cleanup_close_ int fd = peer_connect();
	struct peer_answer a;

	peer_request(fd, 1, "Echo", "");
	a = peer_receive(fd);
	cr_assert_eq(a.length, 0);
	cr_assert_eq(a.stream, 1);
}

Test(ttrpc_server, a_request_may_come_byte_by_byte)
{
	_cleanup_close_ int fd = peer_connect();
	_cleanup_buf_ struct buf b = {};

	peer_add_request(&b, 1, "test.Service", "Echo", "slowly");
	for (size_t i = 0; i < b.len; i++) {
		peer_send(fd, b.data + i, 1);
		usleep(1000);
	}
	peer_assert_answer(fd, 1, 0, "slowly");
}

Test(ttrpc_server, requests_in_one_piece_are_all_answered)
{
	_cleanup_close_ int fd = peer_connect();
	_cleanup_buf_ struct buf b = {};
	char text[16];

	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "%u", i);
		peer_add_request(&b, 2 * i + 1, "test.Service", "Echo", text);
	}
	peer_send(fd, b.data, b.len);
	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "%u", i);
		peer_assert_answer(fd, 2 * i + 1, 0, text);
	}
}

Test(ttrpc_server, a_held_request_holds_up_no_other)
{
	_cleanup_close_ int fd = peer_connect();

	peer_request(fd, 1, "Hold", "first");
	peer_request(fd, 3, "Hold", "second");
	peer_request(fd, 5, "Echo", "third");
	peer_assert_answer(fd, 5, 0, "third");
	peer_request(fd, 7, "Release", "");
	peer_assert_answer(fd, 3, 0, "second");
	peer_assert_answer(fd, 1, 0, "first");
	peer_assert_answer(fd, 7, 0, "");
}

Test(ttrpc_server, the_largest_message_passes_both_ways)
{
	_cleanup_close_ int fd = peer_connect();
	_cleanup_buf_ struct buf b = {};
	size_t around = 32, size = TTRPC_MAX_LENGTH - around;
	_cleanup_free_ char *text = malloc(size + 1);

	memset(text, 'x', size);
	text[size] = '\0';
	peer_add_request(&b, 1, "test.Service", "Echo", text);
	cr_assert_leq(b.len, TTRPC_MAX_LENGTH + TTRPC_HEADER_SIZE);
	cr_assert_geq(b.len, TTRPC_MAX_LENGTH - 10);
	peer_send(fd, b.data, b.len);
	cr_assert_eq(peer_receive(fd).len, size);
}

/* ---- what is refused -------------------------------------------------------------------------- */

Test(ttrpc_server, what_is_not_there_is_named)
{
	_cleanup_close_ int fd = peer_connect();
	_cleanup_buf_ struct buf b = {};

	peer_add_request(&b, 1, "test.Nothing", "Echo", "");
	peer_add_request(&b, 3, "test.Service", "Nothing", "");
	peer_add_request(&b, 5, "test.Other", "Echo", "");
	peer_add_request(&b, 7, "", "", "");
	peer_send(fd, b.data, b.len);
	peer_assert_answer(fd, 1, 12, "service test.Nothing");
	peer_assert_answer(fd, 3, 12, "method Nothing");
	peer_assert_answer(fd, 5, 5, "container not created: not found");
	peer_assert_answer(fd, 7, 12, "service ");
}

Test(ttrpc_server, what_is_no_request_is_an_invalid_argument)
{
	_cleanup_close_ int fd = peer_connect();
	_cleanup_buf_ struct buf b = {};
	struct peer_answer a;

	peer_add_frame(&b, 1, TTRPC_REQUEST, "\x0a\xff", 2);
	peer_send(fd, b.data, b.len);
	a = peer_receive(fd);
	cr_assert_eq(a.status, 3);
	cr_assert_eq(strncmp(a.message, "unmarshal request error: ", 25), 0, "%s", a.message);
	peer_request(fd, 3, "Echo", "fine");
	peer_assert_answer(fd, 3, 0, "fine");
}

Test(ttrpc_server, streams_must_be_odd)
{
	_cleanup_close_ int fd = peer_connect();

	peer_request(fd, 2, "Echo", "");
	peer_assert_answer(fd, 2, 3, "StreamID must be odd for client initiated streams");
	peer_request(fd, 0, "Echo", "");
	peer_assert_answer(fd, 0, 3, "StreamID must be odd for client initiated streams");
	peer_request(fd, 1, "Echo", "odd");
	peer_assert_answer(fd, 1, 0, "odd");
}

Test(ttrpc_server, streams_must_grow)
{
	_cleanup_close_ int fd = peer_connect();

	peer_request(fd, 5, "Echo", "a");
	peer_assert_answer(fd, 5, 0, "a");
	peer_request(fd, 5, "Echo", "b");
	peer_assert_answer(fd, 5, 3, "StreamID cannot be re-used and must increment");
	peer_request(fd, 3, "Echo", "c");
	peer_assert_answer(fd, 3, 3, "StreamID cannot be re-used and must increment");
	peer_request(fd, UINT32_MAX, "Echo", "d");
	peer_assert_answer(fd, UINT32_MAX, 0, "d");
}

Test(ttrpc_server, data_belongs_to_no_stream)
{
	_cleanup_close_ int fd = peer_connect();
	_cleanup_buf_ struct buf b = {};

	peer_add_frame(&b, 1, TTRPC_DATA, "x", 1);
	peer_send(fd, b.data, b.len);
	peer_assert_answer(fd, 1, 3, "StreamID is no longer active");
	peer_request(fd, 1, "Echo", "its number is still free");
	peer_assert_answer(fd, 1, 0, "its number is still free");
}

Test(ttrpc_server, frames_of_unknown_type_are_ignored)
{
	_cleanup_close_ int fd = peer_connect();
	_cleanup_buf_ struct buf b = {};

	for (int type = 0; type < 256; type++)
		if (type != TTRPC_REQUEST && type != TTRPC_DATA)
			peer_add_frame(&b, 9, (uint8_t)type, "data", 4);
	peer_add_request(&b, 1, "test.Service", "Echo", "next");
	peer_send(fd, b.data, b.len);
	peer_assert_answer(fd, 1, 0, "next");
}

Test(ttrpc_server, a_message_that_is_too_long_is_discarded_and_answered)
{
	_cleanup_close_ int fd = peer_connect();
	_cleanup_buf_ struct buf b = {};
	_cleanup_free_ uint8_t *data = calloc(1, 5 << 20);

	peer_add_frame(&b, 1, TTRPC_REQUEST, data, 5 << 20);
	peer_add_request(&b, 3, "test.Service", "Echo", "next");
	peer_send(fd, b.data, b.len);
	peer_assert_answer(fd, 1, 8,
			   "message length 5242880 exceed maximum message size of 4194304");
	peer_assert_answer(fd, 3, 0, "next");
}

Test(ttrpc_server, an_answer_that_is_too_long_is_refused)
{
	_cleanup_close_ int fd = peer_connect();

	peer_request(fd, 1, "Large", "4194304");
	peer_assert_answer(fd, 1, 8,
			   "message length 4194309 exceed maximum message size of 4194304");
	peer_request(fd, 3, "Large", "4194299");
	cr_assert_eq(peer_receive(fd).len, 4194299);
}
