/* SPDX-License-Identifier: Apache-2.0 */
/* A container process in the foreground. Without a terminal there is nothing to do but to read
 * signals one by one; with one, its bytes are pumped in between. */
#include "foreground.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "notify.h"
#include "base/cleanup.h"

/* These are ours: faults happen to ourselves, and the shell's job control is meant for us. */
static const int not_forwarded[] = { SIGSEGV, SIGBUS, SIGFPE,  SIGILL,	SIGTRAP,
				     SIGABRT, SIGSYS, SIGTSTP, SIGTTIN, SIGTTOU };

static int take_over_signals(struct err *e)
{
	sigset_t set;
	int fd;

	sigfillset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(not_forwarded); i++)
		sigdelset(&set, not_forwarded[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_sys(e, errno, "sigprocmask", "signals to forward");
	/* Blocked, so that a closed stdout is an error of write(2), but nothing to tell anybody. */
	sigdelset(&set, SIGPIPE);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? err_sys(e, errno, "signalfd", "signals to forward") : fd;
}

int foreground_open(struct foreground *f, bool subreaper, struct err *e)
{
	int r, pair[2];

	if (subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_sys(e, errno, "prctl", "child subreaper");
	r = take_over_signals(e);
	if (r < 0)
		return r;
	f->signal_fd = r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, errno, "socketpair", "for the terminal");
	f->ours = pair[0];
	f->theirs = pair[1];
	return 0;
}

int foreground_terminal_socket(const struct foreground *f)
{
	return f->theirs;
}

int foreground_attach(struct foreground *f, pid_t pid, struct err *e)
{
	int r;

	f->pid = pid;
	r = terminal_open(&f->terminal, f->ours, e);
	f->ours = x_close(f->ours);
	f->theirs = x_close(f->theirs);
	return r;
}

/* All that has exited: as a subreaper we get more children than we made. */
static void reap(struct foreground *f)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != f->pid)
			continue;
		f->exited = true;
		f->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
}

static int take_signal(struct foreground *f, struct err *e)
{
	struct signalfd_siginfo info;

	if (read(f->signal_fd, &info, sizeof(info)) != sizeof(info))
		return err_sys(e, errno, "read", "signalfd");
	if (info.ssi_signo == SIGCHLD)
		reap(f);
	else if (info.ssi_signo == SIGWINCH && terminal_is_open(&f->terminal))
		terminal_resize(&f->terminal);
	else if (f->exited)
		terminal_stop(&f->terminal);
	else
		/* Not reaped yet: the id is still its own. It may be exiting just now. */
		(void)kill(f->pid, (int)info.ssi_signo);
	return 0;
}

/* -EBADF, which poll(2) passes over, when there is nothing to come. */
static int notify_fd(const struct foreground *f)
{
	return f->notify ? f->notify->fd : -EBADF;
}

static int wait_and_pump(struct foreground *f, struct err *e)
{
	struct pollfd fds[2 + TERMINAL_FDS] = { { .fd = f->signal_fd, .events = POLLIN } };

	while (!f->exited || terminal_has_output(&f->terminal)) {
		int timeout = terminal_poll(&f->terminal, f->exited, fds + 2), n;

		fds[1] = (struct pollfd){ .fd = notify_fd(f), .events = POLLIN };
		n = poll(fds, ARRAY_SIZE(fds), timeout);

		if (n < 0)
			return err_sys(e, errno, "poll", "terminal");
		if (n == 0)
			break;
		terminal_pump(&f->terminal, fds + 2);
		if (fds[1].revents)
			notify_take(f->notify, false); /* the main process is us */
		n = fds[0].revents ? take_signal(f, e) : 0;
		if (n < 0)
			return n;
	}
	return 0;
}

int foreground_wait(struct foreground *f, struct err *e)
{
	int r = 0;

	if (terminal_is_open(&f->terminal) || notify_fd(f) >= 0)
		r = wait_and_pump(f, e);
	while (r >= 0 && !f->exited)
		r = take_signal(f, e);
	return r < 0 ? r : f->status;
}

void foreground_close(struct foreground *f)
{
	terminal_close(&f->terminal);
	f->signal_fd = x_close(f->signal_fd);
	f->ours = x_close(f->ours);
	f->theirs = x_close(f->theirs);
}
