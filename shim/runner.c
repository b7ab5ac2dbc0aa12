/* SPDX-License-Identifier: Apache-2.0 */
/* Words for another runtime's command line, and its log read for what went wrong. */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/fmt.h"
#include "base/num.h"
#include "bundle.h"

#define WORDS_MAX 32
#define LOG_MAX (4u << 20)

struct command {
	const struct task *task;
	const char *words[WORDS_MAX];
	size_t n;
	int input; /* becomes standard input, -EBADF: as ours */
	char log[PATH_MAX];
};

static void add(struct command *c, const char *word)
{
	if (c->n < WORDS_MAX - 1)
		c->words[c->n++] = word;
}

static void add_flag(struct command *c, bool wanted, const char *word)
{
	if (wanted)
		add(c, word);
}

/* NULL: not given. */
static void add_value(struct command *c, const char *option, const char *value)
{
	if (!value)
		return;
	add(c, option);
	add(c, value);
}

static void begin(struct command *c, const struct task *t)
{
	*c = (struct command){ .task = t, .input = -EBADF };
	fmt_str(c->log, sizeof(c->log), "%s/log.json", t->bundle);
	add(c, t->options.binary_name);
	add(c, "--root");
	add(c, t->state_dir);
	add(c, "--log");
	add(c, c->log);
	add(c, "--log-format");
	add(c, "json");
	if (t->options.systemd_cgroup)
		add(c, "--systemd-cgroup");
}

/* ---- what it said ---- */

struct log_line {
	const char *level, *msg;
};

static const struct json_field log_fields[] = {
	JSON_FIELD("level", J_STRING, struct log_line, level),
	JSON_FIELD("msg", J_STRING, struct log_line, msg),
	{},
};

/* The last line of level error; NULL when there is none. */
static const char *last_error(const char *path, struct arena *arena)
{
	_cleanup_free_ char *text = NULL;
	const char *found = NULL;
	char *lines, *line;
	size_t len;
	struct err e;

	if (file_read_at(AT_FDCWD, path, LOG_MAX, &text, &len, &e) < 0)
		return NULL;
	lines = text;
	while ((line = strsep(&lines, "\n"))) {
		struct log_line l = {};

		if (json_decode(log_fields, &l, line, strlen(line), arena, NULL, &e) == 0 &&
		    l.level && l.msg && strcmp(l.level, "error") == 0)
			found = l.msg;
	}
	return found;
}

static int explain(const struct command *c, int status, struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *said = arena ? last_error(c->log, arena) : NULL;

	if (said) /* some tell a story: its first line is what people are shown */
		return err_kind(e, ERR_STATE, "%.*s", (int)strcspn(said, "\n"), said);
	if (WIFSIGNALED(status))
		return err_kind(e, ERR_STATE, "%s was killed by signal %d", c->words[0],
				WTERMSIG(status));
	return err_kind(e, ERR_STATE, "%s ended with status %d", c->words[0], WEXITSTATUS(status));
}

/* ---- running it ---- */

static __attribute__((noreturn)) void become(const struct command *c)
{
	if (c->input >= 0)
		(void)dup2(c->input, STDIN_FILENO); /* it complains about an empty input */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);	    /* as good as it gets */
	unsetenv("NOTIFY_SOCKET");		    /* readiness is containerd's to tell */
	execvp(c->words[0], (char *const *)c->words);
	_exit(127);
}

static int run(const struct command *c, struct err *e)
{
	int status, r;
	pid_t pid = fork();

	if (pid == 0)
		become(c);
	if (pid < 0)
		return err_sys(e, errno, "fork", "%s", c->words[0]);
	while ((r = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
		;
	if (r < 0)
		return err_sys(e, errno, "waitpid", "%s", c->words[0]);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return err_kind(e, ERR_NOTFOUND, "cannot execute the runtime %s", c->words[0]);
	return status == 0 ? 0 : explain(c, status, e);
}

/* A file without a name that holds text, at its beginning; inherited by the runtime. */
static int memory_file(const char *text, struct err *e)
{
	_cleanup_close_ int fd = memfd_create("input", 0);
	int r = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));

	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	return r < 0 ? err_sys(e, r, "memfd_create", "input of the runtime") : take_fd(fd);
}

/* ---- terminals ---- */

/* The socket that the runtime sends the pty master to. It is in the bundle, with which it goes should we
 * be killed; by its name alone, for which sun_path is long enough. */
struct console {
	struct sockaddr_un address;
	int listener;
};

static int console_open(struct console *c, const struct task *t, const char *id, struct err *e)
{
	const struct sockaddr *a = (const struct sockaddr *)&c->address;

	c->address.sun_family = AF_UNIX;
	fmt_str(c->address.sun_path, sizeof(c->address.sun_path), "%s.pty", id);
	c->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* the runtime, our child, is there, too */
	if (c->listener < 0 || chdir(t->bundle) < 0 ||
	    bind(c->listener, a, sizeof(c->address)) < 0 || listen(c->listener, 1) < 0)
		return err_sys(e, errno, "bind", "%s/%s", t->bundle, c->address.sun_path);
	return 0;
}

static void console_close(struct console *c)
{
	if (c->listener < 0)
		return;
	close(c->listener);
	(void)unlink(c->address.sun_path); /* may not have come to be */
}

/* The runtime is done: the master waits in the queue of the listener. */
static int console_pass_on(const struct console *c, int terminal, struct err *e)
{
	_cleanup_close_ int from = -EBADF;
	_cleanup_close_ int master = -EBADF;
	char name[256];
	size_t n = 1;
	ssize_t len;

	if (fd_wait(&c->listener, 1, 0) == 1)
		from = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC);
	len = from < 0 ? 0 : fd_recv(from, name, sizeof(name), &master, &n, e);
	if (len <= 0 || n != 1)
		return err_kind(e, ERR_BUG, "the runtime passed no terminal");
	return fd_send(terminal, name, (size_t)len, &master, 1, e);
}

