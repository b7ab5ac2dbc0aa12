/* SPDX-License-Identifier: Apache-2.0 */
/* The pump. Epoll is level-triggered: a source that is ready but cannot be served, or has hung up,
 * would wake us for ever. So a stream has one source, which is on the end it waits for: on src while
 * there is nothing to read, on dst while that is full. One step for each wake-up lets the streams
 * take turns. Memory is bounded by the pipes; where splice(2) cannot be used, by COPY_SIZE as well. */
#include "io_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/cleanup.h"

#define SPLICE_SIZE (1u << 20) /* more than a pipe holds */
#define COPY_SIZE IO_PIPE_SIZE

enum step {
	STEP_AGAIN,   /* something was done */
	STEP_NO_DATA, /* src has nothing now */
	STEP_NO_ROOM, /* dst is full */
	STEP_HUNG_UP, /* nobody has the terminal open now */
	STEP_END,
};

static int use_copy(struct io_stream *s)
{
	s->copy = malloc(COPY_SIZE);
	return s->copy ? 0 : -ENOMEM;
}

/* splice(2) does not say which end it would have to wait for; with dst full, nor that src is at its
 * end. */
static enum step find_out(const struct io_stream *s)
{
	struct pollfd src = { .fd = s->src, .events = POLLIN };

	if (poll(&src, 1, 0) <= 0)
		return STEP_NO_DATA;
	return src.revents & POLLIN ? STEP_NO_ROOM : STEP_END;
}

static enum step splice_some(struct io_stream *s)
{
	ssize_t n = splice(s->src, NULL, s->dst, NULL, SPLICE_SIZE, SPLICE_F_NONBLOCK);

	if (n > 0) {
		s->passed += (uint64_t)n;
		io_pipe_grow(s->src, (size_t)n, &s->is_large);
		return STEP_AGAIN;
	}
	if (n == 0 || (errno == EPIPE && s->input))
		return STEP_END;
	if (errno == EINTR)
		return STEP_AGAIN;
	if (errno == EAGAIN)
		return find_out(s);
	return use_copy(s) < 0 ? STEP_END : STEP_AGAIN;
}

static enum step read_some(struct io_stream *s)
{
	ssize_t n = read(s->src, s->copy, COPY_SIZE);

	if (n > 0) {
		s->start = 0;
		s->end = (size_t)n;
		return STEP_AGAIN;
	}
	if (n == 0)
		return STEP_END;
	if (errno == EAGAIN || errno == EINTR)
		return STEP_NO_DATA;
	return errno == EIO && !s->draining ? STEP_HUNG_UP : STEP_END;
}

/* A full disk or a dead reader does not stop the container: what they refuse is lost, but counted,
 * and what comes next is tried again. */
static enum step write_all(struct io_stream *s)
{
	while (s->start < s->end) {
		ssize_t n = write(s->dst, s->copy + s->start, s->end - s->start);

		if (n > 0) {
			s->start += (size_t)n;
			s->passed += (uint64_t)n;
		} else if (n < 0 && errno == EAGAIN && s->dst_waits) {
			return STEP_NO_ROOM;
		} else if (n < 0 && errno == EPIPE && s->input) {
			return STEP_END;
		} else if (n == 0 || errno != EINTR) {
			s->lost += s->end - s->start;
			s->start = s->end;
		}
	}
	return STEP_AGAIN;
}

/* Once; the end of src will be found again after them. */
static void say_last_words(struct io_stream *s)
{
	size_t n = s->last_words(s, s->copy);

	s->last_words = NULL;
	s->start = 0;
	s->end = n;
}

static enum step copy_some(struct io_stream *s)
{
	enum step step = s->start < s->end ? STEP_AGAIN : read_some(s);

	if (step == STEP_END && s->last_words) {
		say_last_words(s);
		step = STEP_AGAIN;
	}
	return step == STEP_AGAIN ? write_all(s) : step;
}

static int on_event(struct ev_source *source, uint32_t events);

static int wait_for(struct io_stream *s, int fd, uint32_t events)
{
	if (s->source.loop && s->source.fd == fd)
		return ev_mod(&s->source, events);
	ev_del(&s->source);
	return ev_add(s->loop, &s->source, fd, events, on_event, s);
}

/* A file can be read at any time, and epoll does not take it. */
static int wait_for_data(struct io_stream *s, uint32_t how)
{
	int r = wait_for(s, s->src, EPOLLIN | how);

	return r == -EPERM ? wait_for(s, s->dst, EPOLLOUT) : r;
}

static int wait_after(struct io_stream *s, enum step step)
{
	switch (step) {
	case STEP_AGAIN:
		return s->source.events & EPOLLET ? wait_for_data(s, 0) : 0;
	case STEP_NO_DATA:
		return wait_for_data(s, 0);
	case STEP_NO_ROOM:
		return wait_for(s, s->dst, EPOLLOUT);
	case STEP_HUNG_UP:
		/* It may be opened again (/dev/console), which is an edge; until then it is ready
		 * to be read all the time. */
		return wait_for_data(s, EPOLLET);
	case STEP_END:
		return -EPIPE;
	}
	return -EINVAL;
}

static void advance(struct io_stream *s)
{
	enum step step = s->copy ? copy_some(s) : splice_some(s);

	if (wait_after(s, step) == 0)
		return;
	io_stream_done(s);
	if (s->ended)
		s->ended(s);
}

static int on_event(struct ev_source *source, uint32_t events)
{
	(void)events; /* reading or writing tells what it was */
	advance(source->data);
	return 0;
}

static int start(struct io_stream *s, bool splice)
{
	if (fcntl(s->src, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	if (s->dst_waits && fcntl(s->dst, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	if (!splice && use_copy(s) < 0)
		return -ENOMEM;
	return wait_for_data(s, 0);
}

int io_stream_start(struct io_stream *s, struct ev_loop *loop, bool splice, struct err *e)
{
	int r;

	s->loop = loop;
	r = start(s, splice);
	if (r < 0) {
		io_stream_done(s);
		return err_sys(e, r, "epoll_ctl", "a stream of the container");
	}
	s->running = true;
	return 0;
}

void io_stream_drain(struct io_stream *s)
{
	s->draining = true;
	if (s->running)
		advance(s);
}

void io_stream_done(struct io_stream *s)
{
	ev_del(&s->source);
	s->src = x_close(s->src);
	s->dst = x_close(s->dst);
	s->held = x_close(s->held);
	free(s->copy);
	s->copy = NULL;
	s->running = false;
}
