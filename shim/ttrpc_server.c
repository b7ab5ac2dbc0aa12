/* SPDX-License-Identifier: Apache-2.0 */
/* The serving end. Each request becomes a call of its own that outlives its frame, and its
 * connection if need be. What the protocol leaves to taste (texts, which check comes first) is as
 * containerd's own clients are used to. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "shim/proto/ttrpc.pb-c.h"
#include "ttrpc_conn.h"

/* What all unanswered requests of one connection may take together. */
#define OPEN_MAX_BYTES (32u << 20)

struct ttrpc_server {
	struct ev_loop *loop;
	struct ev_source source;
	const struct ttrpc_method *methods;
	size_t n_methods;
	void *data;
	struct ttrpc_conn *conns;
	size_t n_conns;
};

/* ---- answers ---------------------------------------------------------------------------------- */

static void send_status(struct ttrpc_conn *c, uint32_t stream, enum ttrpc_status code,
			const char *message)
{
	Ttrpc__Status status = TTRPC__STATUS__INIT;
	Ttrpc__Response response = TTRPC__RESPONSE__INIT;
	size_t length;

	status.code = code;
	status.message = (char *)message;
	response.status = &status;
	if (ttrpc_conn_send(c, TTRPC_RESPONSE, stream, &response.base, &length) < 0)
		send_status(c, stream, code, ""); /* the text itself is too long */
}

static void refuse(struct ttrpc_conn *c, uint32_t stream, enum ttrpc_status code,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));

static void refuse(struct ttrpc_conn *c, uint32_t stream, enum ttrpc_status code,
		   const char *format, ...)
{
	_cleanup_buf_ struct buf text = {};
	va_list ap;

	va_start(ap, format);
	buf_fmtv(&text, format, ap);
	va_end(ap);
	send_status(c, stream, code, buf_ok(&text) == 0 ? text.data : "out of memory");
}

static void refuse_length(struct ttrpc_conn *c, uint32_t stream, size_t length)
{
	refuse(c, stream, TTRPC_RESOURCE_EXHAUSTED,
	       "message length %zu exceed maximum message size of %u", length, TTRPC_MAX_LENGTH);
}

static size_t call_size(const struct ttrpc_call *call)
{
	return sizeof(*call) + call->payload_len;
}

static void call_free(struct ttrpc_call *call)
{
	call->conn->open_bytes -= call_size(call);
	ttrpc_conn_unref(call->conn);
	free(call);
}

void ttrpc_reply(struct ttrpc_call *call, const void *payload, size_t len)
{
	Ttrpc__Response response = TTRPC__RESPONSE__INIT;
	size_t length;

	response.payload = (ProtobufCBinaryData){ .data = (uint8_t *)payload, .len = len };
	if (ttrpc_conn_send(call->conn, TTRPC_RESPONSE, call->stream, &response.base, &length) < 0)
		refuse_length(call->conn, call->stream, length);
	call_free(call);
}

void ttrpc_fail(struct ttrpc_call *call, enum ttrpc_status status, const char *message)
{
	send_status(call->conn, call->stream, status, message);
	call_free(call);
}

/* ---- requests --------------------------------------------------------------------------------- */

/* NULL, after the peer was told what is not there. */
static const struct ttrpc_method *find_method(struct ttrpc_conn *c, uint32_t stream,
					      const Ttrpc__Request *request)
{
	const struct ttrpc_server *s = c->data;
	bool known = false;

	for (const struct ttrpc_method *m = s->methods; m < s->methods + s->n_methods; m++) {
		if (strcmp(m->service, request->service) != 0)
			continue;
		if (strcmp(m->method, request->method) == 0)
			return m;
		known = true;
	}
	if (known)
		refuse(c, stream, TTRPC_UNIMPLEMENTED, "method %s", request->method);
	else
		refuse(c, stream, TTRPC_UNIMPLEMENTED, "service %s", request->service);
	return NULL;
}

static struct ttrpc_call *call_new(struct ttrpc_conn *c, uint32_t stream,
				   const Ttrpc__Request *request)
{
	size_t len = request->payload.len;
	struct ttrpc_call *call;

	call = sizeof(*call) + len <= OPEN_MAX_BYTES - c->open_bytes ? malloc(sizeof(*call) + len)
								     : NULL;
	if (!call) {
		refuse(c, stream, TTRPC_RESOURCE_EXHAUSTED, "too many requests are open");
		return NULL;
	}
	*call = (struct ttrpc_call){
		.data = ((struct ttrpc_server *)c->data)->data,
		.payload = (uint8_t *)(call + 1),
		.payload_len = len,
		.timeout_ns = request->timeout_nano,
		.conn = ttrpc_conn_ref(c),
		.stream = stream,
	};
	if (len > 0)
		memcpy(call + 1, request->payload.data, len);
	c->open_bytes += call_size(call);
	return call;
}

