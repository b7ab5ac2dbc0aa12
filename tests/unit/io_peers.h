/* SPDX-License-Identifier: Apache-2.0 */
/* Both sides of io: processes that stand for a container's, and clients at the fifos. */
#pragma once

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/ev.h"
#include "base/fd.h"
#include "shim/io.h"
#include "tempdir.h"

#define MANY (16u << 20)

static struct ev_loop *loop;
static struct err error;
static struct io *io;
static bool is_done;

static inline void set_up(void)
{
	tempdir_enter();
	signal(SIGPIPE, SIG_IGN);
	cr_assert(mkfifo("in", 0600) == 0 && mkfifo("out", 0600) == 0 && mkfifo("err", 0600) == 0);
	loop = ev_new();
	cr_assert(loop);
}

static inline void tear_down(void)
{
	io = io_free(io);
	tempdir_leave();
}

/* ---- running the loop ---------------------------------------------------------------------------- */

static inline void note_done(void *data)
{
	(void)data; /* there is one io */
	is_done = true;
}

static inline int leave_loop(struct ev_timer *t)
{
	ev_stop(loop, 0);
	(void)t; /* it has no owner */
	return 0;
}

static inline void run_for(int ms)
{
	struct ev_timer timer = { .fn = NULL };

	cr_assert_eq(ev_timer_start(loop, &timer, ms, leave_loop, NULL), 0);
	cr_assert_eq(ev_run(loop), 0);
}

/* Reaps: helpers are told to io, others wait for exit_of(). */
#define MAX_EXITS 16
static struct {
	pid_t pid;
	int status;
} exits[MAX_EXITS];
static int n_exits;

static inline void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (!io_reaped(pid)) {
			cr_assert_lt(n_exits, MAX_EXITS);
			exits[n_exits].pid = pid;
			exits[n_exits++].status = status;
		}
}

/* Runs the loop until the process has exited; returns its exit status. */
static inline int exit_of(pid_t pid)
{
	for (int64_t end = fd_now_ms() + 20000; fd_now_ms() < end; run_for(2)) {
		reap();
		for (int i = 0; i < n_exits; i++)
			if (exits[i].pid == pid)
				return WIFEXITED(exits[i].status) ? WEXITSTATUS(exits[i].status)
								  : 128 + WTERMSIG(exits[i].status);
	}
	cr_assert_fail("process %d does not end", pid);
	return -1;
}

static inline void run_until(const bool *flag)
{
	for (int64_t end = fd_now_ms() + 20000; !*flag && fd_now_ms() < end; run_for(2))
		reap();
	cr_assert(*flag, "it never happened");
}

/* Returns how long it took. */
static inline int64_t drain(int deadline_ms)
{
	int64_t start = fd_now_ms();

	is_done = false;
	io_drain(io, deadline_ms, note_done, NULL);
	run_until(&is_done);
	return fd_now_ms() - start;
}

static inline int64_t cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * (int64_t)1000000 + u.ru_utime.tv_usec +
	       u.ru_stime.tv_usec;
}

static inline int64_t sleeps(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_nvcsw;
}

/* For half a second the loop sleeps in one piece. */
static inline void assert_idle(void)
{
	int64_t cpu, woken;

	run_for(50);
	cpu = cpu_us();
	woken = sleeps();
	run_for(500);
	cr_assert_lt(cpu_us() - cpu, 20000, "it spins");
	cr_assert_lt(sleeps() - woken, 10, "it keeps waking up");
}

static inline int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* ---- processes ----------------------------------------------------------------------------------- */

typedef int (*play_fn)(void);

static inline pid_t spawn(play_fn play, const int *stdio)
{
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid > 0)
		return pid;
	signal(SIGPIPE, SIG_DFL);
	for (int i = 0; stdio && i < 3; i++)
		if (stdio[i] >= 0)
			dup2(stdio[i], i);
	close_range(3, ~0u, 0);
	_exit(play());
}

