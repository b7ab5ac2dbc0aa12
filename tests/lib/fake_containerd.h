/* SPDX-License-Identifier: Apache-2.0 */
/* A containerd that listens for calls on a socket and behaves as told, in the loop of the test. */
#pragma once

#include "base/ev.h"
#include "shim/proto.h"
#include "shim/proto/ttrpc.pb-c.h"
#include "shim/ttrpc_frame.h"

enum fake_mode {
	FAKE_ANSWER,	 /* an empty answer */
	FAKE_REFUSE,	 /* `status` and `message` */
	FAKE_HANG_UP,	 /* reads the request and closes */
	FAKE_SILENT,	 /* reads, and says nothing */
	FAKE_HALF,	 /* half an answer, then closes */
	FAKE_GARBAGE,	 /* a frame that is no message */
	FAKE_TOO_LONG,	 /* a frame longer than allowed */
	FAKE_OTHER_CALL, /* an answer to a call nobody made, then the true one */
};

#define FAKE_MAX_REQUESTS 256

struct fake_containerd {
	struct ev_loop *loop;
	const char *path;
	enum fake_mode mode;
	int only; /* so many requests meet the mode, then it is FAKE_ANSWER; 0: all */
	int status;
	const char *message;
	/* what came */
	size_t n_requests, n_connections;
	Ttrpc__Request *requests[FAKE_MAX_REQUESTS];
	uint32_t streams[FAKE_MAX_REQUESTS];
	/* called after each request, unless NULL */
	void (*heard)(struct fake_containerd *f);
	/* its own */
	struct arena *arena;
	struct ev_source listener, peer;
	struct ttrpc_reader reader;
};

/* Begins to listen at f->path. */
void fake_listen(struct fake_containerd *f);
/* Gone without a trace, but the file of the socket: as after a kill. */
void fake_die(struct fake_containerd *f);
/* Answers the last request. */
void fake_answer(struct fake_containerd *f);
void fake_done(struct fake_containerd *f);
