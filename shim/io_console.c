/* SPDX-License-Identifier: Apache-2.0 */
/* Terminals: both directions at the master of a pty. Each has a descriptor of its own for it, as
 * they wait for different events. */
#include "io_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "base/cleanup.h"

/* A program that reads lines gets its end of file as a user would give it: at the beginning of a
 * line; within one, the first only hands over what has been typed. Others have no such thing. */
static size_t type_end_of_file(const struct io_stream *s, uint8_t *text)
{
	struct termios modes;
	bool in_line = s->end && text[s->end - 1] != '\n' && text[s->end - 1] != '\r';

	if (tcgetattr(s->dst, &modes) < 0 || !(modes.c_lflag & ICANON))
		return 0;
	text[0] = text[1] = modes.c_cc[VEOF];
	return in_line ? 2 : 1;
}

static int start_input(struct io *io, struct err *e)
{
	struct io_stream *in = &io->streams[0], *out = &io->streams[1];

	if (in->src < 0)
		return 0;
	in->dst = fcntl(out->src, F_DUPFD_CLOEXEC, 3);
	if (in->dst < 0)
		return err_sys(e, errno, "fcntl", "the terminal");
	in->dst_waits = true;
	in->last_words = type_end_of_file;
	return io_stream_start(in, io->loop, false, e);
}

int io_console(struct io *io, int master_take, struct err *e)
{
	struct io_stream *out = &io->streams[1];
	int r;

	out->src = master_take;
	if (io->resized)
		(void)io_resize(io, io->width, io->height); /* a size that fails is a size of 0x0 */
	r = start_input(io, e);
	return r < 0 ? r : io_stream_start(out, io->loop, false, e);
}

int io_resize(struct io *io, uint16_t width, uint16_t height)
{
	struct winsize size = { .ws_col = width, .ws_row = height };

	if (!io->terminal)
		return 0;
	io->resized = true;
	io->width = width;
	io->height = height;
	if (io->streams[1].src < 0)
		return 0;
	return ioctl(io->streams[1].src, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}
