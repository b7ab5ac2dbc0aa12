/* SPDX-License-Identifier: Apache-2.0 */
/* Files, and what URIs have in common. A file is opened, written and read by a fork of the shim, one
 * for each: a disk that is slow, frozen or gone holds up the streams into it, and nothing else. */
#include "io_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "title.h"
#include "trim.h"

#define FORK_NAME "hull-file"

bool io_uri_is(const char *uri, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncmp(uri, scheme, n) == 0 && strncmp(uri + n, "://", 3) == 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 'a' ^ 'A';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void io_uri_decode(char *text, bool plus)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		int high = *from == '%' ? hex_digit(from[1]) : -1;
		int low = high >= 0 ? hex_digit(from[2]) : -1;

		if (low >= 0) {
			*to++ = (char)(high << 4 | low);
			from += 2;
		} else {
			*to++ = *from == '+' && plus ? ' ' : *from;
		}
	}
	*to = '\0';
}

int io_uri_path(const char *uri, char **ret, struct err *e)
{
	const char *path = strstr(uri, "://") + 3;
	char *copy;

	if (*path != '/')
		return err_bad(e, "", "%s: the path has to be absolute", uri);
	copy = strndup(path, strcspn(path, "?#"));
	if (!copy)
		return err_nomem(e);
	io_uri_decode(copy, false);
	*ret = copy;
	return 0;
}

int io_file_path(const char *uri, char **ret, struct err *e)
{
	struct stat st;
	int r = 0;

	if (io_uri_is(uri, "file")) {
		r = io_uri_path(uri, ret, e);
		return r < 0 ? r : 1;
	}
	if (*uri != '/' || stat(uri, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	*ret = strdup(uri);
	return *ret ? 1 : err_nomem(e);
}

/* ---- in the fork -------------------------------------------------------------------------------- */

static int make_parents(char *path, struct err *e)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return err_sys(e, errno, "mkdir", "%s", path);
		*slash = '/';
	}
	return 0;
}

static int open_file(const struct io_helper *h, struct err *e)
{
	int flags = h->kind->input ? O_RDONLY : O_RDWR | O_APPEND | O_CREAT;
	int r = h->kind->input ? 0 : make_parents(h->path, e), fd;

	if (r < 0)
		return r;
	fd = open(h->path, flags | O_NOCTTY | O_CLOEXEC, 0644);
	return fd < 0 ? err_sys(e, errno, "open", "%s", h->path) : fd;
}

/* A full disk does not stop the container: what it refuses is lost, but counted, and what comes next
 * is tried again. */
static void write_piece(int to, const uint8_t *piece, size_t n, struct io_count *count)
{
	while (n > 0) {
		ssize_t written = write(to, piece, n);

		if (written > 0) {
			piece += written;
			n -= (size_t)written;
			count->passed += (uint64_t)written;
		} else if (written == 0 || errno != EINTR) {
			count->lost += n;
			return;
		}
	}
}

static void copy(int from, int to, int pipe, struct io_count *count)
{
	static uint8_t piece[IO_PIPE_SIZE];
	bool is_large = false;
	ssize_t n;

	while ((n = read(from, piece, sizeof(piece))) > 0 || (n < 0 && errno == EINTR)) {
		if (n <= 0)
			continue;
		io_pipe_grow(pipe, (size_t)n, &is_large);
		write_piece(to, piece, (size_t)n, count);
	}
}

/* Nothing of the shim's is held on to, its bundle included: we may outlive it. A reader ends with its
 * container, by SIGPIPE. */
static int isolate(const int fds[3])
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(fds[0], STDIN_FILENO) < 0 || dup2(fds[2], STDOUT_FILENO) < 0 || chdir("/") < 0)
		return -errno;
	return fd_close_from(STDERR_FILENO);
}

static __attribute__((noreturn)) void serve(struct io_helper *h, const int fds[3])
{
	int pipe = STDIN_FILENO, ready = STDOUT_FILENO, file = isolate(fds);

	if (file < 0)
		err_sys(&h->count->why, file, "dup2", "streams of %s", h->path);
	else
		file = open_file(h, &h->count->why);
	if (file < 0 || write(ready, "", 1) != 1)
		_exit(1);
	x_close(ready);
	title_set(FORK_NAME, h->path);
	trim();
	if (h->kind->input)
		copy(file, pipe, pipe, h->count);
	else
		copy(pipe, file, pipe, h->count);
	_exit(0);
}

/* ---- starting it -------------------------------------------------------------------------------- */

static int start(struct io_helper *h, const struct io_spec *spec, const int fds[3], pid_t *ret,
		 struct err *e)
{
	struct io_count *count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	(void)spec; /* of interest to programs */
	if (count == MAP_FAILED)
		return err_nomem(e);
	h->count = count;
	pid = fork();
	if (pid == 0)
		serve(h, fds);
	if (pid < 0)
		return err_sys(e, errno, "fork", "for %s", h->path);
	*ret = pid;
	return 0;
}

const struct io_helper_kind io_file_writer = {
	.name = "file", .needs_byte = true, .left_alone = true, .n_pipes = 1, .start = start
};
const struct io_helper_kind io_file_reader = { .name = "file",
					       .input = true,
					       .needs_byte = true,
					       .left_alone = true,
					       .n_pipes = 1,
					       .start = start };
