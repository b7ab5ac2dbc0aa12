/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a conversation: however it is cut, the same frames come out; a server survives it;
 * and what decodes as a message encodes to bytes that decode again. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "shim/proto.h"
#include "shim/proto/bootstrap.pb-c.h"
#include "shim/proto/runc_options.pb-c.h"
#include "shim/proto/runtime_options.pb-c.h"
#include "shim/proto/task.pb-c.h"
#include "shim/proto/ttrpc.pb-c.h"
#include "shim/ttrpc_frame.h"

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* ---- messages --------------------------------------------------------------------------------- */

static const ProtobufCMessageDescriptor *const messages[] = {
	&ttrpc__request__descriptor,
	&ttrpc__response__descriptor,
	&task__create_request__descriptor,
	&task__exec_request__descriptor,
	&task__update_request__descriptor,
	&task__kill_request__descriptor,
	&bootstrap__bootstrap_params__descriptor,
	&containerd__runc__v1__options__descriptor,
	&containerd__runc__v1__checkpoint_options__descriptor,
	&runtimeoptions__v1__options__descriptor,
};

static void round_trip(const ProtobufCMessageDescriptor *d, const struct ttrpc_frame *f)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_buf_ struct buf once = {}, twice = {};
	ProtobufCMessage *msg = proto_decode(d, f->data, f->length, arena);

	if (!msg)
		return;
	require(proto_encode(msg, &once) == 0, "cannot encode");
	msg = proto_decode(d, once.data, once.len, arena);
	require(msg, "cannot decode what was encoded");
	require(proto_encode(msg, &twice) == 0, "cannot encode again");
	require(once.len == twice.len &&
			(once.len == 0 || !memcmp(once.data, twice.data, once.len)),
		"encoded differently");
}

/* ---- frames ----------------------------------------------------------------------------------- */

/* The frames that come out of pieces of that size, each with what was made of it. */
static void cut(const uint8_t *data, size_t size, size_t piece, struct buf *found)
{
	struct ttrpc_reader reader = {};

	for (size_t start = 0; start < size; start += piece) {
		size_t left = size - start < piece ? size - start : piece;
		const uint8_t *at = data + start;
		struct ttrpc_frame f;
		int what;

		while ((what = ttrpc_reader_take(&reader, &at, &left, &f)) > TTRPC_READ_MORE) {
			uint8_t header[TTRPC_HEADER_SIZE];

			ttrpc_header(&f, header);
			buf_add(found, header, sizeof(header));
			if (what == TTRPC_READ_TOO_LONG)
				continue;
			buf_add(found, f.data, f.length);
			for (size_t i = 0; piece == size && i < ARRAY_SIZE(messages); i++)
				round_trip(messages[i], &f);
		}
		require(what == TTRPC_READ_MORE && left == 0, "bytes are left over");
	}
	ttrpc_reader_done(&reader);
}

static void frames(const uint8_t *data, size_t size)
{
	_cleanup_buf_ struct buf whole = {}, bytes = {};

	cut(data, size, size, &whole);
	cut(data, size, 1, &bytes);
	require(whole.len == bytes.len &&
			(whole.len == 0 || memcmp(whole.data, bytes.data, whole.len) == 0),
		"another cut, other frames");
}

/* ---- a server --------------------------------------------------------------------------------- */

static struct {
	struct ev_loop *loop;
	struct ev_source peer;
	struct sockaddr_un address;
	struct ttrpc_server *server;
	struct ttrpc_call *held;
} serving;

static void answer(struct ttrpc_call *call)
{
	ttrpc_reply(call, call->payload, call->payload_len);
}

static void answer_late(struct ttrpc_call *call)
{
	if (serving.held)
		ttrpc_fail(serving.held, TTRPC_NOT_FOUND, "late");
	serving.held = call;
}

static const struct ttrpc_method methods[] = {
	{ "containerd.task.v2.Task", "State", answer },
	{ "containerd.task.v2.Task", "Create", answer },
	{ "containerd.task.v2.Task", "Wait", answer_late },
};

/* The answers are read, so that the end of the connection can be seen. */
static int on_peer(struct ev_source *s, uint32_t events)
{
	char piece[4096];

	(void)events; /* read tells */
	if (read(s->fd, piece, sizeof(piece)) <= 0)
		ev_stop(serving.loop, 0);
	return 0;
}

static void serving_start(void)
{
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct err e;

	serving.loop = ev_new();
	serving.address.sun_family = AF_UNIX;
	snprintf(serving.address.sun_path + 1, sizeof(serving.address.sun_path) - 1, "hull-fuzz-%d",
		 getpid());
	require(bind(listener, (struct sockaddr *)&serving.address, sizeof(serving.address)) == 0 &&
			listen(listener, 8) == 0,
		"no listener");
	require(ttrpc_server_new(serving.loop, listener, methods, ARRAY_SIZE(methods), NULL,
				 &serving.server, &e) == 0,
		"no server");
}

static void serve(const uint8_t *data, size_t size)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	require(connect(fd, (struct sockaddr *)&serving.address, sizeof(serving.address)) == 0,
		"not connected");
	(void)!send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL); /* as much as fits */
	shutdown(fd, SHUT_WR);
	require(ev_add(serving.loop, &serving.peer, fd, EPOLLIN, on_peer, NULL) == 0, "no peer");
	require(ev_run(serving.loop) == 0, "the loop failed");
	ev_del(&serving.peer);
	close(fd);
	require(ttrpc_server_connections(serving.server) == 0, "a connection is left");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!serving.server)
		serving_start();
	if (size == 0)
		return 0;
	frames(data, size);
	serve(data, size);
	return 0;
}
