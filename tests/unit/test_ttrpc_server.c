/* SPDX-License-Identifier: Apache-2.0 */
/* The serving end of ttrpc, in a process of its own, against peers good and bad. At the end of each
 * test it must still serve, and go in order: a sanitizer then tells what it lost. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/num.h"
#include "shim/proto.h"
#include "shim/proto/ttrpc.pb-c.h"
#include "shim/ttrpc_frame.h"
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

	ttrpc_reply(call, text, (size_t)snprintf(text, sizeof(text), "%llu", (unsigned long long)n));
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
	{ "test.Service", "Echo", echo },
	{ "test.Other", "Echo", fail },
	{ "test.Service", "Fail", fail },
	{ "test.Service", "Timeout", timeout },
	{ "test.Service", "Hold", hold },
	{ "test.Service", "Release", release },
	{ "test.Service", "Large", large },
	{ "test.Service", "Connections", connections },
	{ "test.Service", "Heap", heap },
	{ "test.Service", "FewDescriptors", few_descriptors },
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

static pid_t server_pid;

static int connect_peer(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "shim.sock" };
	struct timeval patience = { .tv_sec = 10 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void send_bytes(int fd, const void *data, size_t len)
{
	cr_assert_eq(send(fd, data, len, MSG_NOSIGNAL), (ssize_t)len, "%s", strerror(errno));
}

static void add_frame(struct buf *b, uint32_t stream, uint8_t type, const void *data, size_t len)
{
	struct ttrpc_frame f = { .length = (uint32_t)len, .stream = stream, .type = type };
	uint8_t header[TTRPC_HEADER_SIZE];

	ttrpc_header(&f, header);
	buf_add(b, header, sizeof(header));
	buf_add(b, data, len);
}

static void add_request(struct buf *b, uint32_t stream, const char *service, const char *method,
			const char *payload)
{
	Ttrpc__Request request = TTRPC__REQUEST__INIT;
	_cleanup_buf_ struct buf encoded = {};

	request.service = (char *)service;
	request.method = (char *)method;
	request.timeout_nano = 77;
	request.payload = (ProtobufCBinaryData){ .data = (uint8_t *)payload,
						 .len = strlen(payload) };
	cr_assert_eq(proto_encode(&request.base, &encoded), 0);
	add_frame(b, stream, TTRPC_REQUEST, encoded.data, encoded.len);
}

static void request(int fd, uint32_t stream, const char *method, const char *payload)
{
	_cleanup_buf_ struct buf b = {};

	add_request(&b, stream, "test.Service", method, payload);
	send_bytes(fd, b.data, b.len);
}

struct answer {
	uint32_t stream, length;
	int status;
	char message[200]; /* of the status, or the payload */
	size_t len;
};

static void receive_exactly(int fd, void *data, size_t len)
{
	if (len > 0) /* recv waits even for nothing */
		cr_assert_eq(recv(fd, data, len, MSG_WAITALL), (ssize_t)len, "%s", strerror(errno));
}

static struct answer receive(int fd)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_free_ uint8_t *data = NULL;
	uint8_t header[TTRPC_HEADER_SIZE];
	const Ttrpc__Response *response;
	const uint8_t *at = header;
	struct ttrpc_reader reader = {};
	struct answer a;
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

static void assert_answer(int fd, uint32_t stream, int status, const char *message)
{
	struct answer a = receive(fd);

	cr_assert_eq(a.stream, stream, "stream %u, not %u", a.stream, stream);
	cr_assert_eq(a.status, status, "status %d: %s", a.status, a.message);
	cr_assert_str_eq(a.message, message);
}

static uint64_t ask(const char *method)
{
	_cleanup_close_ int fd = connect_peer();
	uint64_t n = 0;

	request(fd, 1, method, "0");
	cr_assert_eq(num_parse_u64(receive(fd).message, &n), 0);
	return n;
}

