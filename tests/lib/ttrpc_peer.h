/* SPDX-License-Identifier: Apache-2.0 */
/* A ttrpc server in a process of its own (shim.sock in a directory of the test), and the peers that
 * talk to it. Methods of test.Service: Echo; Fail; Timeout; Hold (no answer until Release, last first);
 * Large (so many bytes); Connections; Heap (bytes in use); FewDescriptors (one more, no further). */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "shim/ttrpc_frame.h"

extern pid_t peer_server_pid;

struct peer_answer {
	uint32_t stream, length;
	int status;
	char message[200]; /* of the status, or the payload */
	size_t len;
};

/* Of a test suite: .init and .fini. At the end of each test the server must still serve, and go in
 * order: a sanitizer then tells what it lost. */
void peer_server_start(void);
void peer_server_stop(void);

int peer_connect(void);
void peer_send(int fd, const void *data, size_t len);
void peer_add_frame(struct buf *b, uint32_t stream, uint8_t type, const void *data, size_t len);
void peer_add_request(struct buf *b, uint32_t stream, const char *service, const char *method,
		      const char *payload);
/* Of test.Service. */
void peer_request(int fd, uint32_t stream, const char *method, const char *payload);
struct peer_answer peer_receive(int fd);
void peer_assert_answer(int fd, uint32_t stream, int status, const char *message);
/* The number that a method answers, over a connection of its own. */
uint64_t peer_ask(const char *method);
/* Another peer gets its answer in less than 100 ms. */
void peer_assert_served(void);
/* The connections of peers that have gone are soon forgotten. */
void peer_assert_alone(void);
