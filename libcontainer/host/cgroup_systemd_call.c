/* SPDX-License-Identifier: Apache-2.0 */
/* Asking hull-systemd: a program of its own because libsystemd exists as a shared library only. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/memfd.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "host/cgroup_systemd.h"
#include "plan/systemd_request.h"
#include "sys/sys.h"

#define PROGRAM "hull-systemd"
#define DEADLINE_MS 30000
#define ANSWER_SIZE PATH_MAX
#define DOCUMENTATION "Documentation"

extern char **environ;

static void put_word(struct buf *b, const char *word)
{
	buf_add(b, word, strlen(word) + 1);
}

static void put_number(struct buf *b, size_t n)
{
	char text[24];

	fmt_str(text, sizeof(text), "%zu", n);
	put_word(b, text);
}

static void put_head(struct buf *b, const char *verb, const struct plan_systemd *sd)
{
	put_word(b, verb);
	put_word(b, sd->user ? "user" : "system");
	put_word(b, sd->unit);
}

static void put_property(struct buf *b, const struct plan_property *p)
{
	put_word(b, p->name);
	put_number(b, p->since);
	put_word(b, p->type);
	put_number(b, p->n);
	for (size_t i = 0; i < p->n; i++)
		put_word(b, p->values[i]);
}

/* ---- running it ---- */

/* A file, not a pipe: whatever is in it, neither side waits for the other. */
static int open_request(const struct buf *request, struct err *e)
{
	_cleanup_close_ int fd = sys_memfd_create("request", MFD_CLOEXEC);
	int r = fd < 0 ? fd : fd_write_all(fd, request->data, request->len);

	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	return r < 0 ? err_sys(e, r, "write", "the request for " PROGRAM) : take_fd(fd);
}