/* The connections of peers that have gone are soon forgotten. */
static void assert_alone(void)
{
	for (int i = 0; ask("Connections") > 1; i++) {
		cr_assert_lt(i, 100, "connections are left");
		usleep(10000);
	}
}

static void assert_serves(void)
{
	_cleanup_close_ int fd = connect_peer();
	int64_t start = fd_now_ms();

	request(fd, 1, "Echo", "still there");
	assert_answer(fd, 1, 0, "still there");
	cr_assert_lt(fd_now_ms() - start, 100);
}

/* ---- the frame of each test ------------------------------------------------------------------- */

static void set_up(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "shim.sock" };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	tempdir_enter();
	cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listener, 256), 0);
	fflush(NULL);
	server_pid = fork();
	if (server_pid == 0)
		exit(serve(listener) < 0);
	close(listener);
}

static void tear_down(void)
{
	int status, fd;

	assert_serves();
	fd = connect_peer();
	request(fd, 1, "Quit", "");
	cr_assert_eq(waitpid(server_pid, &status, 0), server_pid);
	cr_assert_eq(status, 0, "the server ended with 0x%x", status);
	close(fd);
	tempdir_leave();
}

TestSuite(ttrpc_server, .init = set_up, .fini = tear_down, .timeout = 60);

/* ---- requests --------------------------------------------------------------------------------- */

Test(ttrpc_server, answers_a_request)
{
	_cleanup_close_ int fd = connect_peer();

	request(fd, 1, "Echo", "hello");
	assert_answer(fd, 1, 0, "hello");
	request(fd, 3, "Timeout", "");
	assert_answer(fd, 3, 0, "77");
	request(fd, 5, "Fail", "");
	assert_answer(fd, 5, 5, "container not created: not found");
}

Test(ttrpc_server, an_empty_answer_is_an_empty_frame)
{
	_cleanup_close_ int fd = connect_peer();
	struct answer a;

	request(fd, 1, "Echo", "");
	a = receive(fd);
	cr_assert_eq(a.length, 0);
	cr_assert_eq(a.stream, 1);
}

Test(ttrpc_server, a_request_may_come_byte_by_byte)
{
	_cleanup_close_ int fd = connect_peer();
	_cleanup_buf_ struct buf b = {};

	add_request(&b, 1, "test.Service", "Echo", "slowly");
	for (size_t i = 0; i < b.len; i++) {
		send_bytes(fd, b.data + i, 1);
		usleep(1000);
	}
	assert_answer(fd, 1, 0, "slowly");
}

Test(ttrpc_server, requests_in_one_piece_are_all_answered)
{
	_cleanup_close_ int fd = connect_peer();
	_cleanup_buf_ struct buf b = {};
	char text[16];

	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "%u", i);
		add_request(&b, 2 * i + 1, "test.Service", "Echo", text);
	}
	send_bytes(fd, b.data, b.len);
	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "%u", i);
		assert_answer(fd, 2 * i + 1, 0, text);
	}
}

Test(ttrpc_server, a_held_request_holds_up_no_other)
{
	_cleanup_close_ int fd = connect_peer();

	request(fd, 1, "Hold", "first");
	request(fd, 3, "Hold", "second");
	request(fd, 5, "Echo", "third");
	assert_answer(fd, 5, 0, "third");
	request(fd, 7, "Release", "");
	assert_answer(fd, 3, 0, "second");
	assert_answer(fd, 1, 0, "first");
	assert_answer(fd, 7, 0, "");
}

Test(ttrpc_server, the_largest_message_passes_both_ways)
{
	_cleanup_close_ int fd = connect_peer();
	_cleanup_buf_ struct buf b = {};
	size_t around = 32, size = TTRPC_MAX_LENGTH - around;
	_cleanup_free_ char *text = malloc(size + 1);

	memset(text, 'x', size);
	text[size] = '\0';
	add_request(&b, 1, "test.Service", "Echo", text);
	cr_assert_leq(b.len, TTRPC_MAX_LENGTH + TTRPC_HEADER_SIZE);
	cr_assert_geq(b.len, TTRPC_MAX_LENGTH - 10);
	send_bytes(fd, b.data, b.len);
	cr_assert_eq(receive(fd).len, size);
}

