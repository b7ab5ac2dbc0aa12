/* SPDX-License-Identifier: Apache-2.0 */
/* One connection. A peer that cannot be written to is shut down, so that its end, too, comes
 * through the loop as every other end does: nobody is called back out of a send. */
#include "ttrpc_conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/cleanup.h"

/* Read at a time, so that one peer with much to say does not hold up the others. */
#define PIECE_BYTES 8192
/* A peer that leaves more than this unread is dropped. */
#define UNREAD_MAX (8u << 20)
/* A connection that has nothing to send keeps no more than this. */
#define KEPT_BYTES 1024

static void break_off(struct ttrpc_conn *c)
{
	c->broken = true;
	buf_done(&c->out);
	(void)shutdown(c->fd, SHUT_RDWR); /* gone already is as good */
}

static void move_up(struct buf *b, size_t n)
{
	b->len -= n;
	memmove(b->data, b->data + n, b->len);
}

static void flush(struct ttrpc_conn *c)
{
	while (c->out.len > 0) {
		ssize_t n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return break_off(c);
		if (n < 0)
			break;
		move_up(&c->out, (size_t)n);
	}
	if (c->out.len > UNREAD_MAX)
		return break_off(c);
	if (c->out.len == 0 && c->out.cap > KEPT_BYTES)
		buf_done(&c->out);
	if (ev_mod(&c->source, c->out.len > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN) < 0)
		break_off(c);
}

/* Hands on the frames that end in this piece. */
static int work_off(struct ttrpc_conn *c, const uint8_t *data, size_t len)
{
	struct ttrpc_frame f;
	int what;

	while (c->fd >= 0 && !c->broken) {
		what = ttrpc_reader_take(&c->in, &data, &len, &f);
		if (what <= TTRPC_READ_MORE)
			return what;
		c->owner->frame(c, what, &f);
	}
	return 0;
}

/* < 0: the connection has ended. */
static int receive(struct ttrpc_conn *c)
{
	uint8_t piece[PIECE_BYTES];
	ssize_t n = recv(c->fd, piece, sizeof(piece), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -ECONNRESET;
	return work_off(c, piece, (size_t)n);
}

static int on_events(struct ev_source *s, uint32_t events)
{
	struct ttrpc_conn *c = ttrpc_conn_ref(s->data);
	int r = 0;

	if (events & EPOLLOUT && !c->broken)
		flush(c);
	if (events & ~(uint32_t)EPOLLOUT && !c->broken)
		r = receive(c);
	if (c->fd >= 0 && (r < 0 || c->broken)) {
		ttrpc_conn_close(c);
		c->owner->closed(c);
	}
	ttrpc_conn_unref(c);
	return 0;
}

struct ttrpc_conn *ttrpc_conn_new(struct ev_loop *loop, int fd,
				  const struct ttrpc_conn_owner *owner, void *data)
{
	struct ttrpc_conn *c = malloc(sizeof(*c));
	int r;

	if (!c)
		return NULL;
	*c = (struct ttrpc_conn){ .fd = fd, .refs = 1, .owner = owner, .data = data };
	r = ev_add(loop, &c->source, fd, EPOLLIN, on_events, c);
	if (r == 0)
		return c;
	free(c);
	errno = -r;
	return NULL;
}

struct ttrpc_conn *ttrpc_conn_ref(struct ttrpc_conn *c)
{
	c->refs++;
	return c;
}

struct ttrpc_conn *ttrpc_conn_unref(struct ttrpc_conn *c)
{
	if (--c->refs == 0)
		free(c);
	return NULL;
}

void ttrpc_conn_close(struct ttrpc_conn *c)
{
	if (c->fd < 0)
		return;
	ev_del(&c->source);
	c->fd = x_close(c->fd);
	ttrpc_reader_done(&c->in);
	buf_done(&c->out);
}

/* The header is written over its place once the length is known. */
int ttrpc_conn_send(struct ttrpc_conn *c, enum ttrpc_type type, uint32_t stream,
		    const ProtobufCMessage *msg, size_t *ret_length)
{
	static const uint8_t place[TTRPC_HEADER_SIZE];
	size_t length, start = c->out.len;

	if (c->fd < 0 || c->broken)
		return 0;
	buf_add(&c->out, place, sizeof(place));
	if (proto_encode(msg, &c->out) < 0) {
		break_off(c);
		return 0;
	}
	length = c->out.len - start - sizeof(place);
	if (length > TTRPC_MAX_LENGTH) {
		c->out.len = start;
		*ret_length = length;
		return -EMSGSIZE;
	}
	ttrpc_header(&(struct ttrpc_frame){ .length = (uint32_t)length,
					    .stream = stream,
					    .type = (uint8_t)type },
		     (uint8_t *)c->out.data + start);
	flush(c);
	return 0;
}
