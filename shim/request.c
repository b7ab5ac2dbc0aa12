/* SPDX-License-Identifier: Apache-2.0 */
/* From call to request to answer. */
#include "request.h"

#include <stdarg.h>

#include "base/fmt.h"
#include "proto.h"

#define MESSAGE_SIZE 1024

static void refuse(struct ttrpc_call *call, struct arena *arena, enum ttrpc_status status,
		   const char *message)
{
	ttrpc_fail(call, status, message);
	arena_free(arena);
}

struct request *request_new(struct ttrpc_call *call, const ProtobufCMessageDescriptor *d)
{
	struct arena *arena = arena_new();
	struct request *r = arena ? arena_new_of(arena, struct request) : NULL;

	if (!r) {
		refuse(call, arena, TTRPC_RESOURCE_EXHAUSTED, "out of memory");
		return NULL;
	}
	*r = (struct request){ .shim = call->data, .arena = arena, .call = call };
	r->message = proto_decode(d, call->payload, call->payload_len, arena);
	if (r->message)
		return r;
	refuse(call, arena, TTRPC_INTERNAL,
	       "ttrpc: error unmarshalling payload: malformed message");
	return NULL;
}

static void request_done(struct request *r)
{
	arena_free(r->arena); /* the request is in it */
}

void request_reply(struct request *r, const ProtobufCMessage *message)
{
	_cleanup_buf_ struct buf out = {};

	if (proto_encode(message, &out) < 0)
		ttrpc_fail(r->call, TTRPC_RESOURCE_EXHAUSTED, "out of memory");
	else
		ttrpc_reply(r->call, out.data, out.len);
	request_done(r);
}

void request_reply_empty(struct request *r)
{
	ttrpc_reply(r->call, NULL, 0);
	request_done(r);
}

void request_fail(struct request *r, enum ttrpc_status status, const char *fmt, ...)
{
	char text[MESSAGE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	fmt_strv(text, sizeof(text), fmt, ap);
	va_end(ap);
	ttrpc_fail(r->call, status, text);
	request_done(r);
}

void request_fail_runtime(struct request *r, const char *verb, const struct err *e)
{
	char text[MESSAGE_SIZE];

	err_text(e, text, sizeof(text));
	request_fail(r, TTRPC_UNKNOWN, "OCI runtime %s failed: %s", verb, text);
}

void request_fail_error(struct request *r, const struct err *e)
{
	char text[MESSAGE_SIZE];

	err_text(e, text, sizeof(text));
	request_fail(r, (enum ttrpc_status)err_kind_status(e->kind), "%s", text);
}
