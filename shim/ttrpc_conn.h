/* SPDX-License-Identifier: Apache-2.0 */
/* One connection, at either end: frames in, messages out, nothing ever waits. */
#pragma once

#include "base/buf.h"
#include "base/ev.h"
#include "proto.h"
#include "ttrpc_frame.h"

struct ttrpc_conn;

struct ttrpc_conn_owner {
	/* what: TTRPC_READ_FRAME or TTRPC_READ_TOO_LONG. May close and release the connection. */
	void (*frame)(struct ttrpc_conn *c, int what, const struct ttrpc_frame *f);
	/* The peer has gone or was dropped: the connection is closed. Called from the loop, once;
	 * not after ttrpc_conn_close. */
	void (*closed)(struct ttrpc_conn *c);
};

struct ttrpc_conn {
	int fd; /* -EBADF: closed */
	bool broken;
	unsigned refs;
	struct ev_source source;
	struct ttrpc_reader in;
	struct buf out; /* what the peer has not taken yet */
	const struct ttrpc_conn_owner *owner;
	void *data; /* the owner's, as all below */
	uint32_t last_stream;
	size_t open_bytes;		/* of requests that are being served */
	struct ttrpc_conn *next, *prev; /* of the same server */
};

/* fd is owned from here, on success; made non-blocking by the caller. NULL with errno set. */
struct ttrpc_conn *ttrpc_conn_new(struct ev_loop *loop, int fd,
				  const struct ttrpc_conn_owner *owner, void *data);
struct ttrpc_conn *ttrpc_conn_ref(struct ttrpc_conn *c);
/* Frees a closed connection that nobody refers to any more; returns NULL. */
struct ttrpc_conn *ttrpc_conn_unref(struct ttrpc_conn *c);
void ttrpc_conn_close(struct ttrpc_conn *c); /* fine when closed */
/* Queues a message and sends what the socket takes. -EMSGSIZE: it is longer than TTRPC_MAX_LENGTH,
 * *ret_length says how long. Whatever else fails drops the peer: the owner hears `closed`. */
int ttrpc_conn_send(struct ttrpc_conn *c, enum ttrpc_type type, uint32_t stream,
		    const ProtobufCMessage *msg, size_t *ret_length);
