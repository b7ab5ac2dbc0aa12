/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sits between the clients and a server of gRPC, both at unix sockets, one connection after the other,
 * and prints for each, once the client is gone, for how many microseconds at least one of its calls
 * was with the server: what is left of the client's time is its own.
 *
 *	grpc_tap SOCKET SERVER
 *
 * Of HTTP/2 (RFC 9113) it knows frames: a call begins with the client's HEADERS and ends with the
 * server's END_STREAM or somebody's RST_STREAM. The clock is read on the server's side of the tap, so
 * that the way through it is the client's.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"

#define PREFACE 24
#define FRAME_HEADER 9
#define MAX_STREAMS 4096

enum { DATA = 0, HEADERS = 1, RST_STREAM = 3 };
enum { END_STREAM = 1 };

/* The calls of one connection. */
struct calls {
	bool with_server[MAX_STREAMS]; /* by a stream's number */
	unsigned n;
	double since, sum;
};

/* What flows in one direction. */
struct flow {
	int from, to;
	uint8_t header[FRAME_HEADER];
	size_t have; /* of the header */
	size_t skip; /* until the next one */
};

static __attribute__((noreturn)) void fail(const char *what)
{
	fprintf(stderr, "grpc_tap: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void begin(struct calls *c, uint32_t stream)
{
	c->with_server[stream] = true;
	if (c->n++ == 0)
		c->since = now_us();
}

static void end(struct calls *c, uint32_t stream)
{
	c->with_server[stream] = false;
	if (--c->n == 0)
		c->sum += now_us() - c->since;
}

static void see_frame(struct calls *c, const uint8_t *h, bool of_client)
{
	uint8_t kind = h[3], flags = h[4];
	uint32_t stream = (uint32_t)h[5] << 24 | (uint32_t)h[6] << 16 | (uint32_t)h[7] << 8 | h[8];
	bool answer = !of_client && (kind == DATA || kind == HEADERS);
	bool last = kind == RST_STREAM || (answer && flags & END_STREAM);

	if (stream >= MAX_STREAMS) {
		errno = E2BIG;
		fail("more calls than there is room for");
	}
	if (of_client && kind == HEADERS)
		begin(c, stream);
	if (last && c->with_server[stream])
		end(c, stream);
}

static void see(struct calls *c, struct flow *f, const uint8_t *data, size_t n, bool of_client)
{
	for (size_t i = 0; i < n;) {
		size_t skip = f->skip < n - i ? f->skip : n - i;

		f->skip -= skip;
		i += skip;
		while (i < n && f->have < FRAME_HEADER)
			f->header[f->have++] = data[i++];
		if (f->have < FRAME_HEADER)
			return;
		see_frame(c, f->header, of_client);
		f->skip = (size_t)f->header[0] << 16 | (size_t)f->header[1] << 8 | f->header[2];
		f->have = 0;
	}
}

/* false at the end. */
static bool relay(struct calls *c, struct flow *f, bool of_client)
{
	static uint8_t data[1 << 16];
	ssize_t n = read(f->from, data, sizeof(data));

	if (n <= 0)
		return false;
	see(c, f, data, (size_t)n, of_client);
	for (ssize_t i = 0, w; i < n; i += w) {
		w = send(f->to, data + i, (size_t)(n - i), MSG_NOSIGNAL);
		if (w < 0)
			return false;
	}
	return true;
}

/* Those that the client's end breaks off do not count. */
static double time_with_server(int client, int server)
{
	struct flow request = { .from = client, .to = server, .skip = PREFACE };
	struct flow answer = { .from = server, .to = client };
	struct pollfd polled[] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };
	struct calls calls = {};
	bool both = true;

	while (both) {
		if (poll(polled, 2, -1) < 0)
			fail("poll");
		if (polled[0].revents)
			both = relay(&calls, &request, true);
		if (polled[1].revents)
			both = relay(&calls, &answer, false) && both;
	}
	return calls.sum;
}

static int unix_socket(const char *path, int (*use)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (fd < 0 || use(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail(path);
	return fd;
}

int main(int argc, char *argv[])
{
	int listener, client, server;

	if (argc != 3) {
		fprintf(stderr, "usage: grpc_tap SOCKET SERVER\n");
		return 2;
	}
	listener = unix_socket(argv[1], bind);
	if (listen(listener, 8) < 0)
		fail("listen");
	for (;;) {
		client = accept(listener, NULL, NULL);
		if (client < 0)
			fail("accept");
		server = unix_socket(argv[2], connect);
		printf("%.0f\n", time_with_server(client, server));
		fflush(stdout);
		close(client);
		close(server);
	}
}
