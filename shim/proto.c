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

static bool has_field_zero(const ProtobufCMessage *msg);

/* In the messages that are this field of msg: those of a list, the one or none. */
static bool has_field_zero_in(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *f)
{
	const char *base = (const char *)msg;
	ProtobufCMessage *const *within = (const void *)(base + f->offset);
	size_t n = *within != NULL;

	if (f->label == PROTOBUF_C_LABEL_REPEATED) {
		n = *(const size_t *)(const void *)(base + f->quantifier_offset);
		within = *(ProtobufCMessage *const *const *)within;
	}
	for (size_t i = 0; i < n; i++)
		if (has_field_zero(within[i]))
			return true;
	return false;
}

static bool has_field_zero(const ProtobufCMessage *msg)
{
	const ProtobufCMessageDescriptor *d = msg->descriptor;

	for (unsigned i = 0; i < msg->n_unknown_fields; i++)
		if (msg->unknown_fields[i].tag == 0)
			return true;
	for (unsigned i = 0; i < d->n_fields; i++)
		if (d->fields[i].type == PROTOBUF_C_TYPE_MESSAGE &&
		    has_field_zero_in(msg, &d->fields[i]))
			return true;
	return false;
}

/* There is no field number 0. protobuf-c (1.4.1) sees that only where it is written in one byte, in which
 * it writes it itself: what it reads would not be what it writes. */
void *proto_decode(const ProtobufCMessageDescriptor *d, const void *data, size_t len,
		   struct arena *arena)
{
	ProtobufCAllocator allocator = {
		.alloc = take_from_arena,
		.free = leave_in_arena,
		.allocator_data = arena,
	};
	ProtobufCMessage *msg = protobuf_c_message_unpack(d, &allocator, len, data);

	return msg && !has_field_zero(msg) ? msg : NULL;
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