static int prepare(posix_spawn_file_actions_t *files, posix_spawnattr_t *attr, int in, int out)
{
	sigset_t none, all;
	int r = posix_spawn_file_actions_adddup2(files, in, STDIN_FILENO);

	sigemptyset(&none);
	sigfillset(&all);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(files, out, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawnattr_setsigmask(attr, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(attr, &all);
	if (r == 0)
		r = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return r;
}

/* Returns 0 or an errno, that of a failed execve included. */
static int spawn(const char *path, int in, int out, pid_t *ret)
{
	char *argv[] = { (char *)PROGRAM, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int r = posix_spawn_file_actions_init(&files);

	if (r != 0)
		return r;
	r = posix_spawnattr_init(&attr);
	if (r == 0) {
		r = prepare(&files, &attr, in, out);
		if (r == 0)
			r = posix_spawn(ret, path, &files, &attr, argv, environ);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&files);
	return r;
}

static int start_program(int in, int out, pid_t *ret, struct err *e)
{
	const char *folder = getenv("HULL_LIBEXEC");
	char path[PATH_MAX];
	int r;

	fmt_str(path, sizeof(path), "%s/" PROGRAM, folder ? folder : HULL_LIBEXEC);
	r = spawn(path, in, out, ret);
	if (r == ENOENT)
		return err_kind(
			e, ERR_UNSUPPORTED,
			"%s is not there, which the systemd driver needs: install it, or build "
			"hull with libsystemd-dev",
			path);
	return r != 0 ? err_sys(e, r, "posix_spawn", "%s", path) : 0;
}

/* Reads to the end of file; -ETIMEDOUT when that does not come. */
static int read_answer(int fd, int deadline_ms, char *answer, size_t size)
{
	int64_t end = fd_now_ms() + deadline_ms;
	size_t n = 0;
	ssize_t got = 1;

	while (got > 0 && n < size - 1) {
		int64_t left = end - fd_now_ms();
		int ready = left > 0 ? fd_wait(&fd, 1, (int)left) : 0;

		if (ready <= 0)
			return ready < 0 ? ready : -ETIMEDOUT;
		got = sys_read(fd, answer + n, size - 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	while (n > 0 && answer[n - 1] == '\n')
		n--;
	answer[n] = '\0';
	return got < 0 ? (int)got : 0;
}

static int wait_exit(pid_t pid, siginfo_t *ret)
{
	int r;

	do {
		r = sys_waitid(P_PID, (id_t)pid, ret, WEXITED);
	} while (r == -EINTR);
	return r;
}

static int judge(const siginfo_t *end, const char *answer, struct err *e)
{
	enum request_status status = (enum request_status)end->si_status;

	if (end->si_code != CLD_EXITED)
		return err_sys(e, 0, "systemd", PROGRAM " was killed by signal %d", end->si_status);
	switch (status) {
	case REQUEST_OK:
		return 0;
	case REQUEST_EXISTS:
		return err_kind(e, ERR_EXISTS, "%s", answer);
	case REQUEST_TIMED_OUT:
		return err_kind(e, ERR_TIMEOUT, "%s", answer);
	case REQUEST_FAILED:
		return err_sys(e, 0, "systemd", "%s", answer);
	}
	return err_sys(e, 0, "systemd", PROGRAM " ended with status %d", end->si_status);
}

int cgroup_systemd_ask(const struct buf *request, int deadline_ms, char *answer, size_t size,
		       struct err *e)
{
	_cleanup_close_ int in = -EBADF, ours = -EBADF, theirs = -EBADF;
	siginfo_t end = {};
	int pair[2], r, ended;
	pid_t pid;

	if (buf_ok(request) < 0)
		return err_nomem(e);
	in = open_request(request, e);
	if (in < 0)
		return in;
	r = sys_pipe(pair);
	if (r < 0)
		return err_sys(e, r, "pipe", "for " PROGRAM);
	ours = pair[0];
	theirs = pair[1];
	r = start_program(in, theirs, &pid, e);
	if (r < 0)
		return r;
	theirs = x_close(theirs);
	r = read_answer(ours, deadline_ms, answer, size);
	if (r < 0)
		(void)kill(pid, SIGKILL); /* not reaped yet: the number is still its own */
	ended = wait_exit(pid, &end);
	if (r == -ETIMEDOUT)
		return err_kind(e, ERR_TIMEOUT, "systemd does not answer: given up after %d s",
				deadline_ms / 1000);
	if (r < 0 || ended < 0)
		return err_sys(e, r < 0 ? r : ended, "read", "the answer of " PROGRAM);
	return judge(&end, answer, e);
}

/* ---- the requests ---- */

static int ask(const struct buf *request, char answer[ANSWER_SIZE], struct err *e)
{
	return cgroup_systemd_ask(request, DEADLINE_MS, answer, ANSWER_SIZE, e);
}

static bool is_documentation(const struct plan_property *p)
{
	return strcmp(p->name, DOCUMENTATION) == 0;
}

/* Two processes are in a scope for a moment: the one it is made with, and the one born of that. */
static bool is_tight(const struct plan_property *p)
{
	return strcmp(p->name, "TasksMax") == 0 && strcmp(p->values[0], "1") == 0;
}

/* Documentation may come from an annotation as well: then there is more of it. */
static void put_documentation(struct buf *b, const struct plan_systemd *sd, const char *owner)
{
	const struct plan_property *given = NULL;
	size_t n = 0;

	for (size_t i = 0; i < sd->n; i++)
		if (is_documentation(&sd->properties[i]))
			given = &sd->properties[i];
	n = given ? given->n : 0;
	put_word(b, DOCUMENTATION);
	put_number(b, 0);
	put_word(b, "as");
	put_number(b, n + 1);
	for (size_t i = 0; i < n; i++)
		put_word(b, given->values[i]);
	put_word(b, owner);
}

int cgroup_systemd_start(const struct plan_systemd *sd, const char *owner, pid_t pid,
			 char *ret_path, struct err *e)
{
	_cleanup_buf_ struct buf request = {};
	char answer[ANSWER_SIZE];
	int r;

	put_head(&request, REQUEST_START, sd);
	put_number(&request, (size_t)pid);
	for (size_t i = 0; i < sd->n; i++)
		if (!is_tight(&sd->properties[i]) && !is_documentation(&sd->properties[i]))
			put_property(&request, &sd->properties[i]);
	put_documentation(&request, sd, owner);
	r = ask(&request, answer, e);
	if (r < 0)
		return r;
	if (answer[0] != '/')
		return err_kind(e, ERR_BUG, PROGRAM " told no control group for %s", sd->unit);
	fmt_str(ret_path, PATH_MAX, "%s", answer);
	return 0;
}

int cgroup_systemd_settle(const struct plan_systemd *sd, struct err *e)
{
	for (size_t i = 0; i < sd->n; i++)
		if (is_tight(&sd->properties[i])) {
			struct plan_systemd tight = *sd;

			tight.properties = &sd->properties[i];
			tight.n = 1;
			return cgroup_systemd_set(&tight, e);
		}
	return 0;
}

int cgroup_systemd_set(const struct plan_systemd *sd, struct err *e)
{
	_cleanup_buf_ struct buf request = {};
	char answer[ANSWER_SIZE];

	if (sd->n == 0)
		return 0;
	put_head(&request, REQUEST_SET, sd);
	for (size_t i = 0; i < sd->n; i++)
		put_property(&request, &sd->properties[i]);
	return ask(&request, answer, e);
}

int cgroup_systemd_stop(const struct plan_systemd *sd, const char *owner, struct err *e)
{
	_cleanup_buf_ struct buf request = {};
	char answer[ANSWER_SIZE];

	put_head(&request, REQUEST_STOP, sd);
	put_word(&request, owner ? owner : "");
	return ask(&request, answer, e);
}

size_t cgroup_systemd_top(const char *path, const char *unit)
{
	size_t n = strlen(unit);
	const char *at = path;

	while ((at = strchr(at, '/')))
		if (strncmp(++at, unit, n) == 0 && strchr("/", at[n]))
			return (size_t)(at - path) + n;
	return strlen(path);
}

int cgroup_systemd_attach(const struct plan_systemd *sd, pid_t pid, const char *path, struct err *e)
{
	_cleanup_buf_ struct buf request = {};
	char answer[ANSWER_SIZE];

	put_head(&request, REQUEST_ATTACH, sd);
	put_number(&request, (size_t)pid);
	put_word(&request, path + cgroup_systemd_top(path, sd->unit));
	return ask(&request, answer, e);
}
