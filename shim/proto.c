/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf messages: protobuf-c, with the arena as its allocator and a buf as its sink. */
#include "proto.h"

#include <string.h>

static void *take_from_arena(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

/* The arena goes as a whole. */
static void leave_in_arena(void *arena, void *p)
{
	(void)arena, (void)p;
}

void *proto_decode(const ProtobufCMessageDescriptor *d, const void *data, size_t len,
		   struct arena *arena)
{
	ProtobufCAllocator allocator = {
		.alloc = take_from_arena,
		.free = leave_in_arena,
		.allocator_data = arena,
	};

	return protobuf_c_message_unpack(d, &allocator, len, data);
}

struct sink {
	ProtobufCBuffer base;
	struct buf *out;
};

static void append(ProtobufCBuffer *base, size_t len, const uint8_t *data)
{
	buf_add(((struct sink *)base)->out, data, len);
}

int proto_encode(const ProtobufCMessage *msg, struct buf *out)
{
	struct sink sink = { .base.append = append, .out = out };

	protobuf_c_message_pack_to_buffer(msg, &sink.base);
	return buf_ok(out);
}

int proto_type_is(const char *type_url, const char *full_name)
{
	const char *slash = strrchr(type_url, '/');

	return strcmp(slash ? slash + 1 : type_url, full_name) == 0;
}