static inline pid_t start_container(play_fn play)
{
	int fds[3];
	pid_t pid;

	io_child_fds(io, fds);
	pid = spawn(play, fds);
	cr_assert_eq(io_start(io, &error), 0);
	return pid;
}

static inline void open_io(const struct io_spec *spec)
{
	cr_assert_eq(io_new(loop, spec, &io, &error), 0, "%s: %s", error.op, error.msg);
}

static struct err ready_error;
static bool is_answered, is_good;

static inline void note_ready(void *data, const struct err *e)
{
	(void)data; /* there is one io */
	is_answered = true;
	is_good = !e;
	if (e)
		ready_error = *e;
}

static inline void open_until_ready(const struct io_spec *spec)
{
	is_answered = false;
	open_io(spec);
	io_when_ready(io, note_ready, NULL);
	run_until(&is_answered);
}

/* ---- bytes ---------------------------------------------------------------------------------------- */

static inline uint8_t byte_at(size_t i)
{
	return (uint8_t)((uint32_t)i * 2654435761u >> 24);
}

/* n bytes of the pattern; pieces of changing size, with pauses when slow. */
static inline int write_pattern(int fd, size_t n, bool slow)
{
	uint8_t piece[50000];

	for (size_t at = 0, round = 0; at < n; round++) {
		size_t size = 1 + round * 7919 % sizeof(piece);

		size = size < n - at ? size : n - at;
		for (size_t i = 0; i < size; i++)
			piece[i] = byte_at(at + i);
		if (fd_write_all(fd, piece, size) < 0)
			return 1;
		at += size;
		if (slow && round % 64 == 0)
			usleep(10000);
	}
	return 0;
}

/* Writes without a pause until its pipe is larger than a new one; gives up in the end. The file "full"
 * tells that the pipe is full for the first time. */
static inline int fill_until_large(size_t piece)
{
	static const uint8_t zeros[65536];

	fcntl(1, F_SETFL, O_NONBLOCK);
	while (write(1, zeros, piece) > 0)
		;
	fcntl(1, F_SETFL, 0);
	close(open("full", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	for (int i = 0; i < 16384; i++) {
		if (fcntl(1, F_GETPIPE_SZ) > (int)sizeof(zeros))
			return 0;
		if (fd_write_all(1, zeros, piece) < 0)
			return 1;
	}
	return 2;
}

static inline int fill_with_pages(void)
{
	return fill_until_large(65536);
}

/* Of each 4097 bytes a pipe takes two pages: it is full long before it holds what a pipe can. */
static inline int fill_with_pieces(void)
{
	return fill_until_large(4097);
}

/* 0 when the pipe is a new one's size afterwards. */
static inline int write_little(void)
{
	for (int i = 0; i < 50; i++) {
		if (fd_write_all(1, "little", 6) < 0)
			return 1;
		usleep(1000);
	}
	return fcntl(1, F_GETPIPE_SZ) != 65536;
}

/* 0 when n bytes of the pattern come and nothing else; reads until end of file. */
static inline int check_pattern(int fd, size_t n, bool slow)
{
	uint8_t piece[30000];
	size_t at = 0;
	ssize_t size;

	for (size_t round = 0; (size = read(fd, piece, sizeof(piece))) > 0; round++) {
		for (ssize_t i = 0; i < size; i++)
			if (piece[i] != byte_at(at + (size_t)i))
				return 2;
		at += (size_t)size;
		if (slow && round % 64 == 0)
			usleep(10000);
	}
	return size == 0 && at == n ? 0 : 3;
}

/* What can be read now, as a string. */
static inline const char *read_now(int fd)
{
	static char text[4096];
	size_t n = 0;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (n < sizeof(text) - 1 && poll(&p, 1, 0) > 0) {
		ssize_t r = read(fd, text + n, sizeof(text) - 1 - n);

		if (r <= 0)
			break;
		n += (size_t)r;
	}
	text[n] = '\0';
	return text;
}

static inline int open_reader(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	return fd;
}
