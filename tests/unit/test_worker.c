/* SPDX-License-Identifier: Apache-2.0 */
/* What runs in a fork of the shim, and what comes back. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "shim/worker.h"

static struct ev_loop *loop;
static struct reaper *reaper;
static struct worker worker;

static void set_up(void)
{
	struct err e;

	loop = ev_new();
	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	cr_assert_eq(reaper_new(loop, &reaper, &e), 0);
}

TestSuite(worker, .init = set_up, .timeout = 10);

static void on_done(struct worker *w)
{
	cr_assert_eq(w, &worker);
	ev_stop(loop, 0);
}

static void run(worker_fn fn, void *arg, const int *stdio)
{
	const struct worker_task task = { .run = fn, .arg = arg, .stdio = stdio };
	struct err e;

	cr_assert_eq(worker_start(&worker, reaper, &task, on_done, &e), 0);
	cr_assert_eq(ev_run(loop), 0);
}

static int succeed(void *arg, int terminal, pid_t *ret_pid, struct err *e)
{
	(void)terminal, (void)e; /* no terminal, no error */
	*ret_pid = *(pid_t *)arg;
	return 0;
}

Test(worker, tells_what_it_made)
{
	pid_t pid = 4711;

	run(succeed, &pid, NULL);
	cr_assert_eq(worker.result, 0);
	cr_assert_eq(worker.made, 4711);
	cr_assert_lt(worker.master, 0);
}

static int fail(void *arg, int terminal, pid_t *ret_pid, struct err *e)
{
	(void)terminal, (void)ret_pid; /* nothing is made */
	return err_sys(e, ENOSPC, "mount", "%s", (const char *)arg);
}

Test(worker, tells_the_whole_error)
{
	run(fail, "overlay on /x", NULL);
	cr_assert_eq(worker.result, -ENOSPC);
	cr_assert_eq(worker.err.kind, ERR_SYS);
	cr_assert_str_eq(worker.err.msg, "overlay on /x");
}

static int die(void *arg, int terminal, pid_t *ret_pid, struct err *e)
{
	(void)arg, (void)terminal, (void)ret_pid, (void)e; /* no time for any of it */
	return kill(getpid(), SIGKILL);
}

Test(worker, that_dies_is_an_error)
{
	run(die, NULL, NULL);
	cr_assert_lt(worker.result, 0);
	cr_assert(strstr(worker.err.msg, "137"), "%s", worker.err.msg);
}

/* Sends what stands for a pty master. */
static int send_terminal(void *arg, int terminal, pid_t *ret_pid, struct err *e)
{
	int fd = *(int *)arg;
	static int kept = -1;

	(void)ret_pid; /* nothing is made */
	kept = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	(void)fd; /* closed in the fork */
	return fd_send(terminal, "/dev/ptmx", 9, &kept, 1, e);
}

Test(worker, passes_a_terminal)
{
	int none = -1;

	run(send_terminal, &none, NULL);
	cr_assert_eq(worker.result, 0, "%s", worker.err.msg);
	cr_assert_geq(worker.master, 0);
	cr_assert(fcntl(worker.master, F_GETFD) & FD_CLOEXEC);
}

static int write_stdio(void *arg, int terminal, pid_t *ret_pid, struct err *e)
{
	char c = 0;

	(void)arg, (void)terminal, (void)ret_pid, (void)e; /* stdio is the matter */
	if (read(0, &c, 1) != 0)
		return -EIO; /* /dev/null: end of file */
	return write(1, "out", 3) == 3 && write(2, "err", 3) == 3 ? 0 : -EIO;
}

Test(worker, has_the_streams_it_is_given)
{
	char text[8] = "";
	int out[2], errs[2];

	cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(errs, O_CLOEXEC), 0);
	run(write_stdio, NULL, (int[]){ -EBADF, out[1], errs[1] });
	cr_assert_eq(worker.result, 0);
	cr_assert_eq(read(out[0], text, sizeof(text)), 3);
	cr_assert_str_eq(text, "out");
	cr_assert_eq(read(errs[0], text, sizeof(text)), 3);
	cr_assert_str_eq(text, "err");
}

/* The listing itself holds one more. */
static int count_fds(void *arg, int terminal, pid_t *ret_pid, struct err *e)
{
	DIR *d = opendir("/proc/self/fd");

	(void)arg, (void)e; /* nothing fails */
	while (readdir(d))
		++*ret_pid;
	*ret_pid -= 2; /* . and .. */
	cr_assert_eq(terminal, 3);
	return 0;
}

Test(worker, inherits_no_other_descriptor)
{
	cr_assert_geq(open("/dev/null", O_RDONLY), 0);
	run(count_fds, NULL, (int[]){ -EBADF, -EBADF, -EBADF });
	cr_assert_eq(worker.made, 5, "0, 1, 2, the socket and the listing, got %d", worker.made);
}

static int make_process(void *arg, int terminal, pid_t *ret_pid, struct err *e)
{
	(void)arg, (void)terminal, (void)e; /* nothing fails */
	*ret_pid = fork();
	if (*ret_pid == 0)
		_exit(42);
	return 0;
}

static int seen;

static void on_exit_of(struct reaper_watch *w, int status, const struct timespec *when)
{
	(void)w, (void)when; /* the status is what counts */
	seen = status;
	ev_stop(loop, 1);
}

static struct reaper_watch watch;

static void on_made(struct worker *w)
{
	reaper_add(reaper, &watch, w->made, on_exit_of);
}

Test(worker, whose_process_ends_at_once_does_not_lose_its_exit)
{
	const struct worker_task task = { .run = make_process };
	struct err e;

	for (int i = 0; i < 100; i++) {
		seen = 0;
		cr_assert_eq(worker_start(&worker, reaper, &task, on_made, &e), 0);
		cr_assert_eq(ev_run(loop), 1);
		cr_assert_eq(seen, 42);
	}
}