/* ---- what is refused -------------------------------------------------------------------------- */

Test(ttrpc_server, what_is_not_there_is_named)
{
	_cleanup_close_ int fd = connect_peer();
	_cleanup_buf_ struct buf b = {};

	add_request(&b, 1, "test.Nothing", "Echo", "");
	add_request(&b, 3, "test.Service", "Nothing", "");
	add_request(&b, 5, "test.Other", "Echo", "");
	add_request(&b, 7, "", "", "");
	send_bytes(fd, b.data, b.len);
	assert_answer(fd, 1, 12, "service test.Nothing");
	assert_answer(fd, 3, 12, "method Nothing");
	assert_answer(fd, 5, 5, "container not created: not found");
	assert_answer(fd, 7, 12, "service ");
}

Test(ttrpc_server, what_is_no_request_is_an_invalid_argument)
{
	_cleanup_close_ int fd = connect_peer();
	_cleanup_buf_ struct buf b = {};
	struct answer a;

	add_frame(&b, 1, TTRPC_REQUEST, "\x0a\xff", 2);
	send_bytes(fd, b.data, b.len);
	a = receive(fd);
	cr_assert_eq(a.status, 3);
	cr_assert_eq(strncmp(a.message, "unmarshal request error: ", 25), 0, "%s", a.message);
	request(fd, 3, "Echo", "fine");
	assert_answer(fd, 3, 0, "fine");
}

Test(ttrpc_server, streams_must_be_odd)
{
	_cleanup_close_ int fd = connect_peer();

	request(fd, 2, "Echo", "");
	assert_answer(fd, 2, 3, "StreamID must be odd for client initiated streams");
	request(fd, 0, "Echo", "");
	assert_answer(fd, 0, 3, "StreamID must be odd for client initiated streams");
	request(fd, 1, "Echo", "odd");
	assert_answer(fd, 1, 0, "odd");
}

Test(ttrpc_server, streams_must_grow)
{
	_cleanup_close_ int fd = connect_peer();

	request(fd, 5, "Echo", "a");
	assert_answer(fd, 5, 0, "a");
	request(fd, 5, "Echo", "b");
	assert_answer(fd, 5, 3, "StreamID cannot be re-used and must increment");
	request(fd, 3, "Echo", "c");
	assert_answer(fd, 3, 3, "StreamID cannot be re-used and must increment");
	request(fd, UINT32_MAX, "Echo", "d");
	assert_answer(fd, UINT32_MAX, 0, "d");
}

Test(ttrpc_server, data_belongs_to_no_stream)
{
	_cleanup_close_ int fd = connect_peer();
	_cleanup_buf_ struct buf b = {};

	add_frame(&b, 1, TTRPC_DATA, "x", 1);
	send_bytes(fd, b.data, b.len);
	assert_answer(fd, 1, 3, "StreamID is no longer active");
	request(fd, 1, "Echo", "its number is still free");
	assert_answer(fd, 1, 0, "its number is still free");
}

Test(ttrpc_server, frames_of_unknown_type_are_ignored)
{
	_cleanup_close_ int fd = connect_peer();
	_cleanup_buf_ struct buf b = {};

	for (int type = 0; type < 256; type++)
		if (type != TTRPC_REQUEST && type != TTRPC_DATA)
			add_frame(&b, 9, (uint8_t)type, "data", 4);
	add_request(&b, 1, "test.Service", "Echo", "next");
	send_bytes(fd, b.data, b.len);
	assert_answer(fd, 1, 0, "next");
}

