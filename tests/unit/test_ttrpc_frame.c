/* SPDX-License-Identifier: Apache-2.0 */
/* Frames in a stream of bytes. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "frames.h"
#include "shim/ttrpc_frame.h"

static struct ttrpc_reader reader;

static void tear_down(void)
{
	ttrpc_reader_done(&reader);
}

TestSuite(ttrpc_frame, .fini = tear_down);

static void add_frame(struct buf *b, const struct ttrpc_frame *f)
{
	uint8_t header[TTRPC_HEADER_SIZE];

	ttrpc_header(f, header);
	buf_add(b, header, sizeof(header));
	buf_add(b, f->data, f->length);
}

static void add_text(struct buf *b, uint32_t stream, const char *text)
{
	struct ttrpc_frame f = {
		.length = (uint32_t)strlen(text),
		.stream = stream,
		.type = TTRPC_REQUEST,
		.data = (const uint8_t *)text,
	};

	add_frame(b, &f);
}

static void assert_same(const struct ttrpc_frame *a, const struct ttrpc_frame *b)
{
	cr_assert_eq(a->length, b->length);
	cr_assert_eq(a->stream, b->stream);
	cr_assert_eq(a->type, b->type);
	cr_assert_eq(a->flags, b->flags);
	cr_assert_eq(memcmp(a->data, b->data, a->length), 0);
}

Test(ttrpc_frame, header_is_big_endian)
{
	static const uint8_t wanted[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	struct ttrpc_frame f = { .length = 0x10203, .stream = 0x4050607, .type = 8, .flags = 9 };
	uint8_t header[TTRPC_HEADER_SIZE];

	ttrpc_header(&f, header);
	cr_assert_arr_eq(header, wanted, sizeof(wanted));
}

Test(ttrpc_frame, two_frames_in_one_piece_are_two)
{
	_cleanup_buf_ struct buf b = {};
	const uint8_t *at;
	struct ttrpc_frame f;
	size_t left;

	add_text(&b, 1, "first");
	add_text(&b, 3, "2nd");
	at = (uint8_t *)b.data;
	left = b.len;
	cr_assert_eq(ttrpc_reader_take(&reader, &at, &left, &f), TTRPC_READ_FRAME);
	cr_assert_eq(f.stream, 1);
	cr_assert_eq(memcmp(f.data, "first", 5), 0);
	cr_assert_eq(ttrpc_reader_take(&reader, &at, &left, &f), TTRPC_READ_FRAME);
	cr_assert_eq(f.stream, 3);
	cr_assert_eq(memcmp(f.data, "2nd", 3), 0);
	cr_assert_eq(ttrpc_reader_take(&reader, &at, &left, &f), TTRPC_READ_MORE);
	cr_assert_eq(left, 0);
}

Test(ttrpc_frame, an_empty_frame_is_a_frame)
{
	_cleanup_buf_ struct buf b = {};
	const uint8_t *at;
	struct ttrpc_frame f;
	size_t left;

	add_text(&b, 7, "");
	at = (uint8_t *)b.data;
	left = b.len;
	cr_assert_eq(left, TTRPC_HEADER_SIZE);
	cr_assert_eq(ttrpc_reader_take(&reader, &at, &left, &f), TTRPC_READ_FRAME);
	cr_assert_eq(f.length, 0);
	cr_assert_eq(f.stream, 7);
}

static struct buf stream;

static void add_recorded(const struct recorded_frame *f)
{
	add_frame(&stream, &f->frame);
}

static struct ttrpc_frame *wanted_frames;
static size_t n_wanted;

static void remember(const struct recorded_frame *f)
{
	uint8_t *data = malloc(f->frame.length + 1);

	memcpy(data, f->frame.data, f->frame.length);
	wanted_frames = realloc(wanted_frames, (n_wanted + 1) * sizeof(*wanted_frames));
	wanted_frames[n_wanted] = f->frame;
	wanted_frames[n_wanted++].data = data;
}

/* Every recorded frame, in pieces of every small size. */
Test(ttrpc_frame, recorded_conversations_come_out_as_they_went_in)
{
	size_t n = frames_each(NULL, add_recorded);

	cr_assert_geq(n, 400);
	frames_each(NULL, remember);
	for (size_t piece = 1; piece < 40; piece++) {
		size_t seen = 0;

		for (size_t start = 0; start < stream.len; start += piece) {
			size_t left = stream.len - start < piece ? stream.len - start : piece;
			const uint8_t *at = (uint8_t *)stream.data + start;
			struct ttrpc_frame f;

			while (ttrpc_reader_take(&reader, &at, &left, &f) == TTRPC_READ_FRAME)
				assert_same(&f, &wanted_frames[seen++]);
			cr_assert_eq(left, 0);
		}
		cr_assert_eq(seen, n, "in pieces of %zu: %zu", piece, seen);
	}
	for (size_t i = 0; i < n_wanted; i++)
		free((void *)wanted_frames[i].data);
	free(wanted_frames);
	buf_done(&stream);
}

