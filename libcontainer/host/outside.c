/* SPDX-License-Identifier: Apache-2.0 */
/* The child outside: id maps can be written from there only, and hooks are to have the caller's view
 * and rights, with which also set-uid programs do what they are for. */
#include "host/outside.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "plan/sync.h"
#include "sys/sys.h"

struct task {
	struct userns_map *uids, *gids;
	const struct userns_hooks *hooks;
	int proc_fd, sync;
	pid_t runtime;
};

/* This process's own; a process has entered once at most. */
static struct {
	int sync;
	pid_t pid;
} child = { .sync = -EBADF };

/* ---- in the child ---- */

static void answer(int sync, int r, enum sync_type done, const struct err *cause)
{
	struct err ignored;

	if (r < 0)
		sync_send_error(sync, cause);
	else
		(void)sync_send(sync, done, 0, -EBADF, &ignored); /* or nobody listens */
}

static void map_ids(const struct task *t)
{
	struct err e;
	int r = sync_expect(t->sync, SYNC_MAP_IDS, NULL, &e);

	if (r == 0)
		r = userns_write_maps(t->uids, t->gids, t->runtime, t->proc_fd, &e);
	answer(t->sync, r, SYNC_IDS_MAPPED, &e);
}

/* Until the runtime is gone. What a terminal or a service manager sends to both is the runtime's to
 * answer, which may still need us. */
static void run_hooks(const struct task *t)
{
	int32_t value, pid = 0;
	sigset_t all;
	struct err e;
	int r;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (;;) {
		r = sync_receive(t->sync, &value, NULL, &e);
		if (r == SYNC_PID) {
			pid = value;
			continue;
		}
		if (r != SYNC_RUN_HOOKS)
			return;
		r = t->hooks->run(t->hooks->data, (enum plan_hook_kind)value, pid, &e);
		answer(t->sync, r, SYNC_HOOKS_RAN, &e);
	}
}

static __attribute__((noreturn)) void stay(const struct task *t)
{
	if (t->uids)
		map_ids(t);
	if (t->hooks)
		run_hooks(t);
	_exit(0);
}

/* ---- in the runtime ---- */

int outside_start(struct userns_map *uids, struct userns_map *gids,
		  const struct userns_hooks *hooks, struct err *e)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	struct task t = { .uids = uids, .gids = gids, .hooks = hooks, .runtime = getpid() };
	_cleanup_close_ int proc = -EBADF, ours = -EBADF, theirs = -EBADF;
	int pair[2], r = plan_open_proc(&proc, e);
	pid_t pid;

	if (r < 0)
		return r;
	r = sys_socketpair(SOCK_SEQPACKET, pair);
	if (r < 0)
		return err_sys(e, r, "socketpair", "to a process outside the user namespace");
	ours = pair[0];
	theirs = pair[1];
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0) {
		x_close(ours);
		t.proc_fd = proc;
		t.sync = theirs;
		stay(&t);
	}
	if (pid < 0)
		return err_sys(e, pid, "clone3", "a process outside the user namespace");
	child.pid = pid;
	child.sync = take_fd(ours);
	return 0;
}

int outside_map_ids(struct err *e)
{
	int r = sync_send(child.sync, SYNC_MAP_IDS, 0, -EBADF, e);

	return r < 0 ? r : sync_expect(child.sync, SYNC_IDS_MAPPED, NULL, e);
}

int outside_run_hooks(enum plan_hook_kind kind, pid_t pid, struct err *e)
{
	int r = sync_send(child.sync, SYNC_PID, pid, -EBADF, e);

	if (r == 0)
		r = sync_send(child.sync, SYNC_RUN_HOOKS, (int32_t)kind, -EBADF, e);
	return r < 0 ? r : sync_expect(child.sync, SYNC_HOOKS_RAN, NULL, e);
}

pid_t outside_pid(void)
{
	return child.pid;
}

void outside_end(void)
{
	siginfo_t info;

	child.sync = x_close(child.sync);
	while (child.pid > 0 && sys_waitid(P_PID, (id_t)child.pid, &info, WEXITED) == -EINTR)
		;
	child.pid = 0;
}