Test(ttrpc_server, a_message_that_is_too_long_is_discarded_and_answered)
{
	_cleanup_close_ int fd = connect_peer();
	_cleanup_buf_ struct buf b = {};
	_cleanup_free_ uint8_t *data = calloc(1, 5 << 20);

	add_frame(&b, 1, TTRPC_REQUEST, data, 5 << 20);
	add_request(&b, 3, "test.Service", "Echo", "next");
	send_bytes(fd, b.data, b.len);
	assert_answer(fd, 1, 8, "message length 5242880 exceed maximum message size of 4194304");
	assert_answer(fd, 3, 0, "next");
}

Test(ttrpc_server, an_answer_that_is_too_long_is_refused)
{
	_cleanup_close_ int fd = connect_peer();

	request(fd, 1, "Large", "4194304");
	assert_answer(fd, 1, 8, "message length 4194309 exceed maximum message size of 4194304");
	request(fd, 3, "Large", "4194299");
	cr_assert_eq(receive(fd).len, 4194299);
}

/* ---- hostile and unlucky peers ---------------------------------------------------------------- */

Test(ttrpc_server, a_peer_that_goes_in_the_middle_is_forgotten)
{
	static const char *const starts[] = { "", "\0", "\0\0\0\5\0\0\0\1\1\0ab" };
	static const size_t lengths[] = { 0, 3, 12 };

	for (size_t i = 0; i < 300; i++) {
		int fd = connect_peer();

		send_bytes(fd, starts[i % 3], lengths[i % 3]);
		close(fd);
	}
	assert_alone();
}

Test(ttrpc_server, an_answer_to_a_peer_that_has_gone_is_dropped)
{
	_cleanup_close_ int last = -EBADF;

	for (int i = 0; i < 20; i++) {
		int fd = connect_peer();

		request(fd, 1, "Hold", "for nobody");
		request(fd, 3, "Echo", "so it was read");
		assert_answer(fd, 3, 0, "so it was read");
		close(fd);
	}
	assert_alone();
	last = connect_peer();
	request(last, 1, "Release", "done");
	assert_answer(last, 1, 0, "done");
}

Test(ttrpc_server, calls_that_are_open_at_the_end_may_still_be_answered)
{
	int fd = connect_peer();

	request(fd, 1, "Hold", "for ever");
	request(fd, 3, "Echo", "");
	assert_answer(fd, 3, 0, "");
}

static void start_half_a_frame(int fd)
{
	_cleanup_buf_ struct buf b = {};

	add_request(&b, 1, "test.Service", "Echo", "never to be completed");
	send_bytes(fd, b.data, b.len / 2);
}

Test(ttrpc_server, two_hundred_half_open_peers_hold_up_nobody)
{
	int fds[200];
	uint64_t before = ask("Heap"), during;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = connect_peer();
		if (i % 2 == 0)
			start_half_a_frame(fds[i]);
	}
	for (int i = 0; i < 20; i++)
		assert_serves();
	cr_assert_eq(ask("Connections"), ARRAY_SIZE(fds) + 1);
	during = ask("Heap");
	cr_assert_leq(during, before + ARRAY_SIZE(fds) * 1024, "%llu bytes more",
		      (unsigned long long)(during - before));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

/* Writes as fast as it can, for so long, in the background. */
static pid_t flood(int ms, const struct buf *b)
{
	int fd = connect_peer();
	pid_t pid = fork();

	if (pid == 0) {
		for (int64_t end = fd_now_ms() + ms; fd_now_ms() < end;)
			if (send(fd, b->data, b->len, MSG_NOSIGNAL) < 0)
				break;
		_exit(0);
	}
	close(fd);
	return pid;
}

