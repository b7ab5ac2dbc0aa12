/* SPDX-License-Identifier: Apache-2.0 */
/* SIGCHLD says that there is something to wait for, not how much: one signal, a loop. */
#include "reaper.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "io.h"

struct ended {
	pid_t pid;
	int status;
	struct timespec when;
};

struct reaper {
	struct ev_source signal;
	int fd;
	struct reaper_watch *watches;
	unsigned holds;
	struct ended *ended; /* while somebody holds */
	size_t n_ended, cap;
};

static struct reaper_watch *unlink_watch(struct reaper *r, pid_t pid)
{
	for (struct reaper_watch **w = &r->watches; *w; w = &(*w)->next)
		if ((*w)->pid == pid) {
			struct reaper_watch *found = *w;

			*w = found->next;
			return found;
		}
	return NULL;
}

static void call(struct reaper_watch *w, const struct ended *e)
{
	w->pid = 0;
	w->fn(w, e->status, &e->when);
}

/* Without memory the exit is lost to a process that dies before its pid is known. */
static void remember(struct reaper *r, const struct ended *e)
{
	if (r->n_ended == r->cap) {
		size_t cap = r->cap ? 2 * r->cap : 16;
		struct ended *grown = reallocarray(r->ended, cap, sizeof(*grown));

		if (!grown)
			return;
		r->ended = grown;
		r->cap = cap;
	}
	r->ended[r->n_ended++] = *e;
}

static void tell(struct reaper *r, const struct ended *e)
{
	struct reaper_watch *w = unlink_watch(r, e->pid);

	if (w)
		call(w, e);
	else if (!io_reaped(e->pid) && r->holds)
		remember(r, e);
}

static void reap_all(struct reaper *r)
{
	siginfo_t info = {};

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid) {
		struct ended e = { .pid = info.si_pid, .status = info.si_status };

		if (info.si_code != CLD_EXITED)
			e.status += 128;
		clock_gettime(CLOCK_REALTIME, &e.when);
		tell(r, &e);
		info.si_pid = 0;
	}
}

static int on_signal(struct ev_source *s, uint32_t events)
{
	struct reaper *r = s->data;
	struct signalfd_siginfo info[8];

	(void)events; /* readable is all it can be */
	while (read(s->fd, info, sizeof(info)) > 0)
		;
	reap_all(r);
	return 0;
}

static int open_signal(struct ev_loop *loop, struct reaper *r, struct err *e)
{
	sigset_t mask;
	int ret;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return err_sys(e, errno, "sigprocmask", "SIGCHLD");
	r->fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r->fd < 0)
		return err_sys(e, errno, "signalfd", "SIGCHLD");
	ret = ev_add(loop, &r->signal, r->fd, EPOLLIN, on_signal, r);
	return ret < 0 ? err_sys(e, ret, "epoll_ctl", "signals") : 0;
}

int reaper_new(struct ev_loop *loop, struct reaper **ret, struct err *e)
{
	struct reaper *r = calloc(1, sizeof(*r));
	int failed;

	if (!r)
		return err_nomem(e);
	failed = open_signal(loop, r, e);
	if (failed < 0) {
		reaper_free(r);
		return failed;
	}
	*ret = r;
	return 0;
}

struct reaper *reaper_free(struct reaper *r)
{
	if (!r)
		return NULL;
	ev_del(&r->signal);
	x_close(r->fd);
	free(r->ended);
	free(r);
	return NULL;
}

void reaper_add(struct reaper *r, struct reaper_watch *w, pid_t pid, reaper_fn fn)
{
	*w = (struct reaper_watch){ .pid = pid, .fn = fn };
	for (size_t i = 0; i < r->n_ended; i++)
		if (r->ended[i].pid == pid) {
			struct ended e = r->ended[i];

			r->ended[i] = r->ended[--r->n_ended];
			call(w, &e);
			return;
		}
	w->next = r->watches;
	r->watches = w;
}

void reaper_remove(struct reaper *r, struct reaper_watch *w)
{
	if (w->pid)
		(void)unlink_watch(r, w->pid); /* the caller owns it */
	w->pid = 0;
}

void reaper_hold(struct reaper *r)
{
	r->holds++;
}

void reaper_release(struct reaper *r)
{
	if (--r->holds == 0)
		r->n_ended = 0;
}
