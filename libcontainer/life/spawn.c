/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clone, seen from the parent. The same story as in init/init.c, other side:
 *
 *	1 a socket pair for the messages of plan/sync.h
 *	2 every signal is blocked, so that none of our handlers runs in the child
 *	3 pid and time namespaces that are joined (or a new time namespace) are entered for children
 *	4 clone3: all new namespaces at once, straight into the cgroup
 *	5 our own pid and time namespaces for children and our signal mask are restored
 *
 * Two shapes. Usually the clone is the container's process. When a user namespace is joined by path,
 * new namespaces must be made by somebody who is in it; and a caller without privileges may enter a
 * container's pid namespace only from inside its user namespace, and not come back to its own; and when
 * systemd makes the cgroup,
 * it puts a process into it that is there already. Then an intermediate is put there and joins, clones
 * the container's process as our child (CLONE_PARENT), tells its pid and exits.
 */
#include "life/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/fmt.h"
#include "host/host.h"
#include "plan/sync.h"
#include "sys/sys.h"

static const int for_children[] = { CLONE_NEWPID, CLONE_NEWTIME };

static bool joins(const struct spawn *s, int type)
{
	if (s->target >= 0)
		return s->plan->ns.new_flags & type; /* exec: the flags say what init is in */
	for (size_t i = 0; i < s->plan->ns.n_join; i++)
		if (s->plan->ns.join[i].type == type)
			return true;
	return false;
}

static bool needs_intermediate(const struct spawn *s)
{
	return s->plan->ns.needs_intermediate || s->place;
}

/* Opens our own pid or time namespace when the child gets another one, to come back to it. */
static int open_own(const struct spawn *s, int type, int *ret, struct err *e)
{
	const char *path = type == CLONE_NEWPID ? "self/ns/pid" : "self/ns/time";

	if (needs_intermediate(s))
		return 0;
	if (!joins(s, type) && !(type == CLONE_NEWTIME && s->plan->ns.new_time))
		return 0;
	*ret = sys_openat(s->plan->proc_fd, path, O_RDONLY, 0);
	if (*ret < 0)
		return err_sys(e, *ret, "open", "/proc/%s", path);
	return 0;
}

static int enter_time(const struct plan *p, struct err *e)
{
	int r = sys_unshare(CLONE_NEWTIME);

	if (r < 0)
		return err_sys(e, r, "unshare", "time namespace");
	if (!p->ns.time_offsets)
		return 0;
	r = file_write_at(p->proc_fd, "self/timens_offsets", p->ns.time_offsets);
	if (r < 0) {
		err_sys(e, r, "write", "timens_offsets");
		return err_at(e, "linux.timeOffsets");
	}
	return 0;
}

static int enter_joined(const struct spawn *s, int type, struct err *e)
{
	int r = 0;

	if (s->target >= 0)
		r = joins(s, type) ? sys_setns(s->target, type) : 0;
	else
		for (size_t i = 0; i < s->plan->ns.n_join && r == 0; i++)
			if (s->plan->ns.join[i].type == type)
				r = sys_setns(s->plan->ns.join[i].fd, type);
	if (r < 0)
		return err_sys(e, r, "setns", "%s namespace of the container",
			       type == CLONE_NEWPID ? "pid" : "time");
	return 0;
}

static int enter_for_children(const struct spawn *s, struct err *e)
{
	int r;

	if (needs_intermediate(s))
		return 0; /* the intermediate does it, from inside the user namespace */
	for (size_t i = 0; i < ARRAY_SIZE(for_children); i++) {
		r = enter_joined(s, for_children[i], e);
		if (r < 0)
			return r;
	}
	return s->plan->ns.new_time && s->target < 0 ? enter_time(s->plan, e) : 0;
}

/* The child's first steps: what is the parent's alone goes, signals become as programs expect. */
static __attribute__((noreturn)) void enter_child(const struct spawn *s, int sync,
						  const sigset_t *none)
{
	struct init_ctx c = {
		.plan = s->plan,
		.sync = sync,
		.root_fd = -EBADF,
		.fifo_fd = s->fifo_fd,
		.start = s->start_fd,
		.report = sync,
		.target = s->target,
	};

	x_close(s->sync);
	for (size_t i = 0; i < ARRAY_SIZE(s->close_fds); i++)
		x_close(s->close_fds[i]);
	sys_signal_defaults();
	/* Seen until it is the program; a name is no reason to fail. */
	(void)sys_prctl(PR_SET_NAME, (unsigned long)"hull:init", 0, 0, 0);
	sigprocmask(SIG_SETMASK, none, NULL);
	s->main(&c);
	_exit(1);
}