Test(ttrpc_server, a_peer_that_floods_holds_up_nobody)
{
	_cleanup_buf_ struct buf giant = {};
	_cleanup_free_ uint8_t *data = calloc(1, 64 << 20);
	pid_t pid;

	add_frame(&giant, 1, TTRPC_REQUEST, data, 64 << 20);
	pid = flood(1000, &giant);
	for (int i = 0; i < 10; i++) {
		assert_serves();
		usleep(50000);
	}
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

Test(ttrpc_server, a_peer_that_never_reads_is_dropped_in_time)
{
	_cleanup_close_ int fd = connect_peer();
	uint64_t before = ask("Heap");
	struct pollfd gone = { .fd = fd };

	for (uint32_t i = 0; i < 7; i++)
		request(fd, 2 * i + 1, "Large", "1000000");
	assert_serves();
	cr_assert_eq(poll(&gone, 1, 100), 0, "seven megabytes may wait");
	for (uint32_t i = 7; i < 20; i++)
		if (poll(&gone, 1, 20) == 0)
			request(fd, 2 * i + 1, "Large", "1000000");
	cr_assert_eq(poll(&gone, 1, 5000), 1, "it was dropped");
	cr_assert_leq(ask("Heap"), before + 4096);
}

Test(ttrpc_server, a_peer_that_stops_reading_for_a_while_gets_everything)
{
	_cleanup_close_ int fd = connect_peer();

	for (uint32_t i = 0; i < 7; i++)
		request(fd, 2 * i + 1, "Large", "1000000");
	assert_serves();
	for (uint32_t i = 0; i < 7; i++) {
		struct answer a = receive(fd);

		cr_assert_eq(a.stream, 2 * i + 1);
		cr_assert_eq(a.len, 1000000);
	}
}

Test(ttrpc_server, open_requests_of_one_peer_are_bounded)
{
	_cleanup_close_ int fd = connect_peer();
	_cleanup_free_ char *text = calloc(1, (1 << 20) + 1);
	int refused = 0;

	memset(text, 'x', 1 << 20);
	for (uint32_t i = 0; i < 40; i++)
		request(fd, 2 * i + 1, "Hold", text);
	request(fd, 101, "Connections", "");
	for (;;) {
		struct answer a = receive(fd);

		if (a.stream == 101)
			break;
		cr_assert_eq(a.status, 8);
		cr_assert_str_eq(a.message, "too many requests are open");
		refused++;
	}
	cr_assert_geq(refused, 8);
	cr_assert_leq(refused, 10);
	assert_serves();
}

Test(ttrpc_server, serving_leaves_no_heap_behind)
{
	_cleanup_close_ int fd = connect_peer();
	uint64_t before = ask("Heap");

	for (uint32_t i = 0; i < 2000; i++) {
		request(fd, 2 * i + 1, i % 2 ? "Echo" : "Large", "5000");
		receive(fd);
	}
	cr_assert_leq(ask("Heap"), before + 2048);
}

static int64_t server_cpu_ms(void)
{
	struct timespec time;
	clockid_t clock;

	cr_assert_eq(clock_getcpuclockid(server_pid, &clock), 0);
	cr_assert_eq(clock_gettime(clock, &time), 0);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

Test(ttrpc_server, without_descriptors_it_neither_spins_nor_forgets)
{
	int fds[5];
	int64_t before;

	fds[0] = connect_peer();
	request(fds[0], 1, "FewDescriptors", "");
	assert_answer(fds[0], 1, 0, "");
	for (int i = 1; i < 5; i++)
		fds[i] = connect_peer();
	usleep(100000);
	before = server_cpu_ms();
	usleep(300000);
	cr_assert_leq(server_cpu_ms() - before, 50);
	request(fds[0], 3, "Echo", "served");
	assert_answer(fds[0], 3, 0, "served");
	for (int i = 0; i < 5; i++)
		close(fds[i]);
}

Test(ttrpc_server, another_user_is_refused)
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		cr_skip_test("needs root");
	cr_assert_eq(chmod(".", 0755), 0);
	cr_assert_eq(chmod("shim.sock", 0666), 0);
	pid = fork();
	if (pid == 0) {
		struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "shim.sock" };
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		char byte;

		if (setgid(65534) < 0 || setuid(65534) < 0 ||
		    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
			_exit(2);
		_exit(recv(fd, &byte, 1, 0) == 0 ? 0 : 1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(WEXITSTATUS(status), 0, "%d", WEXITSTATUS(status));
}
