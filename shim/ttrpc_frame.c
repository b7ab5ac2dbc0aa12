/* SPDX-License-Identifier: Apache-2.0 */
/* Frames in a stream of bytes. A frame that is too long is skipped as it comes, so that the stream
 * stays in step and the sender can be told. */
#include "ttrpc_frame.h"

#include <endian.h>
#include <string.h>

/* Between two frames a connection keeps no more than this. */
#define KEPT_BYTES 1024

static uint32_t load_be32(const uint8_t *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return be32toh(n);
}

static void store_be32(uint8_t *p, uint32_t n)
{
	n = htobe32(n);
	memcpy(p, &n, sizeof(n));
}

void ttrpc_header(const struct ttrpc_frame *f, uint8_t ret[TTRPC_HEADER_SIZE])
{
	store_be32(ret, f->length);
	store_be32(ret + 4, f->stream);
	ret[8] = f->type;
	ret[9] = f->flags;
}

static struct ttrpc_frame parse(const struct ttrpc_reader *r)
{
	const uint8_t *bytes = (const uint8_t *)r->frame.data;

	return (struct ttrpc_frame){
		.length = load_be32(bytes),
		.stream = load_be32(bytes + 4),
		.type = bytes[8],
		.flags = bytes[9],
		.data = bytes + TTRPC_HEADER_SIZE,
	};
}

static size_t at_most(size_t wanted, size_t len)
{
	return wanted < len ? wanted : len;
}

/* True once the frame holds `size` bytes. */
static bool fill(struct ttrpc_reader *r, size_t size, const uint8_t **data, size_t *len)
{
	size_t n = at_most(size - r->frame.len, *len);

	buf_add(&r->frame, *data, n);
	*data += n;
	*len -= n;
	return r->frame.len == size;
}

static bool discard(struct ttrpc_reader *r, const uint8_t **data, size_t *len)
{
	size_t n = at_most(r->to_discard, *len);

	r->to_discard -= n;
	*data += n;
	*len -= n;
	return r->to_discard == 0;
}

static void forget(struct ttrpc_reader *r)
{
	if (r->frame.cap > KEPT_BYTES)
		buf_done(&r->frame);
	r->frame.len = 0;
	r->complete = false;
}

static int advance(struct ttrpc_reader *r, const uint8_t **data, size_t *len,
		   struct ttrpc_frame *ret)
{
	bool at_header = r->frame.len < TTRPC_HEADER_SIZE;
	struct ttrpc_frame f;

	if (at_header && !fill(r, TTRPC_HEADER_SIZE, data, len))
		return TTRPC_READ_MORE;
	f = parse(r);
	if (f.length > TTRPC_MAX_LENGTH) {
		if (at_header)
			r->to_discard = f.length;
		if (!discard(r, data, len))
			return TTRPC_READ_MORE;
	} else if (!fill(r, TTRPC_HEADER_SIZE + f.length, data, len)) {
		return TTRPC_READ_MORE;
	}
	r->complete = true;
	*ret = parse(r);
	return f.length > TTRPC_MAX_LENGTH ? TTRPC_READ_TOO_LONG : TTRPC_READ_FRAME;
}

int ttrpc_reader_take(struct ttrpc_reader *r, const uint8_t **data, size_t *len,
		      struct ttrpc_frame *ret)
{
	int what;

	if (r->complete)
		forget(r);
	what = advance(r, data, len, ret);
	return buf_ok(&r->frame) < 0 ? buf_ok(&r->frame) : what;
}

void ttrpc_reader_done(struct ttrpc_reader *r)
{
	buf_done(&r->frame);
	*r = (struct ttrpc_reader){};
}
