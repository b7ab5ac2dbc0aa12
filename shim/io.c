/* SPDX-License-Identifier: Apache-2.0 */
/* The three streams of a process. What the scheme of stdout says holds for stderr as well. */
#include "io_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"

static bool is_named(const char *path)
{
	return path && *path;
}

/* ---- making ------------------------------------------------------------------------------------- */

static void finish_drain(struct io *io);
static void answer_ready(struct io *io);

static bool has_ended(const struct io *io, int i)
{
	return !io->streams[i].running && !(io->helpers[i] && io_helper_is_alive(io->helpers[i]));
}

static bool is_drained(const struct io *io)
{
	return has_ended(io, 1) && has_ended(io, 2);
}

/* One answer at a time: each may free the io, and a helper that is not ready is not drained. */
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

static void on_helper_changed(void *data)
{
	on_change(data);
}

/* A helper's pipe: of the container's own, or of the stream between it and its terminal. */
static void attach(struct io *io, int i, int end_take)
{
	if (!io->terminal) {
		io->child[i] = end_take;
	} else if (i == 0) {
		io->streams[0].src = end_take;
	} else {
		io->streams[i].dst = end_take;
		io->streams[i].dst_waits = true;
	}
}

static int open_logger(struct io *io, const struct io_spec *spec, struct err *e)
{
	const struct io_helper_kind *kind =
		io_uri_is(spec->stdout_path, "binary") ? &io_binary : &io_binary_v2;
	char *path;
	int writers[2];
	int r = io_uri_path(spec->stdout_path, &path, e);

	if (r == 0)
		r = io_helper_new(kind, path, io->loop, spec, on_helper_changed, io,
				  &io->helpers[1], writers, e);
	if (r < 0)
		return r;
	attach(io, 1, writers[0]);
	if (io->terminal)
		x_close(writers[1]);
	else
		attach(io, 2, writers[1]);
	return 0;
}

static int open_file(struct io *io, int i, char *path_take, const struct io_spec *spec,
		     struct err *e)
{
	const struct io_helper_kind *kind = i == 0 ? &io_file_reader : &io_file_writer;
	int end;
	int r = io_helper_new(kind, path_take, io->loop, spec, on_helper_changed, io,
			      &io->helpers[i], &end, e);

	if (r == 0)
		attach(io, i, end);
	return r;
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

static int open_output(struct io *io, int i, const char *uri, const struct io_spec *spec,
		       struct err *e)
{
	char *path;
	int r = io_file_path(uri, &path, e);

	if (r != 0)
		return r < 0 ? r : open_file(io, i, path, spec, e);
	if (*uri != '/')
		return err_bad(e, "", "unknown STDIO scheme in %s", uri);
	r = io_fifo_output(uri, &io->streams[i], e);
	return r < 0 || spec->terminal ? r : make_child_end(io, i, spec, e);
}

/* Both streams to one file: they are in it in the order in which they were written. */
static int share_file(struct io *io, struct err *e)
{
	io->child[2] = fcntl(io->child[1], F_DUPFD_CLOEXEC, 3);
	return io->child[2] < 0 ? err_sys(e, errno, "fcntl", "standard error") : 0;
}

static int open_outputs(struct io *io, const struct io_spec *spec, struct err *e)
{
	const char *out = spec->stdout_path, *err = spec->stderr_path;
	int r = 0;

	if (is_named(out) && io_uri_is(out, "file"))
		err = out;
	/* Somebody has to read what is written to a terminal. */
	if (spec->terminal)
		return open_output(io, 1, is_named(out) ? out : "/dev/null", spec, e);
	if (is_named(out))
		r = open_output(io, 1, out, spec, e);
	if (r < 0 || !is_named(err))
		return r;
	return io->helpers[1] && strcmp(out, err) == 0 ? share_file(io, e)
						       : open_output(io, 2, err, spec, e);
}

static int open_input(struct io *io, const struct io_spec *spec, struct err *e)
{
	char *path;
	int r;

	if (!is_named(spec->stdin_path))
		return 0;
	r = io_file_path(spec->stdin_path, &path, e);
	if (r != 0)
		return r < 0 ? r : open_file(io, 0, path, spec, e);
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

	for (int i = 0; i < 3; i++)
		if (io->helpers[i] && io_helper_ready(io->helpers[i], &ignored) == 0)
			return false;
	return true;
}

static void answer_ready(struct io *io)
{
	void (*done)(void *data, const struct err *e) = take_ptr(io->ready);
	struct err e;
	int r = 0;

	for (int i = 0; i < 3 && r >= 0; i++)
		r = io->helpers[i] ? io_helper_ready(io->helpers[i], &e) : 0;
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
	for (int i = 0; i < 3; i++)
		if (io->helpers[i])
			io_helper_finish(io->helpers[i]);
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
	for (int i = 0; i < 3; i++) {
		io_stream_done(&io->streams[i]);
		io->helpers[i] = io_helper_free(io->helpers[i]);
	}
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
		if (!io->helpers[i])
			continue;
		n += fmt_str(buf + n, size - n, ", ");
		n += io_helper_describe(io->helpers[i], buf + n, size - n);
	}
	return n;
}
