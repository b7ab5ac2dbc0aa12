/* SPDX-License-Identifier: Apache-2.0 */
/* Inside io: the pump, what opens its ends, and the logger that does without. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/ev.h"
#include "io.h"

/* ---- io_copy.c: bytes from one descriptor to another ------------------------------------------ */

struct io_stream {
	struct ev_loop *loop;
	struct ev_source source; /* waits for one end at a time */
	int src, dst;		 /* owned; without dst everything is lost */
	int held;		 /* owned: the writer that keeps src from its end of file */
	bool input;		 /* to the container: a refusing reader is the end */
	bool dst_waits;		 /* dst refuses for a while instead of failing */
	bool running, draining;
	uint8_t *copy; /* NULL: spliced */
	size_t start, end;
	uint64_t passed, lost;
	/* What follows the end of src, into text (the last that was copied is still in there, its
	 * length is s->end). Returns the number of bytes, few. */
	size_t (*last_words)(const struct io_stream *s, uint8_t *text);
	void (*ended)(struct io_stream *s); /* may free the stream; NULL: nobody cares */
	void *data;
};

#define IO_STREAM_NONE                                       \
	{                                                    \
		.src = -EBADF, .dst = -EBADF, .held = -EBADF \
	}

/* Begins, without the kernel's help (splice) when one of them is a terminal or a file. */
int io_stream_start(struct io_stream *s, struct ev_loop *loop, bool splice, struct err *e);
/* A terminal that nobody has open now is at its end: nobody will open it any more. */
void io_stream_drain(struct io_stream *s);
/* Ends without a call to ended, closes all. Also fine when it never began. */
void io_stream_done(struct io_stream *s);

/* ---- io_fifo.c, io_file.c: what URIs name ------------------------------------------------------ */

/* A fifo, or any other file (which is appended to), as the dst of s. */
int io_fifo_output(const char *path, int flags, struct io_stream *s, struct err *e);
/* A fifo as the src of s; it has no end before its held writer is closed. */
int io_fifo_input(const char *path, struct io_stream *s, struct err *e);
/* A pipe that the container's user may open anew (/dev/stdout). */
int io_pipe(const struct io_spec *spec, int ret[2], struct err *e);
/* The file of a file:// URI, made with its directories, as the dst of s. */
int io_file_output(const char *uri, struct io_stream *s, struct err *e);

/* "" for a path without a scheme. */
bool io_uri_is(const char *uri, const char *scheme);
/* The path of a URI, decoded, absolute; malloc'd. */
int io_uri_path(const char *uri, char **ret, struct err *e);
/* Decodes %XX (and + as a blank when plus) in place. */
void io_uri_decode(char *text, bool plus);

/* ---- io_binary.c: loggers ----------------------------------------------------------------------- */

struct io_logger;

/* Starts the logger of a binary:// URI. It reads stdout and stderr from pipes whose writing ends go
 * to ret_write. changed is called when it becomes ready or not, and when it has ended. */
int io_logger_new(struct ev_loop *loop, const struct io_spec *spec, void (*changed)(void *data),
		  void *data, struct io_logger **ret, int ret_write[2], struct err *e);
/* 0 while it is not decided, 1 when ready, negative with *e filled when it will never be. */
int io_logger_ready(const struct io_logger *l, struct err *e);
bool io_logger_is_alive(const struct io_logger *l);
/* There is nothing to come: time to read what is left and to end, then it is told to. */
void io_logger_finish(struct io_logger *l);
/* Leaves it to itself, told to end; memory is freed when it has. Returns NULL. */
struct io_logger *io_logger_free(struct io_logger *l);
uint64_t io_logger_lost(const struct io_logger *l);

/* ---- io.c, io_console.c ------------------------------------------------------------------------- */

struct io {
	struct ev_loop *loop;
	bool terminal, resized;
	uint16_t width, height;	     /* of a terminal to come */
	int child[3];		     /* the container's ends, until it runs */
	struct io_stream streams[3]; /* by descriptor */
	struct io_logger *logger;
	void (*ready)(void *data, const struct err *e); /* NULL: nobody waits */
	void *ready_data;
	struct ev_timer deadline;
	void (*drained)(void *data); /* NULL: nobody waits */
	void *drained_data;
};
