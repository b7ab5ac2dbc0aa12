/* SPDX-License-Identifier: Apache-2.0 */
/* One call of the task service being served: lives in its own arena, answered exactly once. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "proto.h"
#include "shim.h"

struct request {
	struct shim *shim;
	struct arena *arena; /* NULL once somebody else owns it, and with it the request's memory */
	const void *message; /* decoded, in the arena */
	struct ttrpc_call *call;
	struct request *next; /* in a list of those who wait for the same */
};

/* Decodes the call's payload. NULL when that is impossible; then the call has been answered. */
struct request *request_new(struct ttrpc_call *call, const ProtobufCMessageDescriptor *d);
/* The three answers; the request is gone after each. */
void request_reply(struct request *r, const ProtobufCMessage *message);
void request_reply_empty(struct request *r);
void request_fail(struct request *r, enum ttrpc_status status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* An error of the library, in the words of the Go shim: "OCI runtime create failed: ...". */
void request_fail_runtime(struct request *r, const char *verb, const struct err *e);
/* Any other error: the status that stands for its kind. */
void request_fail_error(struct request *r, const struct err *e);
