/* SPDX-License-Identifier: Apache-2.0 */
/* A server of test methods, and a peer that says what it likes: written against the frames. */
#include "ttrpc_peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/ev.h"
#include "base/fd.h"
#include "base/num.h"
#include "shim/proto.h"
#include "shim/proto/ttrpc.pb-c.h"
#include "tempdir.h"

/* ---- the server ------------------------------------------------------------------------------- */

#define MAX_HELD 1000

static struct {
	struct ev_loop *loop;
	struct ttrpc_server *server;
	struct ttrpc_call *held[MAX_HELD];
	size_t n_held;
} serving;

static void reply_number(struct ttrpc_call *call, uint64_t n)
{
	char text[24];

	ttrpc_reply(call, text,
		    (size_t)snprintf(text, sizeof(text), "%llu", (unsigned long long)n));
}

static void echo(struct ttrpc_call *call)
{
	ttrpc_reply(call, call->payload, call->payload_len);
}

static void fail(struct ttrpc_call *call)
{
	ttrpc_fail(call, TTRPC_NOT_FOUND, "container not created: not found");
}

static void timeout(struct ttrpc_call *call)
{
	reply_number(call, (uint64_t)call->timeout_ns);
}

static void hold(struct ttrpc_call *call)
{
	serving.held[serving.n_held++] = call;
}

/* Answers those held, the last first. */
static void release(struct ttrpc_call *call)
{
	while (serving.n_held > 0)
		echo(serving.held[--serving.n_held]);
	echo(call);
}

/* As many bytes as the payload says. */
static void large(struct ttrpc_call *call)
{
	_cleanup_free_ char *text = strndup((const char *)call->payload, call->payload_len);
	_cleanup_free_ uint8_t *bytes = NULL;
	uint64_t n = 0;

	num_parse_u64(text, &n);
	bytes = calloc(1, n);
	ttrpc_reply(call, bytes, n);
}

static void connections(struct ttrpc_call *call)
{
	reply_number(call, ttrpc_server_connections(serving.server));
}

static void heap(struct ttrpc_call *call)
{
	reply_number(call, mallinfo2().uordblks);
}

/* From now on one descriptor more than there are. */
static void few_descriptors(struct ttrpc_call *call)
{
	int next = fcntl(0, F_DUPFD_CLOEXEC, 3);
	struct rlimit limit = { .rlim_cur = (rlim_t)next + 1, .rlim_max = (rlim_t)next + 1 };

	close(next);
	setrlimit(RLIMIT_NOFILE, &limit);
	echo(call);
}

static void quit(struct ttrpc_call *call)
{
	echo(call);
	ev_stop(serving.loop, 0);
}

static const struct ttrpc_method methods[] = {
	{ "test.Service", "Echo", echo },   { "test.Other", "Echo", fail },
	{ "test.Service", "Fail", fail },   { "test.Service", "Timeout", timeout },
	{ "test.Service", "Hold", hold },   { "test.Service", "Release", release },
	{ "test.Service", "Large", large }, { "test.Service", "Connections", connections },
	{ "test.Service", "Heap", heap },   { "test.Service", "FewDescriptors", few_descriptors },
	{ "test.Service", "Quit", quit },
};

static int serve(int listener)
{
	struct err e;
	int r;

	serving.loop = ev_new();
	r = ttrpc_server_new(serving.loop, listener, methods, ARRAY_SIZE(methods), &serving,
			     &serving.server, &e);
	if (r == 0)
		r = ev_run(serving.loop);
	serving.server = ttrpc_server_free(serving.server);
	while (serving.n_held > 0) /* nobody hears it, but it must be safe */
		echo(serving.held[--serving.n_held]);
	ev_free(serving.loop);
	close(listener);
	return r;
}

/* ---- the peer --------------------------------------------------------------------------------- */

pid_t peer_server_pid;

