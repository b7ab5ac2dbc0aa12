/* SPDX-License-Identifier: Apache-2.0 */
/* Fifos. No open waits for the peer, which may be away for long (containerd restarts) or for ever,
 * and neither its coming nor its going makes a difference: each fifo always has a reader and a
 * writer, us. */
#include "io_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define LARGE_PIPE_SIZE (4 * IO_PIPE_SIZE) /* still larger ones were no better */

/* A reader that reads nothing, and the writer: on Linux one descriptor can be both. */
int io_fifo_output(const char *path, struct io_stream *s, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, errno, "open", "%s", path);
	s->dst_waits = S_ISFIFO(st.st_mode);
	s->dst = take_fd(fd);
	return 0;
}

int io_fifo_input(const char *path, struct io_stream *s, struct err *e)
{
	_cleanup_close_ int reader = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (reader < 0 || fstat(reader, &st) < 0)
		return err_sys(e, errno, "open", "%s", path);
	if (S_ISFIFO(st.st_mode)) {
		s->held = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (s->held < 0)
			return err_sys(e, errno, "open", "%s for writing", path);
	}
	s->src = take_fd(reader);
	return 0;
}

int io_pipe(const struct io_spec *spec, int ret[2], struct err *e)
{
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, errno, "pipe2", "for the container");
	if ((spec->uid || spec->gid) && fchown(pair[0], spec->uid, spec->gid) < 0) {
		int r = err_sys(e, errno, "fchown", "pipe to %u:%u", spec->uid, spec->gid);

		x_close(pair[0]);
		x_close(pair[1]);
		return r;
	}
	ret[0] = pair[0];
	ret[1] = pair[1];
	return 0;
}

void io_pipe_grow(int pipe, size_t passed, bool *is_large)
{
	if (*is_large || passed < IO_PIPE_SIZE / 2)
		return;
	(void)fcntl(pipe, F_SETPIPE_SZ,
		    LARGE_PIPE_SIZE); /* where that is refused it stays as it is */
	*is_large = true;
}
