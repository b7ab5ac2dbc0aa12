/* SPDX-License-Identifier: Apache-2.0 */
/* Loggers: binary://PATH?KEY=VALUE... runs PATH KEY VALUE... with the container's output on 3 and 4
 * and a descriptor to say that it is ready on 5. The container writes straight into its pipes. We
 * keep their other ends too: when the logger dies, its container must not block or be killed by
 * SIGPIPE, so that from then on we read, and count what is lost. */
#include "io_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/buf.h"
#include "base/cleanup.h"

#define FIRST_FD 3 /* of the logger: stdout, stderr, ready */
#define N_FDS 3

#define READY_MS 10000
#define FINISH_MS 2000 /* most loggers end by themselves at the end of their input */
#define KILL_MS 12000

struct io_logger {
	struct io_logger *next;
	struct ev_loop *loop;
	pid_t pid; /* 0: ended */
	char *path;
	struct ev_source ready;
	int ready_fd;
	bool needs_byte; /* binary-v2: an end of file does not mean ready */
	int readiness;	 /* 0: not decided, 1, or why not */
	bool told_to_end;
	struct ev_timer timer; /* to be ready, to end, to be killed */
	struct io_stream rest[2];
	void (*changed)(void *data); /* NULL: the io is gone */
	void *data;
};

/* All that run, those whose io is gone included: the reaper knows no more than a pid. */
static struct io_logger *loggers;

/* ---- making ------------------------------------------------------------------------------------- */

static int copy_query(const char *uri, char **ret, struct err *e)
{
	const char *mark = strchrnul(uri, '?');
	char *copy = strdup(*mark ? mark + 1 : mark);

	if (!copy)
		return err_nomem(e);
	*ret = copy;
	return 0;
}

static bool has_key(char *const *argv, size_t n, const char *key)
{
	for (size_t i = 1; i < n; i += 2)
		if (strcmp(argv[i], key) == 0)
			return true;
	return false;
}

/* path, then each key of the query with its first value. The array is malloc'd, the strings are
 * those given. */
static char **make_argv(char *path, char *query)
{
	size_t n = 1, max = 2; /* a pair before the first &, and so on */
	char **argv, *save;

	for (const char *c = query; *c; c++)
		max += *c == '&' ? 2 : 0;
	argv = calloc(max + 2, sizeof(*argv));
	if (!argv)
		return NULL;
	argv[0] = path;
	for (char *key = strtok_r(query, "&", &save); key; key = strtok_r(NULL, "&", &save)) {
		char *value = strchrnul(key, '=');

		if (*value)
			*value++ = '\0';
		io_uri_decode(key, true);
		io_uri_decode(value, true);
		if (has_key(argv, n, key))
			continue;
		argv[n++] = key;
		argv[n++] = value;
	}
	return argv;
}

/* fds above those they are going to be, so that none overwrites another on its way. */
static int plan_fds(posix_spawn_file_actions_t *plan, const int *fds, int *high)
{
	int r = 0;

	for (int i = 0; i < FIRST_FD && r == 0; i++)
		r = posix_spawn_file_actions_addopen(plan, i, "/dev/null", O_RDWR, 0);
	for (int i = 0; i < N_FDS && r == 0; i++) {
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FIRST_FD + N_FDS);
		r = high[i] < 0 ? errno
				: posix_spawn_file_actions_adddup2(plan, high[i], FIRST_FD + i);
	}
	return r;
}

static int plan_signals(posix_spawnattr_t *attr)
{
	sigset_t none, ignored;

	sigemptyset(&none);
	sigemptyset(&ignored);
	sigaddset(&ignored, SIGPIPE);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &ignored);
	return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* Returns 0 or an errno, that of a failed execve included. */