/* Runs a command that makes this process, with a console socket when it has a terminal. */
static int run_with_terminal(struct command *c, const struct proc *p, int terminal, struct err *e)
{
	_cleanup_(console_close) struct console console = { .listener = -EBADF };
	int r = p->terminal ? console_open(&console, c->task, p->id, e) : 0;

	if (r < 0)
		return r;
	add_value(c, "--console-socket", p->terminal ? console.address.sun_path : NULL);
	add(c, c->task->init.id);
	r = run(c, e);
	return r == 0 && p->terminal ? console_pass_on(&console, terminal, e) : r;
}

/* ---- the verbs ---- */

static int read_pid(const char *path, pid_t *ret, struct err *e)
{
	char text[32];
	int pid;
	ssize_t n = file_read_buf(AT_FDCWD, path, text, sizeof(text));

	if (n < 0)
		return err_sys(e, (int)n, "read", "%s", path);
	if (num_parse_int(text, &pid) < 0 || pid <= 1)
		return err_bad(e, "", "%s: \"%s\" is no process id", path, text);
	*ret = pid;
	return 0;
}

/* Makes the container, with the words added so far. */
static int make(struct command *c, int terminal, pid_t *ret_pid, struct err *e)
{
	const struct task *t = c->task;
	char pid_file[PATH_MAX];
	int r;

	fmt_str(pid_file, sizeof(pid_file), "%s/" BUNDLE_PID, t->bundle);
	add_value(c, "--bundle", t->bundle);
	add_value(c, "--pid-file", pid_file);
	add_flag(c, t->options.no_pivot_root, "--no-pivot");
	r = run_with_terminal(c, &t->init, terminal, e);
	return r == 0 ? read_pid(pid_file, ret_pid, e) : r;
}

int runner_create(const struct task *t, int terminal, pid_t *ret_pid, struct err *e)
{
	struct command c;

	begin(&c, t);
	add(&c, "create");
	add_flag(&c, t->options.no_new_keyring, "--no-new-keyring");
	return make(&c, terminal, ret_pid, e);
}

int runner_restore(const struct task *t, int terminal, pid_t *ret_pid, struct err *e)
{
	char work[PATH_MAX];
	struct command c;

	fmt_str(work, sizeof(work), "%s/criu-work", t->bundle);
	begin(&c, t);
	add(&c, "restore");
	add(&c, "--detach");
	add(&c, "--no-subreaper");
	add_value(&c, "--image-path", t->request->checkpoint);
	add_value(&c, "--work-path", work);
	return make(&c, terminal, ret_pid, e);
}

static const char *mode_name(enum lc_cgroups_mode mode)
{
	static const char *const names[] = {
		[LC_CGROUPS_SOFT] = "soft",
		[LC_CGROUPS_FULL] = "full",
		[LC_CGROUPS_STRICT] = "strict",
		[LC_CGROUPS_IGNORE] = "ignore",
	};

	return names[mode];
}

int runner_checkpoint(const struct task *t, const struct lc_checkpoint_opts *o, struct err *e)
{
	struct command c;

	begin(&c, t);
	add(&c, "checkpoint");
	add_value(&c, "--image-path", o->criu.image_path);
	add_value(&c, "--work-path", o->criu.work_path);
	add_value(&c, "--parent-path", o->parent_path);
	add_value(&c, "--manage-cgroups-mode", mode_name(o->criu.cgroups_mode));
	add_value(&c, "--empty-ns", o->criu.empty_network ? "network" : NULL);
	add_flag(&c, o->leave_running, "--leave-running");
	add_flag(&c, o->criu.tcp_established, "--tcp-established");
	add_flag(&c, o->criu.ext_unix_sk, "--ext-unix-sk");
	add_flag(&c, o->criu.shell_job, "--shell-job");
	add_flag(&c, o->criu.file_locks, "--file-locks");
	add(&c, t->init.id);
	return run(&c, e);
}

int runner_exec(const struct proc *p, int terminal, pid_t *ret_pid, struct err *e)
{
	_cleanup_close_ int process = memory_file(p->spec, e);
	char pid_file[PATH_MAX], process_file[64];
	struct command c;
	int r;

	if (process < 0)
		return process;
	fmt_str(process_file, sizeof(process_file), "/proc/self/fd/%d", process);
	fmt_str(pid_file, sizeof(pid_file), "%s/%s.pid", p->task->bundle, p->id);
	begin(&c, p->task);
	add(&c, "exec");
	add(&c, "--process");
	add(&c, process_file);
	add(&c, "--detach");
	add(&c, "--pid-file");
	add(&c, pid_file);
	r = run_with_terminal(&c, p, terminal, e);
	if (r == 0)
		r = read_pid(pid_file, ret_pid, e);
	(void)unlink(pid_file); /* it may not have come to be */
	return r;
}

int runner_update(const struct task *t, const char *resources, struct err *e)
{
	_cleanup_close_ int input = memory_file(resources, e);
	struct command c;

	if (input < 0)
		return input;
	begin(&c, t);
	c.input = input;
	add(&c, "update");
	add(&c, "--resources");
	add(&c, "-");
	add(&c, t->init.id);
	return run(&c, e);
}

int runner_call(const struct task *t, const char *verb, const char *flag, const char *last,
		struct err *e)
{
	struct command c;

	begin(&c, t);
	add(&c, verb);
	if (flag)
		add(&c, flag);
	add(&c, t->init.id);
	if (last)
		add(&c, last);
	return run(&c, e);
}