/* Returns 0 in the child. */
static pid_t clone_process(uint64_t flags, int cgroup_fd, int *pidfd)
{
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
	};

	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	return sys_clone3(&args, sizeof(args));
}

/* Whoever is in the user namespace of a running container could otherwise trace us. */
static int enter_user(const struct spawn *s, struct err *e)
{
	const struct plan_join *user = &s->plan->ns.join[0];
	int r;

	if (!joins(s, CLONE_NEWUSER))
		return 0;
	if (s->target < 0) {
		r = sys_setns(user->fd, CLONE_NEWUSER);
		return r < 0 ? err_sys(e, r, "setns", "user namespace %s", user->path) : 0;
	}
	r = sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (r < 0)
		return err_sys(e, r, "prctl", "PR_SET_DUMPABLE");
	r = sys_setns(s->target, CLONE_NEWUSER);
	return r < 0 ? err_sys(e, r, "setns", "user namespace of the container") : 0;
}

/* exec joins later what init made. */
static uint64_t new_namespaces(const struct spawn *s)
{
	return s->target >= 0 ? 0 : (uint64_t)s->plan->ns.new_flags;
}

/* The intermediate: in the cgroup and the joined user namespace, makes the container's process and
 * leaves. It goes at once when the runtime does: a scope without processes vanishes. */
static int intermediate(const struct spawn *s, int sync, int news, const sigset_t *none,
			struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF;
	pid_t pid;
	int r = s->place ? sync_expect(news, SYNC_PLACED, NULL, e) : 0;

	if (r >= 0 && s->plan->ns.needs_intermediate)
		r = enter_user(s, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(for_children); i++) {
		r = enter_joined(s, for_children[i], e);
		if (r < 0)
			return r;
	}
	if (s->plan->ns.new_time) {
		r = enter_time(s->plan, e);
		if (r < 0)
			return r;
	}
	pid = clone_process(CLONE_PARENT | new_namespaces(s), -EBADF, &pidfd);
	if (pid == 0) {
		x_close(news);
		enter_child(s, sync, none);
	}
	if (pid < 0)
		return err_sys(e, pid, "clone3", "the container's process");
	return sync_send(news, SYNC_PID, pid, pidfd, e);
}

static __attribute__((noreturn)) void run_intermediate(const struct spawn *s, int sync, int news,
						       const sigset_t *none)
{
	struct err e = {};

	if (intermediate(s, sync, news, none, &e) < 0) {
		sync_send_error(news, &e);
		_exit(1);
	}
	_exit(0);
}

/* Waits for the intermediate's news of the real child, then reaps it. */
static int adopt(struct spawn *s, int news, struct err *e)
{
	siginfo_t info;
	int32_t pid = 0;
	int pidfd = -EBADF, r = sync_receive(news, &pid, &pidfd, e);

	if (r >= 0 && r != SYNC_PID)
		r = err_kind(e, ERR_BUG, "the intermediate process sent message %d", r);
	if (r < 0) {
		x_close(pidfd);
		return r;
	}
	while (sys_waitid(P_PID, (id_t)s->pid, &info, WEXITED) == -EINTR)
		;
	x_close(s->pidfd);
	s->pid = pid;
	s->pidfd = pidfd;
	return 0;
}

/* cgroups(7), "delegation containment": both groups must be below one that is the caller's. */
static int clone_failed(const struct spawn *s, const char *what, struct err *e)
{
	bool foreign = s->pid == -EACCES && s->cgroup_fd >= 0;

	return err_sys(
		e, s->pid, "clone3", "%s%s", what,
		foreign ? " cannot go from this cgroup to that of the container (run hull in a "
			  "cgroup of the same user, for example by `systemd-run --user --scope`)"
			: "");
}