static int spawn(pid_t *ret, char *const *argv, char *const *env, const int *fds)
{
	int high[N_FDS] = { -EBADF, -EBADF, -EBADF };
	posix_spawn_file_actions_t plan;
	posix_spawnattr_t attr;
	int r = posix_spawn_file_actions_init(&plan);

	if (r != 0)
		return r;
	r = posix_spawnattr_init(&attr);
	if (r == 0) {
		r = plan_fds(&plan, fds, high);
		if (r == 0)
			r = plan_signals(&attr);
		if (r == 0)
			r = posix_spawn(ret, argv[0], &plan, &attr, argv, env);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&plan);
	for (int i = 0; i < N_FDS; i++)
		x_close(high[i]);
	return r;
}

static int start_program(struct io_logger *l, const struct io_spec *spec, const int *fds,
			 struct err *e)
{
	_cleanup_free_ char *query = NULL;
	_cleanup_free_ char **argv = NULL;
	_cleanup_buf_ struct buf id = {}, ns = {};
	int r = copy_query(spec->stdout_path, &query, e);

	if (r < 0)
		return r;
	argv = make_argv(l->path, query);
	buf_fmt(&id, "CONTAINER_ID=%s", spec->id);
	buf_fmt(&ns, "CONTAINER_NAMESPACE=%s", spec->ns);
	if (!argv || buf_ok(&id) < 0 || buf_ok(&ns) < 0)
		return err_nomem(e);
	r = spawn(&l->pid, argv, (char *[]){ id.data, ns.data, NULL }, fds);
	return r != 0 ? err_sys(e, r, "posix_spawn", "logger %s", l->path) : 0;
}

/* ---- readiness ---------------------------------------------------------------------------------- */

static bool is_awaited(const struct io_logger *l)
{
	return l->ready_fd >= 0;
}

static void stop_waiting(struct io_logger *l)
{
	if (!is_awaited(l))
		return;
	ev_del(&l->ready);
	l->ready_fd = x_close(l->ready_fd);
	ev_timer_stop(&l->timer);
}

static int decide(struct io_logger *l, int readiness)
{
	stop_waiting(l);
	l->readiness = readiness;
	l->changed(l->data);
	return 0;
}

static int on_ready(struct ev_source *s, uint32_t events)
{
	struct io_logger *l = s->data;
	char byte;

	(void)events; /* a byte, or the end of file */
	return decide(l, read(s->fd, &byte, 1) == 1 || !l->needs_byte ? 1 : -EPIPE);
}

static int on_never_ready(struct ev_timer *t)
{
	return decide(t->data, -ETIMEDOUT);
}

static int await_ready(struct io_logger *l, struct err *e)
{
	int r = ev_timer_start(l->loop, &l->timer, READY_MS, on_never_ready, l);

	if (r == 0)
		r = ev_add(l->loop, &l->ready, l->ready_fd, EPOLLIN, on_ready, l);
	return r < 0 ? err_sys(e, r, "epoll_ctl", "logger %s", l->path) : 0;
}

int io_logger_ready(const struct io_logger *l, struct err *e)
{
	if (l->readiness == -ETIMEDOUT)
		return err_kind(e, ERR_TIMEOUT, "logger %s is not ready after %d s", l->path,
				READY_MS / 1000);
	if (l->readiness < 0)
		return err_sys(e, l->readiness, "read", "logger %s was never ready", l->path);
	return l->readiness;
}

/* ---- its end ------------------------------------------------------------------------------------ */

static int on_kill(struct ev_timer *t)
{
	struct io_logger *l = t->data;

	(void)kill(l->pid, SIGKILL); /* not reaped yet: the pid is its own */
	return 0;
}

static int on_terminate(struct ev_timer *t)
{
	struct io_logger *l = t->data;

	l->told_to_end = true;
	(void)kill(l->pid, SIGTERM); /* as above */
	(void)ev_timer_start(l->loop, t, KILL_MS, on_kill,
			     l); /* without it, it has our word only */
	return 0;
}

bool io_logger_is_alive(const struct io_logger *l)
{
	return l->pid > 0;
}