Test(ttrpc_frame, a_frame_of_the_greatest_length_is_kept)
{
	_cleanup_buf_ struct buf b = {};
	uint8_t *data = calloc(1, TTRPC_MAX_LENGTH);
	struct ttrpc_frame wanted = { .length = TTRPC_MAX_LENGTH, .stream = 1, .data = data }, f;
	const uint8_t *at;
	size_t left;

	data[TTRPC_MAX_LENGTH - 1] = 42;
	add_frame(&b, &wanted);
	at = (uint8_t *)b.data;
	left = b.len;
	cr_assert_eq(ttrpc_reader_take(&reader, &at, &left, &f), TTRPC_READ_FRAME);
	assert_same(&f, &wanted);
	free(data);
}

Test(ttrpc_frame, a_frame_that_is_too_long_is_skipped_and_told)
{
	_cleanup_buf_ struct buf b = {};
	uint8_t *data = calloc(1, TTRPC_MAX_LENGTH + 1);
	struct ttrpc_frame giant = { .length = TTRPC_MAX_LENGTH + 1, .stream = 5, .data = data }, f;
	const uint8_t *at;
	size_t left;

	add_frame(&b, &giant);
	add_text(&b, 7, "next");
	at = (uint8_t *)b.data;
	left = b.len;
	cr_assert_eq(ttrpc_reader_take(&reader, &at, &left, &f), TTRPC_READ_TOO_LONG);
	cr_assert_eq(f.length, TTRPC_MAX_LENGTH + 1);
	cr_assert_eq(f.stream, 5);
	cr_assert_eq(ttrpc_reader_take(&reader, &at, &left, &f), TTRPC_READ_FRAME);
	cr_assert_eq(f.stream, 7);
	cr_assert_eq(memcmp(f.data, "next", 4), 0);
	free(data);
}

Test(ttrpc_frame, four_gigabytes_pass_without_being_kept)
{
	static const uint8_t piece[1 << 20];
	struct ttrpc_frame giant = { .length = UINT32_MAX, .stream = 5 }, f;
	uint8_t header[TTRPC_HEADER_SIZE];
	const uint8_t *at = header;
	size_t left = sizeof(header);
	uint64_t sent = 0;
	int what;

	ttrpc_header(&giant, header);
	cr_assert_eq(ttrpc_reader_take(&reader, &at, &left, &f), TTRPC_READ_MORE);
	do {
		at = piece;
		left = sizeof(piece);
		what = ttrpc_reader_take(&reader, &at, &left, &f);
		sent += sizeof(piece) - left;
	} while (what == TTRPC_READ_MORE);
	cr_assert_eq(what, TTRPC_READ_TOO_LONG);
	cr_assert_eq(sent, UINT32_MAX);
	cr_assert_lt(reader.frame.cap, 4096);
}

Test(ttrpc_frame, a_promised_length_costs_nothing)
{
	struct ttrpc_frame promised = { .length = TTRPC_MAX_LENGTH, .stream = 1 }, f;
	uint8_t header[TTRPC_HEADER_SIZE];
	const uint8_t *at = header;
	size_t left = sizeof(header);

	ttrpc_header(&promised, header);
	cr_assert_eq(ttrpc_reader_take(&reader, &at, &left, &f), TTRPC_READ_MORE);
	cr_assert_lt(reader.frame.cap, 4096);
}

Test(ttrpc_frame, between_frames_little_is_kept)
{
	_cleanup_buf_ struct buf b = {};
	uint8_t *data = calloc(1, 1 << 20);
	struct ttrpc_frame large = { .length = 1 << 20, .stream = 1, .data = data }, f;
	const uint8_t *at;
	size_t left;

	add_frame(&b, &large);
	at = (uint8_t *)b.data;
	left = b.len;
	cr_assert_eq(ttrpc_reader_take(&reader, &at, &left, &f), TTRPC_READ_FRAME);
	cr_assert_eq(ttrpc_reader_take(&reader, &at, &left, &f), TTRPC_READ_MORE);
	cr_assert_lt(reader.frame.cap, 4096);
	free(data);
}
