/* SPDX-License-Identifier: Apache-2.0 */
/* A hook is a fork of ours that becomes the program: the caller may be init, where posix_spawn is
 * out of reach. A pipe that closes on exec tells why a program could not be started. */
#include "plan/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "sys/sys.h"

#define DEFAULT_UMASK 0022

const char *hook_kind_name(enum plan_hook_kind kind)
{
	static const char *const names[PLAN_N_HOOKS] = {
		[PLAN_PRESTART] = "prestart",
		[PLAN_CREATE_RUNTIME] = "createRuntime",
		[PLAN_CREATE_CONTAINER] = "createContainer",
		[PLAN_START_CONTAINER] = "startContainer",
		[PLAN_POSTSTART] = "poststart",
		[PLAN_POSTSTOP] = "poststop",
	};

	return names[kind];
}

/* A file, not a pipe: a hook need not read its stdin, and the state may be longer than a pipe. */
static int open_state(const struct hook_run *run, struct err *e)
{
	_cleanup_close_ int fd = sys_memfd_create("state", 0);
	const struct plan *p = run->plan;
	char pid[16];
	const char *parts[] = { p->hook_state_head, pid, p->hook_state_mid, run->status,
				p->hook_state_tail };
	int r = fd;

	fmt_str(pid, sizeof(pid), "%d", run->pid);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(parts); i++)
		r = fd_write_all(fd, parts[i], strlen(parts[i]));
	if (r < 0)
		return err_sys(e, r, "write", "state for hooks");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "lseek", "state for hooks");
	return take_fd(fd);
}

/* A handler is reset by the exec; what was ignored, and what was blocked, would stay. */
static void reset_signals(void)
{
	sigset_t none;

	sys_signal_defaults();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A script is opened again by its interpreter, by number: its descriptor has to survive then, and
 * the kernel says so with ENOENT (execveat(2)). */
static int exec_opened(int fd, char **argv, char **envp)
{
	int r = sys_execveat(fd, "", argv, envp, AT_EMPTY_PATH);

	if (r == -ENOENT && fcntl(fd, F_SETFD, 0) == 0)
		r = sys_execveat(fd, "", argv, envp, AT_EMPTY_PATH);
	return r;
}

static int redirect(int from, int to)
{
	return from >= 0 ? dup2(from, to) : to;
}

static int become_hook(const struct hook_run *run, const struct plan_hook *hook, int state)
{
	char **argv = (char **)hook->argv, **envp = (char **)hook->envp;
	int r = 0;

	reset_signals();
	(void)umask(DEFAULT_UMASK); /* that of init is 0 */
	if (setpgid(0, 0) < 0)
		return -errno;
	if (dup2(state, STDIN_FILENO) < 0 || redirect(run->plan->hook_stdout, STDOUT_FILENO) < 0 ||
	    redirect(run->plan->hook_stderr, STDERR_FILENO) < 0)
		return -errno;
	r = sys_close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	if (r == 0 && run->cwd)
		r = sys_chdir(run->cwd);
	if (r < 0)
		return r;
	if (hook->path_fd >= 0)
		return exec_opened(hook->path_fd, argv, envp);
	return sys_execve(hook->path, argv, envp);
}

static int wait_exit(int pidfd, siginfo_t *ret)
{
	int r;

	do {
		r = sys_waitid(P_PIDFD, (id_t)pidfd, ret, WEXITED);
	} while (r == -EINTR);
	return r;
}

/* The error that become_hook() ended with, 0 when the program runs. */
static int read_failure(int fd)
{
	int r;

	return fd_read_full(fd, &r, sizeof(r)) == sizeof(r) ? r : 0;
}

/* *ret_pidfd is the caller's. */
static pid_t fork_hook(const struct hook_run *run, const struct plan_hook *hook, int state,
		       int failure, int *ret_pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = sys_clone3(&args, sizeof(args));
	int r;

	if (pid == 0) {
		r = become_hook(run, hook, state);
		(void)fd_write_all(failure, &r, sizeof(r)); /* the exit status tells as well */
		_exit(127);
	}
	return pid;
}

/* Returns the pid; *ret_pidfd is the caller's, even when the program could not be started. */
static pid_t start_hook(const struct hook_run *run, const struct plan_hook *hook, int *ret_pidfd,
			struct err *e)
{
	_cleanup_close_ int state = open_state(run, e);
	int failure[2], r;
	siginfo_t info;
	pid_t pid;

	if (state < 0)
		return state;
	r = sys_pipe(failure);
	if (r < 0)
		return err_sys(e, r, "hook", "pipe");
	pid = fork_hook(run, hook, state, failure[1], ret_pidfd);
	x_close(failure[1]);
	r = pid < 0 ? pid : read_failure(failure[0]);
	x_close(failure[0]);
	if (pid > 0 && r < 0)
		(void)wait_exit(*ret_pidfd, &info); /* it is gone already */
	return r < 0 ? err_sys(e, r, "hook", pid < 0 ? "clone3" : "execve") : pid;
}

static int end_of(const siginfo_t *info, struct err *e)
{
	if (info->si_code != CLD_EXITED)
		return err_sys(e, 0, "hook", "killed by signal %d", info->si_status);
	if (info->si_status != 0)
		return err_sys(e, 0, "hook", "exit status %d", info->si_status);
	return 0;
}

static int wait_hook(const struct plan_hook *hook, pid_t pid, int pidfd, struct err *e)
{
	siginfo_t info = { 0 };
	int ready = fd_wait(&pidfd, 1, hook->timeout_ms > 0 ? hook->timeout_ms : -1);
	int r;

	if (ready <= 0) {
		/* Not reaped yet, so that the number of the group cannot be another's. */
		(void)kill(-pid, SIGKILL);
		(void)sys_pidfd_send_signal(pidfd, SIGKILL);
	}
	r = wait_exit(pidfd, &info);
	if (ready < 0)
		return err_sys(e, ready, "hook", "poll");
	if (ready == 0)
		return err_kind(e, ERR_TIMEOUT, "killed after its timeout of %d ms",
				hook->timeout_ms);
	if (r < 0)
		return err_sys(e, r, "hook", "waitid");
	return end_of(&info, e);
}

int hook_run(const struct hook_run *run, const struct plan_hook *hook, struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF;
	pid_t pid = start_hook(run, hook, &pidfd, e);
	int r = pid < 0 ? pid : wait_hook(hook, pid, pidfd, e);

	if (r >= 0)
		return 0;
	fmt_str(e->op, sizeof(e->op), "hook");
	return err_wrap(e, "%s (%s[%zu])", hook->path, hook_kind_name(run->kind), hook->index);
}