void io_logger_finish(struct io_logger *l)
{
	if (!io_logger_is_alive(l) || l->told_to_end)
		return;
	if (is_awaited(l))
		l->readiness = -EPIPE;
	stop_waiting(l);
	if (ev_timer_start(l->loop, &l->timer, FINISH_MS, on_terminate, l) < 0)
		(void)on_terminate(&l->timer);
}

static void forget(struct io_logger *l)
{
	for (struct io_logger **at = &loggers; *at; at = &(*at)->next)
		if (*at == l) {
			*at = l->next;
			break;
		}
	ev_timer_stop(&l->timer);
	free(l->path);
	free(l);
}

struct io_logger *io_logger_free(struct io_logger *l)
{
	if (!l)
		return NULL;
	stop_waiting(l);
	io_stream_done(&l->rest[0]);
	io_stream_done(&l->rest[1]);
	l->changed = NULL;
	if (!io_logger_is_alive(l))
		forget(l);
	else if (!l->told_to_end)
		(void)on_terminate(&l->timer); /* it is only what a timer calls: always 0 */
	return NULL;
}

static void take_over(struct io_stream *s, struct io_logger *l)
{
	struct err ignored; /* without memory the container gets SIGPIPE */

	if (s->src >= 0)
		(void)io_stream_start(s, l->loop, false, &ignored);
}

bool io_reaped(pid_t pid)
{
	struct io_logger *l = loggers;

	while (l && l->pid != pid)
		l = l->next;
	if (!l)
		return false;
	l->pid = 0;
	if (!is_awaited(l))
		ev_timer_stop(&l->timer);
	if (!l->changed) {
		forget(l);
		return true;
	}
	take_over(&l->rest[0], l);
	take_over(&l->rest[1], l);
	l->changed(l->data);
	return true;
}

uint64_t io_logger_lost(const struct io_logger *l)
{
	return l->rest[0].lost + l->rest[1].lost;
}

/* ---- all of it ---------------------------------------------------------------------------------- */

/* On success the writing ends are the caller's; all else is closed or the logger's. */
static int connect_and_start(struct io_logger *l, const struct io_spec *spec, int ret_write[2],
			     struct err *e)
{
	int ends[N_FDS][2] = { { -EBADF, -EBADF }, { -EBADF, -EBADF }, { -EBADF, -EBADF } };
	int r = 0;

	for (int i = 0; i < 2 && r == 0; i++) {
		r = io_pipe(spec, ends[i], e);
		l->rest[i].src = ends[i][0];
	}
	if (r == 0 && pipe2(ends[2], O_CLOEXEC) < 0)
		r = err_sys(e, errno, "pipe2", "for a logger");
	l->ready_fd = ends[2][0];
	if (r == 0)
		r = start_program(l, spec, (int[]){ ends[0][0], ends[1][0], ends[2][1] }, e);
	x_close(ends[2][1]);
	if (r == 0) {
		loggers = l;
		r = await_ready(l, e);
	}
	if (r < 0) {
		x_close(ends[0][1]);
		x_close(ends[1][1]);
		return r;
	}
	ret_write[0] = ends[0][1];
	ret_write[1] = ends[1][1];
	return 0;
}

int io_logger_new(struct ev_loop *loop, const struct io_spec *spec, void (*changed)(void *data),
		  void *data, struct io_logger **ret, int ret_write[2], struct err *e)
{
	struct io_logger *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return err_nomem(e);
	*l = (struct io_logger){ .next = loggers,
				 .loop = loop,
				 .ready_fd = -EBADF,
				 .needs_byte = io_uri_is(spec->stdout_path, "binary-v2"),
				 .rest = { IO_STREAM_NONE, IO_STREAM_NONE },
				 .changed = changed,
				 .data = data };
	r = io_uri_path(spec->stdout_path, &l->path, e);
	if (r == 0)
		r = connect_and_start(l, spec, ret_write, e);
	if (r < 0) {
		io_logger_free(l);
		return r;
	}
	*ret = l;
	return 0;
}
