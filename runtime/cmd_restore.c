/* SPDX-License-Identifier: Apache-2.0 */
/* hull restore: in the foreground it also waits and deletes. */
#include <errno.h>

#include "base/cleanup.h"
#include "cmd_checkpoint.h"
#include "cmd_run.h"

struct restore_args {
	struct criu_args criu; /* first: criu_options */
	struct lc_restore_opts lc;
	bool no_subreaper;
};

static const struct opt options[] = {
	OPT(restore_args, lc.create.bundle, OPT_STRING, "bundle", .letter = 'b', .value = "DIR",
	    .help = "directory of the bundle (default: the working directory)"),
	OPT(restore_args, lc.create.console_socket, OPT_STRING, "console-socket", .value = "PATH",
	    .help = "unix socket that receives the terminal's master descriptor"),
	OPT(restore_args, lc.create.detach, OPT_FLAG, "detach", .letter = 'd',
	    .help = "leave the container running in the background"),
	OPT(restore_args, lc.create.pid_file, OPT_STRING, "pid-file", .value = "FILE",
	    .help = "write the container's process id to FILE"),
	OPT(restore_args, no_subreaper, OPT_FLAG, "no-subreaper",
	    .help = "do not take over the container's orphans"),
	OPT(restore_args, lc.create.no_pivot, OPT_FLAG, "no-pivot",
	    .help = "as it was given to create"),
	OPT(restore_args, lc.tcp_close, OPT_FLAG, "tcp-close",
	    .help = "restore TCP connections as closed"),
	OPT(restore_args, lc.lsm_profile, OPT_STRING, "lsm-profile", .value = "TYPE:NAME",
	    .help = "apparmor or selinux profile instead of the one in the images"),
	OPT(restore_args, lc.lsm_mount_context, OPT_STRING, "lsm-mount-context", .value = "LABEL",
	    .help = "SELinux label of mounts instead of the one in the images"),
	{ .more = criu_options },
};

static int restore_detached(const struct call *call, struct restore_args *a, struct err *e)
{
	pid_t pid;

	a->lc.create.terminal_fd = -EBADF;
	return lc_restore(call->ctx, call->args[0], &a->lc, &pid, e);
}

static int restore_foreground(const struct call *call, struct restore_args *a, struct err *e)
{
	_cleanup_(foreground_close) struct foreground f = FOREGROUND_NONE;
	struct err ignored;
	pid_t pid;
	int r = foreground_open(&f, !a->no_subreaper, e);

	if (r < 0)
		return r;
	a->lc.create.terminal_fd = foreground_terminal_socket(&f);
	r = lc_restore(call->ctx, call->args[0], &a->lc, &pid, e);
	if (r < 0)
		return r;
	r = foreground_attach(&f, pid, e);
	if (r >= 0)
		return run_until_exit(call, &f, false, e);
	(void)lc_delete(call->ctx, call->args[0], true, &ignored); /* it has no terminal */
	return r;
}

static int run(const struct call *call, struct err *e)
{
	struct restore_args *a = call->options;
	int r = criu_args_finish(&a->criu, e);

	if (r < 0)
		return r;
	a->lc.criu = a->criu.lc;
	return a->lc.create.detach ? restore_detached(call, a, e) : restore_foreground(call, a, e);
}

const struct command cmd_restore = {
	.name = "restore",
	.args = "<container-id>",
	.summary = "make a container that goes on where its checkpoint ended",
	.notes = "The program criu has to be installed. In the foreground, the exit status is the\n"
		 "program's, or 128 + N when signal N ended it.\n",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.options_size = sizeof(struct restore_args),
	.run = run,
};
