/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor of a shim: answers containerd at once and runs nothing. What is measured with it is the time
 * of the client and of containerd. A task of it ends when it is started. To be found by containerd as
 * containerd-shim-floor-v2.
 *
 *	containerd-shim-floor-v2 [OPTION...] start|delete
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { RESPONSE = 2 };

struct header {
	uint32_t length, stream;
	uint8_t type, flags;
} __attribute__((packed));

struct answer {
	const char *method, *payload;
	uint8_t length;
};

#define ANSWER(method, payload)                      \
	{                                            \
		method, payload, sizeof(payload) - 1 \
	}
#define PID_1 "\x08\x01"
#define SOME_TIME "\x06\x08\x80\x80\x80\x80\x01"

/* In protobuf, by the field numbers of the task service. */
static const struct answer answers[] = {
	ANSWER("Create", PID_1),
	ANSWER("Start", PID_1),
	ANSWER("State", "\x0a\x01x\x18\x01\x20\x03"), /* id, pid, STOPPED */
	ANSWER("Wait", "\x12" SOME_TIME),
	ANSWER("Delete", PID_1 "\x1a" SOME_TIME),
	ANSWER("Connect", PID_1),
	ANSWER("Shutdown", ""),
};

static void must(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static bool read_all(int fd, void *to, size_t len)
{
	for (ssize_t n; len; to = (char *)to + n, len -= (size_t)n)
		if ((n = read(fd, to, len)) <= 0)
			return false;
	return true;
}

/* Of a request: service, 1, and method, 2, both shorter than 128 bytes. */
static const struct answer *answer_to(const char *request)
{
	static const struct answer empty = { "", "", 0 };
	const char *method = request + 2 + request[1];

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if ((size_t)method[1] == strlen(answers[i].method) &&
		    memcmp(method + 2, answers[i].method, (size_t)method[1]) == 0)
			return &answers[i];
	return &empty;
}

static void reply(int fd, uint32_t stream, const struct answer *a)
{
	char frame[sizeof(struct header) + 64];
	struct header *h = (struct header *)frame;
	char *data = frame + sizeof(*h);

	*h = (struct header){ htonl(a->length + 2u), stream, RESPONSE, 0 };
	data[0] = 0x12; /* payload of the response */
	data[1] = (char)a->length;
	memcpy(data + 2, a->payload, a->length);
	must(write(fd, frame, sizeof(*h) + 2u + a->length) > 0, "write");
}

/* Until the client ends the connection; after Shutdown the process ends. */
static void serve(int fd, const char *address)
{
	static char request[4 << 20];
	const struct answer *a;
	struct header h;

	while (read_all(fd, &h, sizeof(h)) && read_all(fd, request, ntohl(h.length))) {
		a = answer_to(request);
		reply(fd, h.stream, a);
		if (strcmp(a->method, "Shutdown") == 0) {
			unlink(address);
			exit(0);
		}
	}
	close(fd);
}

static void start(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sprintf(at.sun_path, "/run/floor-%d.sock", (int)getpid());
	must(bind(listener, (struct sockaddr *)&at, sizeof(at)) == 0, at.sun_path);
	must(listen(listener, 1) == 0, "listen");
	if (fork() == 0) {
		setsid();
		close_range(STDIN_FILENO, STDERR_FILENO, 0); /* containerd waits for their end */
		for (;;)
			serve(accept(listener, NULL, NULL), at.sun_path);
	}
	printf("unix://%s", at.sun_path);
}

int main(int argc, char *argv[])
{
	const char *action = argc > 1 ? argv[argc - 1] : "";
	const struct answer *gone = answer_to("\x0a\x00\x12\x06"
					      "Delete");

	if (strcmp(action, "start") == 0)
		start();
	else if (strcmp(action, "delete") == 0)
		fwrite(gone->payload, 1, gone->length, stdout);
	return 0;
}
