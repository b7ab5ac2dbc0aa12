/* SPDX-License-Identifier: Apache-2.0 */
/* The three streams of a process. What the scheme of stdout says holds for stderr as well. */
#include "io_stream.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/fmt.h"

static bool is_named(const char *path)
{
	return path && *path;
}

/* ---- making ------------------------------------------------------------------------------------- */

static void finish_drain(struct io *io);
static void answer_ready(struct io *io);

static bool is_drained(const struct io *io)
{
	return !io->streams[1].running && !io->streams[2].running &&
	       !(io->logger && io_logger_is_alive(io->logger));
}

/* One answer at a time: each may free the io, and a logger that is not ready is not drained. */
static void on_change(struct io *io)
{
	if (io->ready && io_is_ready(io))
		answer_ready(io);
	else if (io->drained && is_drained(io))
		finish_drain(io);
}

static void on_stream_ended(struct io_stream *s)
{
	on_change(s->data);
}

static void on_logger_changed(void *data)
{
	on_change(data);
}

static int open_logger(struct io *io, const struct io_spec *spec, struct err *e)
{
	int writers[2];
	int r = io_logger_new(io->loop, spec, on_logger_changed, io, &io->logger, writers, e);

	if (r < 0)
		return r;
	if (spec->terminal) {
		io->streams[1].dst = writers[0];
		io->streams[1].dst_waits = true;
		x_close(writers[1]);
		return 0;
	}
	io->child[1] = writers[0];
	io->child[2] = writers[1];
	return 0;
}

static int open_output(const char *uri, struct io_stream *s, struct err *e)
{
	if (io_uri_is(uri, "file"))
		return io_file_output(uri, s, e);
	if (*uri != '/')
		return err_bad(e, "", "unknown STDIO scheme in %s", uri);
	return io_fifo_output(uri, 0, s, e);
}

/* A pipe between the container's descriptor i and our stream, which lacks that end only. */
static int make_child_end(struct io *io, int i, const struct io_spec *spec, struct err *e)
{
	struct io_stream *s = &io->streams[i];
	int pair[2];
	int r = io_pipe(spec, pair, e);

	if (r < 0)
		return r;
	io->child[i] = pair[i == 0 ? 0 : 1];
	if (i == 0) {
		s->dst = pair[1];
		s->dst_waits = true;
	} else {
		s->src = pair[0];
	}
	return 0;
}

static int open_outputs(struct io *io, const struct io_spec *spec, struct err *e)
{
	const char *uris[3] = { NULL, spec->stdout_path, spec->stderr_path };
	int r = 0;

	if (is_named(uris[1]) && io_uri_is(uris[1], "file"))
		uris[2] = uris[1];
	/* Somebody has to read what is written to a terminal. */
	if (spec->terminal && !is_named(uris[1]))
		uris[1] = "/dev/null";
	for (int i = 1; i <= (spec->terminal ? 1 : 2) && r == 0; i++) {
		if (!is_named(uris[i]))
			continue;
		r = open_output(uris[i], &io->streams[i], e);
		if (r == 0 && !spec->terminal)
			r = make_child_end(io, i, spec, e);
	}
	return r;
}

static int open_input(struct io *io, const struct io_spec *spec, struct err *e)
{
	int r;

	if (!is_named(spec->stdin_path))
		return 0;
	r = io_fifo_input(spec->stdin_path, &io->streams[0], e);
	return r < 0 || spec->terminal ? r : make_child_end(io, 0, spec, e);
}

static bool is_binary(const char *uri)
{
	return is_named(uri) && (io_uri_is(uri, "binary") || io_uri_is(uri, "binary-v2"));
}

static int open_all(struct io *io, const struct io_spec *spec, struct err *e)
{
	int r = open_input(io, spec, e);

	if (r < 0)
		return r;
	return is_binary(spec->stdout_path) ? open_logger(io, spec, e) : open_outputs(io, spec, e);
}

int io_new(struct ev_loop *loop, const struct io_spec *spec, struct io **ret, struct err *e)
{
	struct io *io = calloc(1, sizeof(*io));
	int r;

	if (!io)
		return err_nomem(e);
	io->loop = loop;
	io->terminal = spec->terminal;
	for (int i = 0; i < 3; i++) {
		io->child[i] = -EBADF;
		io->streams[i] = (struct io_stream)IO_STREAM_NONE;
		io->streams[i].ended = on_stream_ended;
		io->streams[i].data = io;
	}
	io->streams[0].input = true;
	r = open_all(io, spec, e);
	if (r < 0) {
		io_free(io);
		return r;
	}
	*ret = io;
	return 0;
}

