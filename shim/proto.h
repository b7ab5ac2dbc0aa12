/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf messages: generated code behind a small face. Each decoded message lives in the arena of
 * its request, so that the heap of a shim does not grow over time. */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* Decodes into the arena; NULL when malformed. */
void *proto_decode(const ProtobufCMessageDescriptor *d, const void *data, size_t len,
		   struct arena *arena);
/* Appends the encoding of msg. */
int proto_encode(const ProtobufCMessage *msg, struct buf *out);
/* "type.googleapis.com/x.Y" and "x.Y" name the same type. */
int proto_type_is(const char *type_url, const char *full_name);
