/* SPDX-License-Identifier: Apache-2.0 */
/* Frames in a stream of bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ttrpc.h"

enum ttrpc_type { TTRPC_REQUEST = 1, TTRPC_RESPONSE = 2, TTRPC_DATA = 3 };

struct ttrpc_frame {
	uint32_t length; /* of the data */
	uint32_t stream;
	uint8_t type; /* enum ttrpc_type, or unknown to us */
	uint8_t flags;
	const uint8_t *data;
};

/* Takes a stream apart that comes in any pieces. Holds what has come of one frame, never what a
 * header only promises. Zero-initialise. */
struct ttrpc_reader {
	struct buf frame;    /* header and data */
	uint32_t to_discard; /* bytes of a frame that is too long */
	bool complete;
};

enum ttrpc_read {
	TTRPC_READ_MORE,     /* all bytes are used up */
	TTRPC_READ_FRAME,    /* *ret is a frame; its data is valid until the next call */
	TTRPC_READ_TOO_LONG, /* *ret is the header of a frame whose data was too long to be kept */
};

/* Moves *data and *len on to the end of one frame. An enum ttrpc_read, or -ENOMEM. */
int ttrpc_reader_take(struct ttrpc_reader *r, const uint8_t **data, size_t *len,
		      struct ttrpc_frame *ret);
void ttrpc_reader_done(struct ttrpc_reader *r);
void ttrpc_header(const struct ttrpc_frame *f, uint8_t ret[TTRPC_HEADER_SIZE]);
