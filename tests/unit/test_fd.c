/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: passing, whole transfers, waiting. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

static void seqpacket(int pair[2])
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
}

static int open_count(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static bool same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino &&
	       x.st_dev == y.st_dev;
}

Test(fd, a_record_arrives_with_its_descriptors_in_order_and_close_on_exec)
{
	int pair[2], sent[2], got[FD_MAX_PASSED];
	size_t n = FD_MAX_PASSED;
	char data[16];
	struct err e;

	seqpacket(pair);
	cr_assert_eq(pipe(sent), 0);
	cr_assert_eq(fd_send(pair[0], "hello", 5, sent, 2, &e), 0);
	cr_assert_eq(fd_recv(pair[1], data, sizeof(data), got, &n, &e), 5);
	cr_assert_eq(memcmp(data, "hello", 5), 0);
	cr_assert_eq(n, 2);
	for (int i = 0; i < 2; i++) {
		cr_assert(same_file(got[i], sent[i]));
		cr_assert(fcntl(got[i], F_GETFD) & FD_CLOEXEC);
	}
}

Test(fd, a_record_without_descriptors_sets_their_number_to_none)
{
	int pair[2], got[2];
	size_t n = 2;
	char data[4];
	struct err e;

	seqpacket(pair);
	cr_assert_eq(fd_send(pair[0], "abc", 3, NULL, 0, &e), 0);
	cr_assert_eq(fd_recv(pair[1], data, sizeof(data), got, &n, &e), 3);
	cr_assert_eq(n, 0);
}

Test(fd, surplus_descriptors_are_closed)
{
	int pair[2], sent[4] = { 0, 0, 0, 0 }, got[1];
	size_t n = 1;
	struct err e;
	int before;
	char c;

	seqpacket(pair);
	before = open_count();
	cr_assert_eq(fd_send(pair[0], "x", 1, sent, 4, &e), 0);
	cr_assert_eq(fd_recv(pair[1], &c, 1, got, &n, &e), 1);
	cr_assert_eq(n, 1);
	cr_assert_eq(open_count(), before + 1);
}

Test(fd, a_record_that_does_not_fit_is_an_error_and_leaks_nothing)
{
	int pair[2], sent[1] = { 0 }, got[1];
	size_t n = 1;
	struct err e;
	char small[4];
	int before;

	seqpacket(pair);
	before = open_count();
	cr_assert_eq(fd_send(pair[0], "much too long", 13, sent, 1, &e), 0);
	cr_assert_eq(fd_recv(pair[1], small, sizeof(small), got, &n, &e), -EMSGSIZE);
	cr_assert_eq(open_count(), before);
}

Test(fd, the_end_is_zero_bytes_and_a_vanished_reader_an_error_not_a_signal)
{
	int pair[2], got[1];
	size_t n = 1;
	struct err e;
	char c;

	seqpacket(pair);
	close(pair[0]);
	cr_assert_eq(fd_recv(pair[1], &c, 1, got, &n, &e), 0);
	cr_assert_eq(fd_send(pair[1], "x", 1, NULL, 0, &e), -EPIPE);
	cr_assert_str_eq(e.op, "sendmsg");
}

Test(fd, more_descriptors_than_allowed_are_refused)
{
	int sent[FD_MAX_PASSED + 1] = { 0 };
	struct err e;
	int pair[2];

	seqpacket(pair);
	cr_assert_lt(fd_send(pair[0], "x", 1, sent, FD_MAX_PASSED + 1, &e), 0);
	cr_assert_eq(e.kind, ERR_BUG);
}

/* 1 MiB through a pipe needs many short writes and reads. */
Test(fd, whole_transfers_restart_short_ones)
{
	static char data[1 << 20], back[1 << 20];
	int p[2], status;
	pid_t child;

	memset(data, 'x', sizeof(data));
	cr_assert_eq(pipe(p), 0);
	child = fork();
	if (child == 0)
		_exit(fd_write_all(p[1], data, sizeof(data)) == 0 ? 0 : 1);
	close(p[1]);
	cr_assert_eq(fd_read_full(p[0], back, sizeof(back)), sizeof(back));
	cr_assert_eq(memcmp(data, back, sizeof(data)), 0);
	waitpid(child, &status, 0);
	cr_assert_eq(status, 0);
}

Test(fd, reading_stops_at_the_end_and_reports_errors)
{
	char data[8];
	int p[2];

	cr_assert_eq(pipe(p), 0);
	cr_assert_eq(fd_write_all(p[1], "abc", 3), 0);
	close(p[1]);
	cr_assert_eq(fd_read_full(p[0], data, sizeof(data)), 3);
	cr_assert_eq(fd_read_full(-1, data, sizeof(data)), -EBADF);
	cr_assert_eq(fd_write_all(-1, "x", 1), -EBADF);
}

Test(fd, waiting_tells_which_descriptors_are_ready)
{
	int p[2], q[2];

	cr_assert_eq(pipe(p), 0);
	cr_assert_eq(pipe(q), 0);
	cr_assert_eq(fd_wait((int[]){ p[0], q[0] }, 2, 0), 0);
	cr_assert_eq(fd_write_all(q[1], "x", 1), 0);
	cr_assert_eq(fd_wait((int[]){ p[0], -EBADF, q[0] }, 3, -1), 1 << 2);
	close(p[1]);
	cr_assert_eq(fd_wait((int[]){ p[0], q[0] }, 2, 1000), 3);
}

static void on_alarm(int sig)
{
	(void)sig; /* interrupting is all it does */
}

Test(fd, signals_do_not_lengthen_or_shorten_a_wait)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval every = { .it_interval.tv_usec = 20000, .it_value.tv_usec = 20000 };
	int64_t start = fd_now_ms(), waited;
	int p[2];

	cr_assert_eq(pipe(p), 0);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	cr_assert_eq(fd_wait(p, 1, 150), 0);
	waited = fd_now_ms() - start;
	cr_assert(waited >= 149 && waited < 2000, "waited %d ms", (int)waited);
}

Test(fd, too_many_descriptors_to_wait_for_are_refused)
{
	int fds[9] = { -1, -1, -1, -1, -1, -1, -1, -1, -1 };

	cr_assert_eq(fd_wait(fds, 9, 0), -EINVAL);
}

static int child_without_stdio(void)
{
	struct stat null, st;

	close(0);
	close(2);
	if (fd_ensure_stdio() < 0 || stat("/dev/null", &null) < 0)
		return 1;
	for (int fd = 0; fd <= 2; fd += 2)
		if (fstat(fd, &st) < 0 || st.st_rdev != null.st_rdev ||
		    fcntl(fd, F_GETFD) & FD_CLOEXEC)
			return 2;
	return 0;
}

Test(fd, missing_standard_descriptors_become_dev_null)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(child_without_stdio());
	waitpid(child, &status, 0);
	cr_assert_eq(status, 0);
}