int peer_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "shim.sock" };
	struct timeval patience = { .tv_sec = 10 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

void peer_send(int fd, const void *data, size_t len)
{
	cr_assert_eq(send(fd, data, len, MSG_NOSIGNAL), (ssize_t)len, "%s", strerror(errno));
}

void peer_add_frame(struct buf *b, uint32_t stream, uint8_t type, const void *data, size_t len)
{
	struct ttrpc_frame f = { .length = (uint32_t)len, .stream = stream, .type = type };
	uint8_t header[TTRPC_HEADER_SIZE];

	ttrpc_header(&f, header);
	buf_add(b, header, sizeof(header));
	buf_add(b, data, len);
}

void peer_add_request(struct buf *b, uint32_t stream, const char *service, const char *method,
		      const char *payload)
{
	Ttrpc__Request request = TTRPC__REQUEST__INIT;
	_cleanup_buf_ struct buf encoded = {};

	request.service = (char *)service;
	request.method = (char *)method;
	request.timeout_nano = 77;
	request.payload =
		(ProtobufCBinaryData){ .data = (uint8_t *)payload, .len = strlen(payload) };
	cr_assert_eq(proto_encode(&request.base, &encoded), 0);
	peer_add_frame(b, stream, TTRPC_REQUEST, encoded.data, encoded.len);
}

void peer_request(int fd, uint32_t stream, const char *method, const char *payload)
{
	_cleanup_buf_ struct buf b = {};

	peer_add_request(&b, stream, "test.Service", method, payload);
	peer_send(fd, b.data, b.len);
}

static void receive_exactly(int fd, void *data, size_t len)
{
	if (len > 0) /* recv waits even for nothing */
		cr_assert_eq(recv(fd, data, len, MSG_WAITALL), (ssize_t)len, "%s", strerror(errno));
}

struct peer_answer peer_receive(int fd)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_free_ uint8_t *data = NULL;
	uint8_t header[TTRPC_HEADER_SIZE];
	const Ttrpc__Response *response;
	const uint8_t *at = header;
	struct ttrpc_reader reader = {};
	struct peer_answer a;
	struct ttrpc_frame f;
	size_t left = sizeof(header);

	receive_exactly(fd, header, sizeof(header));
	a.length = (uint32_t)header[0] << 24 | header[1] << 16 | header[2] << 8 | header[3];
	cr_assert_leq(a.length, TTRPC_MAX_LENGTH);
	data = malloc(a.length + 1);
	receive_exactly(fd, data, a.length);
	memset(header, 0, 4); /* the reader is only asked about the rest of the header */
	cr_assert_eq(ttrpc_reader_take(&reader, &at, &left, &f), TTRPC_READ_FRAME);
	cr_assert_eq(f.type, TTRPC_RESPONSE);
	cr_assert_eq(f.flags, 0);
	a.stream = f.stream;
	ttrpc_reader_done(&reader);

	response = proto_decode(&ttrpc__response__descriptor, data, a.length, arena);
	cr_assert(response);
	a.status = response->status ? response->status->code : 0;
	a.len = response->payload.len;
	snprintf(a.message, sizeof(a.message), "%.*s", (int)(response->status ? 200 : a.len),
		 response->status ? response->status->message : (char *)response->payload.data);
	return a;
}

void peer_assert_answer(int fd, uint32_t stream, int status, const char *message)
{
	struct peer_answer a = peer_receive(fd);

	cr_assert_eq(a.stream, stream, "stream %u, not %u", a.stream, stream);
	cr_assert_eq(a.status, status, "status %d: %s", a.status, a.message);
	cr_assert_str_eq(a.message, message);
}

uint64_t peer_ask(const char *method)
{
	_cleanup_close_ int fd = peer_connect();
	uint64_t n = 0;

	peer_request(fd, 1, method, "0");
	cr_assert_eq(num_parse_u64(peer_receive(fd).message, &n), 0);
	return n;
}

void peer_assert_alone(void)
{
	for (int i = 0; peer_ask("Connections") > 1; i++) {
		cr_assert_lt(i, 100, "connections are left");
		usleep(10000);
	}
}

void peer_assert_served(void)
{
	_cleanup_close_ int fd = peer_connect();
	int64_t start = fd_now_ms();

	peer_request(fd, 1, "Echo", "still there");
	peer_assert_answer(fd, 1, 0, "still there");
	cr_assert_lt(fd_now_ms() - start, 100);
}

/* ---- the frame of each test ------------------------------------------------------------------- */

void peer_server_start(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "shim.sock" };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	tempdir_enter();
	cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listener, 256), 0);
	fflush(NULL);
	peer_server_pid = fork();
	if (peer_server_pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails does not say Quit */
		exit(serve(listener) < 0);
	}
	close(listener);
}

void peer_server_stop(void)
{
	int status, fd;

	peer_assert_served();
	fd = peer_connect();
	peer_request(fd, 1, "Quit", "");
	cr_assert_eq(waitpid(peer_server_pid, &status, 0), peer_server_pid);
	cr_assert_eq(status, 0, "the server ended with 0x%x", status);
	close(fd);
	tempdir_leave();
}
