/* SPDX-License-Identifier: Apache-2.0 */
/* CRIU as a child of ours. To restore it gets a mount namespace, in which it sees the root file
 * system at a mount point that nothing covers, as it needs; whatever happens to either of us, nothing
 * of that is left behind. It finds the directories of the job among our descriptors, by /proc, and
 * mounts in the working directory: that has to be of its namespace. What it hands on it inherits. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "host/criu.h"
#include "sys/sys.h"

#define CONFIG_ANNOTATION "org.criu.config"
#define CONFIG_FILE "/etc/criu/hull.conf"

int criu_find(char *ret, struct err *e)
{
	const char *path = getenv("PATH");

	for (const char *p = path ? path : "", *end; *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, ':');
		fmt_str(ret, PATH_MAX, "%.*s/criu", (int)(end - p), p);
		if (*p == '/' && access(ret, X_OK) == 0)
			return 0;
	}
	return err_kind(
		e, ERR_UNSUPPORTED,
		"criu is not in PATH: install the package criu (on Debian: apt-get install criu)");
}

int criu_config_file(const struct spec *s, const char **ret, struct err *e)
{
	const char *path = CONFIG_FILE;

	for (size_t i = 0; i < s->annotations.n; i++)
		if (strcmp(s->annotations.items[i].key, CONFIG_ANNOTATION) == 0)
			path = s->annotations.items[i].value;
	if (path[0] && path[0] != '/') {
		err_bad(e, "", "\"%s\" is no absolute path", path);
		return err_at(e, "annotations[\"" CONFIG_ANNOTATION "\"]");
	}
	*ret = path[0] ? path : NULL;
	return 0;
}

/* ---- the child ---- */

static int make_mounts(const struct criu_job *j, struct err *e)
{
	int r = sys_unshare(CLONE_NEWNS);

	if (r == 0)
		r = sys_mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL);
	if (r < 0)
		return err_sys(e, r, "unshare", "mount namespace for criu");
	r = sys_mount(j->rootfs, j->root, NULL, MS_BIND | MS_REC, NULL);
	return r < 0 ? err_sys(e, r, "mount", "%s on %s for criu", j->rootfs, j->root) : 0;
}

/* To the runtime, whose descriptors CRIU looks at. */
static int send_work_dir(const struct criu_job *j, int report, struct err *e)
{
	_cleanup_close_ int fd = sys_openat(AT_FDCWD, j->work_path, O_RDONLY | O_DIRECTORY, 0);
	const struct err fine = {};

	if (fd < 0)
		return err_sys(e, fd, "open", "%s", j->work_path);
	return fd_send(report, &fine, sizeof(fine), &fd, 1, e);
}

static int hand_down(int fd, struct err *e)
{
	return fcntl(fd, F_SETFD, 0) < 0 ? err_sys(e, errno, "fcntl", "descriptor %d", fd) : 0;
}

/* The restored processes keep it: the caller's own is none of their business. */
static int join_keyring(const char *name, struct err *e)
{
	int r = sys_keyctl_join_session(name);

	return r < 0 ? err_sys(e, r, "keyctl", "session keyring %s", name) : 0;
}

/* With lazy pages it is CRIU that listens. By its protocol it takes only the port, and would serve the
 * memory to every network. */
static bool serves_pages(const struct criu_job *j)
{
	return j->opts->lazy_pages && j->page_address;
}

/* It may wait for ever, and nobody else can kill what it traces. */
static int end_with_parent(struct err *e)
{
	int r = sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);

	return r < 0 ? err_sys(e, r, "prctl", "PR_SET_PDEATHSIG for criu") : 0;
}

static int become_criu(const struct criu_job *j, int sock, int report, struct err *e)
{
	char number[16];
	const char *argv[] = { j->program, "swrk", number, NULL, NULL, NULL };
	sigset_t none;
	int r = j->restore ? make_mounts(j, e) : serves_pages(j) ? end_with_parent(e) : 0;

	if (r == 0 && j->restore)
		r = send_work_dir(j, report, e);
	if (r == 0 && j->keyring)
		r = join_keyring(j->keyring, e);
	for (size_t i = 0; i < j->n_inherit && r == 0; i++)
		r = hand_down(j->inherit[i].fd, e);
	if (r == 0)
		r = hand_down(sock, e);
	if (r < 0)
		return r;
	sys_signal_defaults();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	fmt_str(number, sizeof(number), "%d", sock);
	if (serves_pages(j)) {
		argv[3] = "--address";
		argv[4] = j->page_address;
	}
	r = sys_execve(j->program, (char *const *)argv, environ);
	return err_sys(e, r, "execve", "%s", j->program);
}

static __attribute__((noreturn)) void run_child(const struct criu_job *j, int sock, int report)
{
	struct err e = {}, ignored;

	(void)become_criu(j, sock, report, &e);
	(void)fd_send(report, &e, sizeof(e), NULL, 0, &ignored); /* nobody is there to be told */
	_exit(127);
}

/* ---- the parent ---- */

static int clone_child(const struct criu_job *j, struct criu_process *p, int sock, int report,
		       struct err *e)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&p->pidfd,
		.exit_signal = SIGCHLD,
	};

	if (j->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)j->cgroup_fd;
	}
	p->pid = sys_clone3(&args, sizeof(args));
	if (p->pid == 0)
		run_child(j, sock, report);
	return p->pid < 0 ? err_sys(e, p->pid, "clone3", "%s", j->program) : 0;
}

/* End of file: CRIU runs. */
static int await_exec(int report, struct criu_process *p, struct err *e)
{
	for (;;) {
		struct err theirs;
		size_t n = 1;
		ssize_t len = fd_recv(report, &theirs, sizeof(theirs), &p->work_fd, &n, e);

		if (len <= 0)
			return (int)len;
		if (n == 0) {
			*e = theirs;
			return err_errno(e);
		}
	}
}

static int start(const struct criu_job *j, struct criu_process *p, struct err *e)
{
	_cleanup_close_ int sock = -EBADF, ours = -EBADF, theirs = -EBADF;
	int pair[2], r = sys_socketpair(SOCK_SEQPACKET, pair);

	if (r < 0)
		return err_sys(e, r, "socketpair", "for criu");
	p->sock = pair[0];
	sock = pair[1];
	r = sys_socketpair(SOCK_SEQPACKET, pair);
	if (r < 0)
		return err_sys(e, r, "socketpair", "for the start of criu");
	ours = pair[0];
	theirs = pair[1];
	r = clone_child(j, p, sock, theirs, e);
	theirs = x_close(theirs);
	return r == 0 ? await_exec(ours, p, e) : r;
}

int criu_process_start(const struct criu_job *j, struct criu_process *ret, struct err *e)
{
	struct criu_process p = CRIU_PROCESS_NONE;
	int r = start(j, &p, e);

	if (r < 0)
		criu_process_end(&p);
	else
		*ret = p;
	return r;
}

void criu_process_end(struct criu_process *p)
{
	siginfo_t info;

	p->sock = x_close(p->sock);
	p->work_fd = x_close(p->work_fd);
	while (p->pidfd >= 0 && sys_waitid(P_PIDFD, (id_t)p->pidfd, &info, WEXITED) == -EINTR)
		;
	p->pidfd = x_close(p->pidfd);
}
