/* SPDX-License-Identifier: Apache-2.0 */
/* Inside io: the pump, what opens its ends, and the helpers that do without. */
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
	bool is_large; /* src, as io_pipe_grow() has it */
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

/* Begins, without the kernel's help (splice) when one of them is a terminal or a device. */
int io_stream_start(struct io_stream *s, struct ev_loop *loop, bool splice, struct err *e);
/* A terminal that nobody has open now is at its end: nobody will open it any more. */
void io_stream_drain(struct io_stream *s);
/* Ends without a call to ended, closes all. Also fine when it never began. */
void io_stream_done(struct io_stream *s);

/* ---- io_fifo.c: what a path without a scheme names -------------------------------------------- */

/* A fifo (or a device) as the dst of s. */
int io_fifo_output(const char *path, struct io_stream *s, struct err *e);
/* The same as the src of s; a fifo has no end before its held writer is closed. */
int io_fifo_input(const char *path, struct io_stream *s, struct err *e);
/* A pipe that the container's user may open anew (/dev/stdout). */
int io_pipe(const struct io_spec *spec, int ret[2], struct err *e);

#define IO_PIPE_SIZE 65536 /* what a new pipe holds (pipe(7)) */

/* Once half of what a new pipe holds has passed at a time, its writer may be waiting for us: then it is
 * made larger. (Pieces that are no whole pages leave room: a full pipe may hold little more than that.)
 * Not before, as a user's share is limited (pipe-user-pages-soft), and the new pipes of all containers of a
 * user who has used it up are tiny. */
void io_pipe_grow(int pipe, size_t passed, bool *is_large);

/* ---- io_helper.c: processes at the other ends of the container's pipes --------------------------- */

struct io_helper;

struct io_helper_kind {
	const char *name; /* in messages */
	bool input;	  /* what it writes the container reads */
	bool needs_byte;  /* an end of file does not mean ready */
	bool left_alone;  /* it ends by itself, when it has done all: never told to */
	int n_pipes;
	/* Starts it, with its ends of the pipes and, third, one to say that it is ready. */
	int (*start)(struct io_helper *h, const struct io_spec *spec, const int fds[3], pid_t *ret,
		     struct err *e);
};

/* In memory shared with a fork. */
struct io_count {
	uint64_t passed, lost;
	struct err why; /* it is not ready */
};

struct io_helper {
	struct io_helper *next;
	const struct io_helper_kind *kind;
	struct ev_loop *loop;
	char *path;
	pid_t pid;		/* 0: ended */
	struct io_count *count; /* NULL: a program, which does not tell */
	struct ev_source ready;
	int ready_fd;
	int readiness; /* 0: not decided, 1, or why not */
	bool told_to_end;
	struct ev_timer timer; /* to be ready, to end, to be killed */
	struct io_stream rest[2];
	void (*changed)(void *data); /* NULL: the io is gone */
	void *data;
};

/* path is taken, also on failure. The container's ends of the pipes, as many as the kind has, go to
 * ret_ends. changed is called when it becomes ready or not, and when it has ended. */
int io_helper_new(const struct io_helper_kind *kind, char *path_take, struct ev_loop *loop,
		  const struct io_spec *spec, void (*changed)(void *data), void *data,
		  struct io_helper **ret, int *ret_ends, struct err *e);
/* 0 while it is not decided, 1 when ready, negative with *e filled when it will never be. */
int io_helper_ready(const struct io_helper *h, struct err *e);
bool io_helper_is_alive(const struct io_helper *h);
/* There is nothing to come: time to read what is left and to end, then it is told to. */
void io_helper_finish(struct io_helper *h);
/* Leaves it to itself, told to end; memory is freed when it has. Returns NULL. */
struct io_helper *io_helper_free(struct io_helper *h);
size_t io_helper_describe(const struct io_helper *h, char *buf, size_t size);

/* ---- io_binary.c, io_file.c: their kinds --------------------------------------------------------- */

/* Loggers; the path is that of the URI. Two pipes: stdout, stderr. */
extern const struct io_helper_kind io_binary, io_binary_v2;
/* Forks that append to a file, made with its directories, or read one. */
extern const struct io_helper_kind io_file_writer, io_file_reader;

/* 1 and the path, malloc'd, when this names a file: a file:// URI, or a path where one is. */
int io_file_path(const char *uri, char **ret, struct err *e);
/* "" for a path without a scheme. */
bool io_uri_is(const char *uri, const char *scheme);
/* The path of a URI, decoded, absolute; malloc'd. */
int io_uri_path(const char *uri, char **ret, struct err *e);
/* Decodes %XX (and + as a blank when plus) in place. */
void io_uri_decode(char *text, bool plus);

/* ---- io.c, io_console.c ------------------------------------------------------------------------- */

struct io {
	struct ev_loop *loop;
	bool terminal, resized;
	uint16_t width, height;				/* of a terminal to come */
	int child[3];					/* the container's ends, until it runs */
	struct io_stream streams[3];			/* by descriptor */
	struct io_helper *helpers[3];			/* the same; one may serve 1 and 2 */
	void (*ready)(void *data, const struct err *e); /* NULL: nobody waits */
	void *ready_data;
	struct ev_timer deadline;
	void (*drained)(void *data); /* NULL: nobody waits */
	void *drained_data;
};
