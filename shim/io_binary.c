/* SPDX-License-Identifier: Apache-2.0 */
/* Loggers: binary://PATH?KEY=VALUE... runs PATH KEY VALUE... with the container's output on 3 and 4
 * and a descriptor to say that it is ready on 5. */
#include "io_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

#define FIRST_FD 3 /* of the logger: stdout, stderr, ready */
#define N_FDS 3

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

static int start(struct io_helper *h, const struct io_spec *spec, const int fds[3], pid_t *ret,
		 struct err *e)
{
	_cleanup_free_ char *query = NULL;
	_cleanup_free_ char **argv = NULL;
	_cleanup_buf_ struct buf id = {}, ns = {};
	int r = copy_query(spec->stdout_path, &query, e);

	if (r < 0)
		return r;
	argv = make_argv(h->path, query);
	buf_fmt(&id, "CONTAINER_ID=%s", spec->id);
	buf_fmt(&ns, "CONTAINER_NAMESPACE=%s", spec->ns);
	if (!argv || buf_ok(&id) < 0 || buf_ok(&ns) < 0)
		return err_nomem(e);
	r = spawn(ret, argv, (char *[]){ id.data, ns.data, NULL }, fds);
	return r != 0 ? err_sys(e, r, "posix_spawn", "logger %s", h->path) : 0;
}

const struct io_helper_kind io_binary = { .name = "logger", .n_pipes = 2, .start = start };
const struct io_helper_kind io_binary_v2 = {
	.name = "logger", .needs_byte = true, .n_pipes = 2, .start = start
};
