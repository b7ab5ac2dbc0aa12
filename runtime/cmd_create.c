/* SPDX-License-Identifier: Apache-2.0 */
/* hull create */
#include "cmd_create.h"

#include <errno.h>

#include "notify.h"
#include "report.h"

const struct opt create_options[] = {
	OPT(create_args, lc.bundle, OPT_STRING, "bundle", .letter = 'b', .value = "DIR",
	    .help = "directory of the bundle (default: the working directory)"),
	OPT(create_args, lc.console_socket, OPT_STRING, "console-socket", .value = "PATH",
	    .help = "unix socket that receives the terminal's master descriptor"),
	OPT(create_args, lc.pidfd_socket, OPT_STRING, "pidfd-socket", .value = "PATH",
	    .help = "unix socket that receives a process descriptor (pidfd) of the container"),
	OPT(create_args, lc.pid_file, OPT_STRING, "pid-file", .value = "FILE",
	    .help = "write the container's process id to FILE"),
	OPT(create_args, lc.no_pivot, OPT_FLAG, "no-pivot",
	    .help = "move the root file system instead of pivot_root (ramdisks)"),
	OPT(create_args, lc.no_new_keyring, OPT_FLAG, "no-new-keyring",
	    .help = "keep the caller's session keyring"),
	OPT(create_args, lc.preserve_fds, OPT_UNSIGNED, "preserve-fds", .value = "N",
	    .help = "hand down N more descriptors after stdio and $LISTEN_FDS"),
	OPT(create_args, dry_run, OPT_FLAG, "dry-run",
	    .help = "print what would be done, step by step, and do nothing"),
	{},
};

int create_print_plan(const struct call *call, const struct lc_create_opts *o, struct err *e)
{
	_cleanup_buf_ struct buf out = {};
	int r = lc_plan(call->ctx, call->args[0], o, &out, e);

	return r < 0 ? r : report_output(&out, e);
}

static int run(const struct call *call, struct err *e)
{
	struct create_args *a = call->options;
	struct lc_notify notify;
	pid_t pid;

	notify_open(call->ctx, &notify);
	a->lc.detach = true;
	a->lc.terminal_fd = -EBADF;
	if (a->dry_run)
		return create_print_plan(call, &a->lc, e);
	return lc_create(call->ctx, call->args[0], &a->lc, &pid, e);
}

const struct command cmd_create = {
	.name = "create",
	.args = "<container-id>",
	.summary = "create a container; its program waits for `start`",
	.min_args = 1,
	.max_args = 1,
	.options = create_options,
	.options_size = sizeof(struct create_args),
	.protect = true,
	.run = run,
};
