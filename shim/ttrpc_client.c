/* SPDX-License-Identifier: Apache-2.0 */
/* The calling end: one call at a time over one connection, made when it is needed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "shim/proto/ttrpc.pb-c.h"
#include "ttrpc_conn.h"

#define SCHEME "unix://"

struct ttrpc_client {
	struct ev_loop *loop;
	struct ttrpc_conn *conn; /* NULL: none */
	struct ev_timer deadline;
	ttrpc_done_fn done; /* NULL: no call is under way */
	void *data;
	char path[];
};

struct ttrpc_client *ttrpc_client_new(struct ev_loop *loop, const char *socket_path)
{
	struct ttrpc_client *c;
	size_t size;

	if (strncmp(socket_path, SCHEME, strlen(SCHEME)) == 0)
		socket_path += strlen(SCHEME);
	size = strlen(socket_path) + 1;
	c = malloc(sizeof(*c) + size);
	if (!c)
		return NULL;
	*c = (struct ttrpc_client){ .loop = loop };
	memcpy(c->path, socket_path, size);
	return c;
}

static void hang_up(struct ttrpc_client *c)
{
	if (!c->conn)
		return;
	ttrpc_conn_close(c->conn);
	c->conn = ttrpc_conn_unref(c->conn);
}

struct ttrpc_client *ttrpc_client_free(struct ttrpc_client *c)
{
	if (!c)
		return NULL;
	hang_up(c);
	ev_timer_stop(&c->deadline);
	free(c);
	return NULL;
}

/* The last that is done with the client: `done` may call again or free it. */
static void finish(struct ttrpc_client *c, enum ttrpc_status status, const char *message)
{
	ttrpc_done_fn done = take_ptr(c->done);

	ev_timer_stop(&c->deadline);
	if (done)
		done(c->data, status, message);
}

/* A late answer must not be taken for that of the next call, and a peer so slow is better met on a
 * connection of its own. */
static int on_deadline(struct ev_timer *t)
{
	struct ttrpc_client *c = t->data;

	hang_up(c);
	finish(c, TTRPC_UNAVAILABLE, "no answer in time");
	return 0;
}

static void on_closed(struct ttrpc_conn *conn)
{
	struct ttrpc_client *c = conn->data;

	c->conn = ttrpc_conn_unref(conn);
	finish(c, TTRPC_UNAVAILABLE, "the connection was closed");
}

static void on_response(struct ttrpc_client *c, const struct ttrpc_frame *f)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const Ttrpc__Response *response = NULL;

	if (arena)
		response = proto_decode(&ttrpc__response__descriptor, f->data, f->length, arena);
	if (!response)
		finish(c, TTRPC_INTERNAL, "an answer that cannot be decoded");
	else if (response->status && response->status->code != TTRPC_OK)
		finish(c, (enum ttrpc_status)response->status->code, response->status->message);
	else
		finish(c, TTRPC_OK, NULL);
}

static void on_frame(struct ttrpc_conn *conn, int what, const struct ttrpc_frame *f)
{
	struct ttrpc_client *c = conn->data;

	if (f->type != TTRPC_RESPONSE || f->stream != conn->last_stream || !c->done)
		return;
	if (what == TTRPC_READ_TOO_LONG)
		finish(c, TTRPC_RESOURCE_EXHAUSTED, "an answer that is too long");
	else
		on_response(c, f);
}

static const struct ttrpc_conn_owner client_side = {
	.frame = on_frame,
	.closed = on_closed,
};

static int connect_to(const char *path, int *ret_fd, struct err *e)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -EBADF;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_bad(e, "", "the path of a socket is too long: %s", path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, errno, "socket", "%s", path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return err_sys(e, errno, "connect", "%s", path);
	*ret_fd = take_fd(fd);
	return 0;
}

static int ensure_connection(struct ttrpc_client *c, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (c->conn && !c->conn->broken)
		return 0;
	hang_up(c);
	r = connect_to(c->path, &fd, e);
	if (r < 0)
		return r;
	c->conn = ttrpc_conn_new(c->loop, fd, &client_side, c);
	if (!c->conn)
		return err_nomem(e);
	(void)take_fd(fd);
	return 0;
}

static int add_metadata(Ttrpc__Request *request, const char *const *metadata, struct arena *arena)
{
	size_t n = 0;

	while (metadata[2 * n])
		n++;
	request->metadata = arena_array_of(arena, Ttrpc__KeyValue *, n);
	if (!request->metadata)
		return -ENOMEM;
	for (; request->n_metadata < n; metadata += 2) {
		Ttrpc__KeyValue *pair = arena_new_of(arena, Ttrpc__KeyValue);

		if (!pair)
			return -ENOMEM;
		ttrpc__key_value__init(pair);
		pair->key = (char *)metadata[0];
		pair->value = (char *)metadata[1];
		request->metadata[request->n_metadata++] = pair;
	}
	return 0;
}

static int send_request(struct ttrpc_client *c, const Ttrpc__Request *request, struct err *e)
{
	uint32_t stream = c->conn->last_stream ? c->conn->last_stream + 2 : 1;
	size_t length;

	if (ttrpc_conn_send(c->conn, TTRPC_REQUEST, stream, &request->base, &length) < 0)
		return err_sys(e, EMSGSIZE, "send", "%zu bytes to %s", length, c->path);
	c->conn->last_stream = stream;
	return 0;
}

static int start_deadline(struct ttrpc_client *c, int timeout_ms, struct err *e)
{
	int r = 0;

	if (timeout_ms > 0)
		r = ev_timer_start(c->loop, &c->deadline, timeout_ms, on_deadline, c);
	return r < 0 ? err_sys(e, r, "timerfd", "a call to %s", c->path) : 0;
}

int ttrpc_client_call(struct ttrpc_client *c, const char *service, const char *method,
		      const void *payload, size_t len, const char *const *metadata, int timeout_ms,
		      ttrpc_done_fn done, void *data, struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	Ttrpc__Request request = TTRPC__REQUEST__INIT;
	int r;

	if (c->done)
		return err_kind(e, ERR_BUSY, "%s is being called", c->path);
	request.service = (char *)service;
	request.method = (char *)method;
	request.payload = (ProtobufCBinaryData){ .data = (uint8_t *)payload, .len = len };
	request.timeout_nano = timeout_ms > 0 ? timeout_ms * INT64_C(1000000) : 0;
	if (!arena || (metadata && add_metadata(&request, metadata, arena) < 0))
		return err_nomem(e);
	r = ensure_connection(c, e);
	if (r < 0)
		return r;
	r = start_deadline(c, timeout_ms, e);
	if (r < 0)
		return r;
	r = send_request(c, &request, e);
	if (r < 0) {
		ev_timer_stop(&c->deadline);
		return r;
	}
	c->done = done;
	c->data = data;
	return 0;
}
