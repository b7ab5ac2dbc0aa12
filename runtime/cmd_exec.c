/* SPDX-License-Identifier: Apache-2.0 */
/* hull exec */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "command.h"
#include "foreground.h"
#include "base/cleanup.h"
#include "base/num.h"

/* What callers know as the exit status of an exec that did not come to run anything. */
#define EXIT_EXEC_FAILURE 255

struct exec_args {
	struct lc_exec_opts lc;
	struct opt_strings env, caps, gids;
};

static const struct opt options[] = {
	OPT(exec_args, lc.process_file, OPT_STRING, "process", .letter = 'p', .value = "FILE",
	    .help = "take everything about the process from FILE (process.json)"),
	OPT(exec_args, lc.tty, OPT_FLAG, "tty", .letter = 't', .help = "give it a terminal"),
	OPT(exec_args, lc.detach, OPT_FLAG, "detach", .letter = 'd',
	    .help = "leave the process running in the background"),
	OPT(exec_args, env, OPT_STRINGS, "env", .letter = 'e', .value = "NAME=VALUE",
	    .help = "one more environment variable (repeatable)"),
	OPT(exec_args, lc.user, OPT_STRING, "user", .letter = 'u', .value = "UID[:GID]",
	    .help = "run as this user and group"),
	OPT(exec_args, gids, OPT_STRINGS, "additional-gids", .letter = 'g', .value = "GID",
	    .help = "one more group (repeatable)"),
	OPT(exec_args, caps, OPT_STRINGS, "cap", .letter = 'c', .value = "CAP",
	    .help = "one more capability (repeatable)"),
	OPT(exec_args, lc.cwd, OPT_STRING, "cwd", .value = "DIR",
	    .help = "working directory in the container"),
	OPT(exec_args, lc.cgroup, OPT_STRING, "cgroup", .value = "PATH",
	    .help = "cgroup below the container's"),
	OPT(exec_args, lc.ignore_paused, OPT_FLAG, "ignore-paused",
	    .help = "do it even if the container is paused"),
	OPT(exec_args, lc.preserve_fds, OPT_UNSIGNED, "preserve-fds", .value = "N",
	    .help = "hand down N more descriptors after stdio and $LISTEN_FDS"),
	OPT(exec_args, lc.pid_file, OPT_STRING, "pid-file", .value = "FILE",
	    .help = "write the process id to FILE"),
	OPT(exec_args, lc.console_socket, OPT_STRING, "console-socket", .value = "PATH",
	    .help = "unix socket that receives the terminal's master descriptor"),
	OPT(exec_args, lc.pidfd_socket, OPT_STRING, "pidfd-socket", .value = "PATH",
	    .help = "unix socket that receives a process descriptor (pidfd) of the process"),
	OPT(exec_args, lc.process_label, OPT_STRING, "process-label", .value = "LABEL",
	    .help = "SELinux label of the process"),
	OPT(exec_args, lc.apparmor, OPT_STRING, "apparmor", .value = "PROFILE",
	    .help = "AppArmor profile of the process"),
	OPT(exec_args, lc.no_new_privs, OPT_FLAG, "no-new-privs",
	    .help = "set no_new_privs for the process"),
	{},
};

static int parse_gids(const struct opt_strings *gids, uint32_t **ret, struct err *e)
{
	_cleanup_free_ uint32_t *numbers = calloc(gids->n + 1, sizeof(*numbers));

	if (!numbers)
		return err_nomem(e);
	for (size_t i = 0; i < gids->n; i++)
		if (num_parse_u32(gids->items[i], &numbers[i]) < 0)
			return err_bad(e, "", "option --additional-gids: \"%s\" is no group id",
				       gids->items[i]);
	*ret = take_ptr(numbers);
	return 0;
}

static int check(const struct call *call, const struct lc_exec_opts *o, struct err *e)
{
	if (o->process_file && call->n_args > 1)
		return err_bad(e, "", "a command and --process exclude each other");
	if (!o->process_file && call->n_args == 1)
		return err_bad(e, "",
			       "process args cannot be empty: name a command or --process FILE");
	return 0;
}

static int exec_detached(const struct call *call, struct lc_exec_opts *o, struct err *e)
{
	pid_t pid;

	o->terminal_fd = -EBADF;
	return lc_exec(call->ctx, call->args[0], o, &pid, e);
}

static int exec_foreground(const struct call *call, struct lc_exec_opts *o, struct err *e)
{
	_cleanup_(foreground_close) struct foreground f = FOREGROUND_NONE;
	struct winsize size;
	pid_t pid;
	int r;

	r = foreground_open(&f, false, e);
	if (r < 0)
		return r;
	o->terminal_fd = foreground_terminal_socket(&f);
	if (terminal_size(&size)) { /* the program runs before we could tell its terminal */
		o->rows = size.ws_row;
		o->columns = size.ws_col;
	}
	r = lc_exec(call->ctx, call->args[0], o, &pid, e);
	if (r < 0)
		return r;
	r = foreground_attach(&f, pid, e);
	if (r >= 0)
		r = foreground_wait(&f, e);
	if (r < 0)
		(void)kill(pid, SIGKILL); /* not left behind without its terminal */
	return r;
}

static int run(const struct call *call, struct err *e)
{
	struct exec_args *a = call->options;
	_cleanup_free_ uint32_t *gids = NULL;
	int r = check(call, &a->lc, e);

	if (r < 0)
		return r;
	r = parse_gids(&a->gids, &gids, e);
	if (r < 0)
		return r;
	a->lc.args = (const char *const *)call->args + 1;
	a->lc.env = a->env.items;
	a->lc.caps = a->caps.items;
	a->lc.additional_gids = gids;
	a->lc.n_additional_gids = a->gids.n;
	return a->lc.detach ? exec_detached(call, &a->lc, e) : exec_foreground(call, &a->lc, e);
}

const struct command cmd_exec = {
	.name = "exec",
	.args = "<container-id> [command [arguments]]",
	.summary = "run one more process in a running container",
	.notes =
		"The exit status is the process's, 128 + N when signal N ended it, or 255 when it\n"
		"could not be run.\n",
	.min_args = 1,
	.max_args = ANY_NUMBER,
	.options = options,
	.options_size = sizeof(struct exec_args),
	.in_order = true,
	.protect = true,
	.failure = EXIT_EXEC_FAILURE,
	.run = run,
};