/* The intermediate has a socket of its own: the child may be faster with its first message. */
static int clone_between(struct spawn *s, int sync, const sigset_t *none, struct err *e)
{
	_cleanup_close_ int ours = -EBADF, news = -EBADF;
	int pair[2], r = sys_socketpair(SOCK_SEQPACKET, pair);

	if (r < 0)
		return err_sys(e, r, "socketpair", "for the intermediate process");
	ours = pair[0];
	news = pair[1];
	s->pid = clone_process(0, s->cgroup_fd, &s->pidfd);
	if (s->pid == 0) {
		x_close(ours);
		run_intermediate(s, sync, news, none);
	}
	if (s->pid < 0)
		return clone_failed(s, "the intermediate process", e);
	news = x_close(news);
	r = s->place ? s->place(s->place_data, s->pid, e) : 0;
	if (r == 0 && s->place)
		r = sync_send(ours, SYNC_PLACED, 0, -EBADF, e);
	return r < 0 ? r : adopt(s, ours, e);
}

static int clone_in_place(struct spawn *s, int sync, const sigset_t *none, struct err *e)
{
	s->pid = clone_process(new_namespaces(s), s->cgroup_fd, &s->pidfd);
	if (s->pid == 0)
		enter_child(s, sync, none);
	return s->pid < 0 ? clone_failed(s, "the container's process", e) : 0;
}

static int clone_either_way(struct spawn *s, int sync, const sigset_t *none, struct err *e)
{
	return needs_intermediate(s) ? clone_between(s, sync, none, e)
				     : clone_in_place(s, sync, none, e);
}

int spawn_child(struct spawn *s, struct err *e)
{
	_cleanup_close_ int child_sync = -EBADF, own_pid = -EBADF, own_time = -EBADF;
	sigset_t all, before, none;
	int pair[2], oom_score, lent, r, back;

	s->pid = 0;
	s->pidfd = s->sync = -EBADF;
	r = sys_socketpair(SOCK_SEQPACKET, pair);
	if (r < 0)
		return err_sys(e, r, "socketpair", "for the container's init");
	s->sync = pair[0];
	child_sync = pair[1];
	r = open_own(s, CLONE_NEWPID, &own_pid, e);
	if (r == 0)
		r = open_own(s, CLONE_NEWTIME, &own_time, e);
	if (r < 0)
		return r;
	/* a failure shows when the score is applied */
	lent = sched_lend_oom_score(&s->plan->process, s->plan->proc_fd, &oom_score);
	sigfillset(&all);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &all, &before);
	r = enter_for_children(s, e);
	if (r == 0)
		r = clone_either_way(s, child_sync, &none, e);
	back = own_pid >= 0 ? sys_setns(own_pid, CLONE_NEWPID) : 0;
	if (own_time >= 0 && back == 0)
		back = sys_setns(own_time, CLONE_NEWTIME);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (lent > 0)
		sched_take_back_oom_score(oom_score, s->plan->proc_fd);
	child_sync = x_close(child_sync);
	if (r == 0 && back < 0)
		r = err_sys(e, back, "setns", "back to our own namespaces");
	return r;
}

int spawn_write_pid(pid_t pid, const char *path, struct err *e)
{
	char text[16];
	size_t len = fmt_str(text, sizeof(text), "%d", (int)pid);

	return path ? file_write_atomic_at(AT_FDCWD, path, text, len, 0644, e) : 0;
}

void spawn_release(struct spawn *s)
{
	s->pidfd = x_close(s->pidfd);
	s->sync = x_close(s->sync);
}

void spawn_kill(struct spawn *s)
{
	siginfo_t info;

	if (s->pid > 0 && s->pidfd >= 0) {
		(void)sys_pidfd_send_signal(s->pidfd, SIGKILL); /* it may be dead already */
		while (sys_waitid(P_PIDFD, (id_t)s->pidfd, &info, WEXITED) == -EINTR)
			;
		s->pid = 0;
	}
	spawn_release(s);
}

void spawn_explain(struct spawn *s, struct err *e)
{
	siginfo_t info = {};

	if (s->pidfd < 0 || e->errnum != ECONNRESET || fd_wait(&s->pidfd, 1, 1000) != 1)
		return;
	if (sys_waitid(P_PIDFD, (id_t)s->pidfd, &info, WEXITED | WNOWAIT) < 0)
		return;
	if (info.si_code == CLD_EXITED)
		err_kind(e, ERR_BUG, "init exited with status %d before it was ready",
			 info.si_status);
	else
		err_kind(e, ERR_BUG,
			 "init was killed by signal %d before it was ready (out of memory?)",
			 info.si_status);
}
