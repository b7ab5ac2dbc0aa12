/* SPDX-License-Identifier: Apache-2.0 */
/* hull ps: the container's processes, as numbers or as the host's ps(1) tells about them. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "command.h"
#include "report.h"
#include "base/cleanup.h"
#include "base/num.h"

#define BLANKS " \t"

enum { TABLE, JSON };

struct ps_args {
	int format;
};

struct pids {
	pid_t *items;
	size_t n;
};

static const struct name_value formats[] = {
	{ "table", TABLE },
	{ "json", JSON },
};

static const struct opt options[] = {
	OPT(ps_args, format, OPT_CHOICE, "format", .letter = 'f', .standard = "table",
	    .help = "ps(1) output or an array of process ids", OPT_NAMES(formats)),
	{},
};

static void print_json(const struct pids *pids, struct buf *out)
{
	buf_str(out, "[");
	for (size_t i = 0; i < pids->n; i++)
		buf_fmt(out, "%s%d", i ? "," : "", pids->items[i]);
	buf_str(out, "]\n");
}

/* ---- the host's ps ---- */

static int spawn_ps(char *const *argv, int out, pid_t *ret, struct err *e)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawnp(ret, "ps", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return r ? err_sys(e, r, "exec", "the host's ps") : 0;
}

static int read_all(int fd, struct buf *out, struct err *e)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(out, chunk, (size_t)n);
	if (n < 0)
		return err_sys(e, errno, "read", "output of ps");
	return buf_ok(out) < 0 ? err_nomem(e) : 0;
}

static int run_ps(char *const *argv, struct buf *out, struct err *e)
{
	_cleanup_close_ int from = -EBADF, to = -EBADF;
	int r, status, pair[2];
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, errno, "pipe2", "for ps");
	from = pair[0];
	to = pair[1];
	r = spawn_ps(argv, to, &pid, e);
	if (r < 0)
		return r;
	to = x_close(to);
	r = read_all(from, out, e);
	from = x_close(from);
	if (waitpid(pid, &status, 0) < 0)
		return err_sys(e, errno, "waitpid", "ps");
	if (r >= 0 && status != 0)
		return err_kind(e, ERR_INVALID, "the host's ps refused its options");
	return r;
}

/* ---- its lines about the container ---- */

/* The n-th word of a line, at *ret; returns its length, 0 when there are fewer. */
static size_t find_word(const char *line, size_t n, const char **ret)
{
	line += strspn(line, BLANKS);
	while (n-- > 0) {
		line += strcspn(line, BLANKS);
		line += strspn(line, BLANKS);
	}
	*ret = line;
	return strcspn(line, BLANKS);
}

static int find_column(const char *title, struct err *e)
{
	const char *word;
	size_t len;

	for (int i = 0; (len = find_word(title, (size_t)i, &word)) > 0; i++)
		if (len == 3 && strncmp(word, "PID", 3) == 0)
			return i;
	return err_bad(e, "", "the options of ps show no PID column");
}

static bool is_ours(const struct pids *pids, const char *line, size_t column)
{
	const char *word;
	size_t len = find_word(line, column, &word);
	char number[16];
	int pid;

	if (len == 0 || len >= sizeof(number))
		return false;
	memcpy(number, word, len);
	number[len] = '\0';
	if (num_parse_int(number, &pid) < 0)
		return false;
	for (size_t i = 0; i < pids->n; i++)
		if (pids->items[i] == pid)
			return true;
	return false;
}

static int filter(const struct pids *pids, char *text, struct buf *out, struct err *e)
{
	char *rest = text;
	const char *line = strsep(&rest, "\n");
	int column = find_column(line, e);

	if (column < 0)
		return column;
	buf_fmt(out, "%s\n", line);
	while ((line = strsep(&rest, "\n")))
		if (is_ours(pids, line, (size_t)column))
			buf_fmt(out, "%s\n", line);
	return 0;
}

static int print_table(const struct pids *pids, char *const *argv, struct buf *out, struct err *e)
{
	_cleanup_buf_ struct buf text = {};
	int r = run_ps(argv, &text, e);

	if (r < 0)
		return r;
	return text.data ? filter(pids, text.data, out, e) : err_bad(e, "", "ps printed nothing");
}

/* The id has been used: its place in front of the options is that of the program's name. */
static char *const *ps_argv(const struct call *call)
{
	static char name[] = "ps";
	static char *const standard[] = { name, "-ef", NULL };

	call->args[0] = name;
	return call->n_args > 1 ? call->args : standard;
}

static int run(const struct call *call, struct err *e)
{
	const struct ps_args *a = call->options;
	_cleanup_free_ pid_t *items = NULL;
	_cleanup_buf_ struct buf out = {};
	struct pids pids = {};
	int r = lc_ps(call->ctx, call->args[0], &items, &pids.n, e);

	if (r < 0)
		return r;
	pids.items = items;
	if (a->format == JSON)
		print_json(&pids, &out);
	else
		r = print_table(&pids, ps_argv(call), &out, e);
	return r < 0 ? r : report_output(&out, e);
}

const struct command cmd_ps = {
	.name = "ps",
	.args = "<container-id> [ps options]",
	.summary = "show the processes of a container",
	.notes = "The options of ps are those of the host's ps(1) (default: -ef).\n",
	.min_args = 1,
	.max_args = ANY_NUMBER,
	.options = options,
	.options_size = sizeof(struct ps_args),
	.in_order = true,
	.run = run,
};