/* The decoded frame is gone when the handler runs: a call may stay open for days. */
static struct ttrpc_call *take_call(struct ttrpc_conn *c, const struct ttrpc_frame *f,
				    const struct ttrpc_method **ret_method)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const Ttrpc__Request *request;

	if (!arena) {
		refuse(c, f->stream, TTRPC_RESOURCE_EXHAUSTED, "out of memory");
		return NULL;
	}
	request = proto_decode(&ttrpc__request__descriptor, f->data, f->length, arena);
	if (!request) {
		refuse(c, f->stream, TTRPC_INVALID_ARGUMENT,
		       "unmarshal request error: malformed message");
		return NULL;
	}
	*ret_method = find_method(c, f->stream, request);
	return *ret_method ? call_new(c, f->stream, request) : NULL;
}

static const char *stream_problem(const struct ttrpc_conn *c, const struct ttrpc_frame *f)
{
	if (f->stream % 2 == 0)
		return "StreamID must be odd for client initiated streams";
	if (f->type == TTRPC_DATA)
		return "StreamID is no longer active";
	if (f->stream <= c->last_stream)
		return "StreamID cannot be re-used and must increment";
	return NULL;
}

static void on_frame(struct ttrpc_conn *c, int what, const struct ttrpc_frame *f)
{
	const struct ttrpc_method *method;
	struct ttrpc_call *call;
	const char *problem;

	if (what == TTRPC_READ_TOO_LONG)
		return refuse_length(c, f->stream, f->length);
	if (f->type != TTRPC_REQUEST && f->type != TTRPC_DATA)
		return;
	problem = stream_problem(c, f);
	if (problem)
		return refuse(c, f->stream, TTRPC_INVALID_ARGUMENT, "%s", problem);
	c->last_stream = f->stream;
	call = take_call(c, f, &method);
	if (call)
		method->handle(call);
}

/* ---- connections ------------------------------------------------------------------------------ */

static void unlink_conn(struct ttrpc_conn *c)
{
	struct ttrpc_server *s = c->data;

	*(c->prev ? &c->prev->next : &s->conns) = c->next;
	if (c->next)
		c->next->prev = c->prev;
	s->n_conns--;
	ttrpc_conn_unref(c);
}

static void accept_all(struct ttrpc_server *s);

/* Its descriptor may be the one that somebody in the listener's queue waits for. */
static void on_closed(struct ttrpc_conn *c)
{
	struct ttrpc_server *s = c->data;

	unlink_conn(c);
	accept_all(s);
}

static const struct ttrpc_conn_owner server_side = {
	.frame = on_frame,
	.closed = on_closed,
};

static bool is_our_user(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid() &&
	       peer.gid == getegid();
}

static void add_conn(struct ttrpc_server *s, int fd_take)
{
	_cleanup_close_ int fd = fd_take;
	struct ttrpc_conn *c;

	if (!is_our_user(fd))
		return log_warning("refused a connection of another user");
	c = ttrpc_conn_new(s->loop, fd, &server_side, s);
	if (!c)
		return log_warning("out of memory for a connection");
	(void)take_fd(fd);
	c->next = s->conns;
	if (c->next)
		c->next->prev = c;
	s->conns = c;
	s->n_conns++;
}

static void accept_all(struct ttrpc_server *s)
{
	int fd;

	for (;;) {
		fd = accept4(s->source.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			return;
		add_conn(s, fd);
	}
}

/* Edge-triggered: when descriptors have run out, the peers in the queue must not wake us all the
 * time. They are tried again with the next peer that comes or goes. */
static int on_listener(struct ev_source *source, uint32_t events)
{
	(void)events; /* whatever it is, accept4 tells */
	accept_all(source->data);
	return 0;
}

int ttrpc_server_new(struct ev_loop *loop, int listener, const struct ttrpc_method *methods,
		     size_t n, void *data, struct ttrpc_server **ret, struct err *e)
{
	int r, flags = fcntl(listener, F_GETFL);
	struct ttrpc_server *s;

	if (flags < 0 || fcntl(listener, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_sys(e, errno, "fcntl", "the listening socket");
	s = malloc(sizeof(*s));
	if (!s)
		return err_nomem(e);
	*s = (struct ttrpc_server){
		.loop = loop,
		.methods = methods,
		.n_methods = n,
		.data = data,
	};
	r = ev_add(loop, &s->source, listener, EPOLLIN | EPOLLET, on_listener, s);
	if (r < 0) {
		free(s);
		return err_sys(e, r, "epoll_ctl", "the listening socket");
	}
	*ret = s;
	return 0;
}

struct ttrpc_server *ttrpc_server_free(struct ttrpc_server *s)
{
	if (!s)
		return NULL;
	ev_del(&s->source);
	while (s->conns) {
		ttrpc_conn_close(s->conns);
		unlink_conn(s->conns);
	}
	free(s);
	return NULL;
}

size_t ttrpc_server_connections(const struct ttrpc_server *s)
{
	return s->n_conns;
}
