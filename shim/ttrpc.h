/* SPDX-License-Identifier: Apache-2.0 */
/* ttrpc, the protocol between containerd and its shims: unary calls over a unix stream. A frame is a
 * 10-byte header (length, stream id, type, flags; big-endian) and at most 4 MiB of data. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/ev.h"

#define TTRPC_MAX_LENGTH (4u << 20)
#define TTRPC_HEADER_SIZE 10

/* Status codes (gRPC's). */
enum ttrpc_status {
	TTRPC_OK = 0,
	TTRPC_UNKNOWN = 2,
	TTRPC_INVALID_ARGUMENT = 3,
	TTRPC_DEADLINE_EXCEEDED = 4,
	TTRPC_NOT_FOUND = 5,
	TTRPC_ALREADY_EXISTS = 6,
	TTRPC_RESOURCE_EXHAUSTED = 8,
	TTRPC_FAILED_PRECONDITION = 9,
	TTRPC_UNIMPLEMENTED = 12,
	TTRPC_INTERNAL = 13,
	TTRPC_UNAVAILABLE = 14,
};

/* ---- server ----------------------------------------------------------------------------------- */

struct ttrpc_server;

/* One request being served. The handler owns it until it answers with ttrpc_reply or ttrpc_fail,
 * exactly once, now or much later; when the peer has gone in between, the answer is dropped. */
struct ttrpc_call {
	void *data;		/* what ttrpc_server_new was given */
	const uint8_t *payload; /* valid until the answer */
	size_t payload_len;
	int64_t timeout_ns; /* relative, 0: none */
	/* the server's */
	struct ttrpc_conn *conn;
	uint32_t stream;
};

struct ttrpc_method {
	const char *service, *method;
	void (*handle)(struct ttrpc_call *call);
};

/* Serves every connection accepted from the listening socket (borrowed) whose peer is our own user
 * and group (SO_PEERCRED); methods is a table of n rows that outlives the server. Requests of one
 * connection and of several are concurrent; a peer that sends nothing, half a frame or never reads
 * holds up nobody and is bounded in memory (a peer whose unread answers exceed 8 MiB is dropped). */
int ttrpc_server_new(struct ev_loop *loop, int listener, const struct ttrpc_method *methods,
		     size_t n, void *data, struct ttrpc_server **ret, struct err *e);
/* Closes every connection; calls still open stay valid to be answered (into nothing). */
struct ttrpc_server *ttrpc_server_free(struct ttrpc_server *s);
size_t ttrpc_server_connections(const struct ttrpc_server *s);

/* payload may be NULL when len is 0. Both free the call. */
void ttrpc_reply(struct ttrpc_call *call, const void *payload, size_t len);
void ttrpc_fail(struct ttrpc_call *call, enum ttrpc_status status, const char *message);

/* ---- client (unary, one call after the other: events) ----------------------------------------- */

struct ttrpc_client;
/* status is TTRPC_OK and message NULL on success; TTRPC_UNAVAILABLE when the connection failed or
 * the deadline passed. */
typedef void (*ttrpc_done_fn)(void *data, enum ttrpc_status status, const char *message);

/* Nothing is connected until the first call; a lost connection is made anew by the next call. */
struct ttrpc_client *ttrpc_client_new(struct ev_loop *loop, const char *socket_path);
struct ttrpc_client *ttrpc_client_free(struct ttrpc_client *c);
/* metadata: key, value pairs ended by NULL, or NULL. At most one call at a time: -EBUSY else. done
 * is called from the loop, exactly once per call that returned 0. */
int ttrpc_client_call(struct ttrpc_client *c, const char *service, const char *method,
		      const void *payload, size_t len, const char *const *metadata, int timeout_ms,
		      ttrpc_done_fn done, void *data, struct err *e);
