/* SPDX-License-Identifier: Apache-2.0 */
/* The other end of the shim's client: written against the frames, not with our server. */
#include "fake_containerd.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void hang_up(struct fake_containerd *f)
{
	if (!f->peer.loop)
		return;
	ev_del(&f->peer);
	close(f->peer.fd);
	ttrpc_reader_done(&f->reader);
}

static void send_frame(struct fake_containerd *f, uint32_t stream, const void *data, size_t len)
{
	struct ttrpc_frame frame = {
		.length = (uint32_t)len,
		.stream = stream,
		.type = TTRPC_RESPONSE,
	};
	uint8_t header[TTRPC_HEADER_SIZE];

	ttrpc_header(&frame, header);
	cr_assert_eq(write(f->peer.fd, header, sizeof(header)), (ssize_t)sizeof(header));
	cr_assert_eq(write(f->peer.fd, data, len), (ssize_t)len);
}

static void refuse(struct fake_containerd *f, uint32_t stream)
{
	Ttrpc__Status status = TTRPC__STATUS__INIT;
	Ttrpc__Response response = TTRPC__RESPONSE__INIT;
	struct buf encoded = {};

	status.code = f->status;
	status.message = (char *)f->message;
	response.status = &status;
	cr_assert_eq(proto_encode(&response.base, &encoded), 0);
	send_frame(f, stream, encoded.data, encoded.len);
	buf_done(&encoded);
}

static void send_too_long(struct fake_containerd *f, uint32_t stream)
{
	static uint8_t data[TTRPC_MAX_LENGTH + 1];
	struct timeval patience = { .tv_sec = 5 };
	struct ttrpc_frame frame = {
		.length = sizeof(data),
		.stream = stream,
		.type = TTRPC_RESPONSE,
	};
	uint8_t header[TTRPC_HEADER_SIZE];

	/* The reader is in this very thread: it must not wait for it. */
	ttrpc_header(&frame, header);
	setsockopt(f->peer.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (fork() == 0) {
		(void)!write(f->peer.fd, header, sizeof(header));
		(void)!write(f->peer.fd, data, sizeof(data));
		_exit(0);
	}
}

static void behave(struct fake_containerd *f, uint32_t stream)
{
	switch (f->mode) {
	case FAKE_ANSWER:
		return send_frame(f, stream, "", 0);
	case FAKE_REFUSE:
		return refuse(f, stream);
	case FAKE_HANG_UP:
		return hang_up(f);
	case FAKE_SILENT:
		return;
	case FAKE_HALF:
		cr_assert_eq(write(f->peer.fd, "\0\0\0", 3), 3);
		return hang_up(f);
	case FAKE_GARBAGE:
		return send_frame(f, stream, "\xff\xff", 2);
	case FAKE_TOO_LONG:
		return send_too_long(f, stream);
	case FAKE_OTHER_CALL:
		f->status = 13;
		f->message = "not yours";
		refuse(f, stream + 2);
		return send_frame(f, stream, "", 0);
	}
}

static void take_request(struct fake_containerd *f, const struct ttrpc_frame *frame)
{
	Ttrpc__Request *request =
		proto_decode(&ttrpc__request__descriptor, frame->data, frame->length, f->arena);

	cr_assert(request);
	cr_assert_eq(frame->type, TTRPC_REQUEST);
	cr_assert_eq(frame->flags, 0);
	cr_assert_lt(f->n_requests, FAKE_MAX_REQUESTS);
	f->streams[f->n_requests] = frame->stream;
	f->requests[f->n_requests++] = request;
	behave(f, frame->stream);
	if (f->only > 0 && --f->only == 0)
		f->mode = FAKE_ANSWER;
	if (f->heard)
		f->heard(f);
}

static int on_peer(struct ev_source *s, uint32_t events)
{
	struct fake_containerd *f = s->data;
	uint8_t piece[4096];
	const uint8_t *at = piece;
	struct ttrpc_frame frame;
	ssize_t n = read(s->fd, piece, sizeof(piece));
	size_t left = n > 0 ? (size_t)n : 0;

	(void)events; /* read tells */
	if (n <= 0)
		hang_up(f);
	while (f->peer.loop &&
	       ttrpc_reader_take(&f->reader, &at, &left, &frame) == TTRPC_READ_FRAME)
		take_request(f, &frame);
	return 0;
}

static int on_listener(struct ev_source *s, uint32_t events)
{
	struct fake_containerd *f = s->data;
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);

	(void)events; /* there is a peer */
	cr_assert_geq(fd, 0);
	hang_up(f); /* one at a time is all it needs */
	f->n_connections++;
	cr_assert_eq(ev_add(f->loop, &f->peer, fd, EPOLLIN, on_peer, f), 0);
	return 0;
}

void fake_listen(struct fake_containerd *f)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!f->arena)
		f->arena = arena_new();
	strcpy(address.sun_path, f->path);
	unlink(f->path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 8), 0);
	cr_assert_eq(ev_add(f->loop, &f->listener, fd, EPOLLIN, on_listener, f), 0);
}

void fake_die(struct fake_containerd *f)
{
	hang_up(f);
	if (!f->listener.loop)
		return;
	ev_del(&f->listener);
	close(f->listener.fd);
}

void fake_answer(struct fake_containerd *f)
{
	send_frame(f, f->streams[f->n_requests - 1], "", 0);
}

void fake_done(struct fake_containerd *f)
{
	fake_die(f);
	f->arena = arena_free(f->arena);
}