/* ---- running ------------------------------------------------------------------------------------ */

bool io_is_ready(const struct io *io)
{
	struct err ignored;

	return !io->logger || io_logger_ready(io->logger, &ignored) != 0;
}

static void answer_ready(struct io *io)
{
	void (*done)(void *data, const struct err *e) = take_ptr(io->ready);
	struct err e;
	int r = io->logger ? io_logger_ready(io->logger, &e) : 1;

	done(io->ready_data, r < 0 ? &e : NULL);
}

void io_when_ready(struct io *io, void (*done)(void *data, const struct err *e), void *data)
{
	io->ready = done;
	io->ready_data = data;
	if (io_is_ready(io))
		answer_ready(io);
}

void io_child_fds(const struct io *io, int ret[3])
{
	for (int i = 0; i < 3; i++)
		ret[i] = io->child[i];
}

static void close_child_ends(struct io *io)
{
	for (int i = 0; i < 3; i++)
		io->child[i] = x_close(io->child[i]);
}

int io_start(struct io *io, struct err *e)
{
	int r = 0;

	close_child_ends(io);
	for (int i = 0; i < 3 && r == 0 && !io->terminal; i++) {
		struct io_stream *s = &io->streams[i];

		if (s->src >= 0)
			r = io_stream_start(s, io->loop, s->dst_waits, e);
	}
	return r;
}

void io_close_stdin(struct io *io)
{
	io->streams[0].held = x_close(io->streams[0].held);
}

/* ---- the end ------------------------------------------------------------------------------------ */

static void finish_drain(struct io *io)
{
	void (*done)(void *data) = take_ptr(io->drained);

	ev_timer_stop(&io->deadline);
	done(io->drained_data);
}

/* Who reads the fifos gets the end of file that the container has withheld. */
static int on_deadline(struct ev_timer *t)
{
	struct io *io = t->data;

	io_stream_done(&io->streams[1]);
	io_stream_done(&io->streams[2]);
	finish_drain(io);
	return 0;
}

void io_exited(struct io *io)
{
	close_child_ends(io);
	io_stream_drain(&io->streams[1]);
	io_stream_drain(&io->streams[2]);
}

void io_drain(struct io *io, int deadline_ms, void (*done)(void *data), void *data)
{
	io_exited(io);
	if (io->logger)
		io_logger_finish(io->logger);
	io->drained = done;
	io->drained_data = data;
	if (is_drained(io) ||
	    ev_timer_start(io->loop, &io->deadline, deadline_ms, on_deadline, io) < 0)
		finish_drain(io);
}

struct io *io_free(struct io *io)
{
	if (!io)
		return NULL;
	ev_timer_stop(&io->deadline);
	close_child_ends(io);
	for (int i = 0; i < 3; i++)
		io_stream_done(&io->streams[i]);
	io->logger = io_logger_free(io->logger);
	free(io);
	return NULL;
}

/* ---- looking ------------------------------------------------------------------------------------ */

static const char *state_of(const struct io_stream *s)
{
	if (!s->running)
		return s->src >= 0 || s->dst >= 0 ? "not started" : "closed";
	return s->source.fd == s->src ? "waits for data" : "waits for its reader";
}

size_t io_describe(const struct io *io, char *buf, size_t size)
{
	static const char *const names[3] = { "stdin", "stdout", "stderr" };
	size_t n = 0;

	for (int i = 0; i < 3; i++) {
		const struct io_stream *s = &io->streams[i];

		n += fmt_str(buf + n, size - n, "%s%s: %llu bytes, %llu lost, %s", i ? "; " : "",
			     names[i], (unsigned long long)s->passed, (unsigned long long)s->lost,
			     state_of(s));
	}
	if (io->logger)
		n += fmt_str(buf + n, size - n, "; logger %s, %llu bytes lost",
			     io_logger_is_alive(io->logger) ? "runs" : "ended",
			     (unsigned long long)io_logger_lost(io->logger));
	return n;
}
