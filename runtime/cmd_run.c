/* SPDX-License-Identifier: Apache-2.0 */
/* hull run: create, start and, in the foreground, wait and delete. */
#include <errno.h>

#include "cmd_create.h"
#include "cmd_run.h"
#include "notify.h"
#include "report.h"
#include "base/cleanup.h"

struct run_args {
	struct create_args create; /* first: create_options */
	bool keep, no_subreaper;
};

static const struct opt options[] = {
	OPT(run_args, create.lc.detach, OPT_FLAG, "detach", .letter = 'd',
	    .help = "leave the container running in the background"),
	OPT(run_args, keep, OPT_FLAG, "keep", .help = "do not delete the container when it exits"),
	OPT(run_args, no_subreaper, OPT_FLAG, "no-subreaper",
	    .help = "do not take over the container's orphans"),
	{ .more = create_options },
};

/* A container that cannot be started is not kept; why it cannot matters more than the clean-up. */
static int give_up(const struct call *call, int r)
{
	struct err ignored;

	(void)lc_delete(call->ctx, call->args[0], true, &ignored);
	return r;
}

static int run_detached(const struct call *call, struct run_args *a, struct err *e)
{
	pid_t pid;
	int r;

	a->create.lc.terminal_fd = -EBADF;
	r = lc_create(call->ctx, call->args[0], &a->create.lc, &pid, e);
	if (r < 0)
		return r;
	r = lc_start(call->ctx, call->args[0], e);
	if (r < 0)
		return give_up(call, r);
	if (call->ctx->notify)
		notify_wait(call->ctx->notify);
	return 0;
}

int run_until_exit(const struct call *call, struct foreground *f, bool keep, struct err *e)
{
	int status = foreground_wait(f, e);
	struct err ignored;

	if (status < 0)
		(void)lc_delete(call->ctx, call->args[0], true, &ignored);
	else if (!keep && lc_delete(call->ctx, call->args[0], true, &ignored) < 0)
		report_error("delete", call->args[0], &ignored);
	return status;
}

static int run_foreground(const struct call *call, struct run_args *a, struct err *e)
{
	_cleanup_(foreground_close) struct foreground f = FOREGROUND_NONE;
	pid_t pid;
	int r;

	r = foreground_open(&f, !a->no_subreaper, e);
	if (r < 0)
		return r;
	f.notify = call->ctx->notify;
	a->create.lc.terminal_fd = foreground_terminal_socket(&f);
	r = lc_create(call->ctx, call->args[0], &a->create.lc, &pid, e);
	if (r < 0)
		return r;
	r = foreground_attach(&f, pid, e);
	if (r >= 0)
		r = lc_start(call->ctx, call->args[0], e);
	return r < 0 ? give_up(call, r) : run_until_exit(call, &f, a->keep, e);
}

static int run(const struct call *call, struct err *e)
{
	struct run_args *a = call->options;
	_cleanup_(lc_notify_close) struct lc_notify notify;

	notify_open(call->ctx, &notify);
	if (a->create.dry_run) {
		a->create.lc.terminal_fd = -EBADF;
		return create_print_plan(call, &a->create.lc, e);
	}
	return a->create.lc.detach ? run_detached(call, a, e) : run_foreground(call, a, e);
}

const struct command cmd_run = {
	.name = "run",
	.args = "<container-id>",
	.summary = "create and start a container, wait for it and delete it",
	.notes = "The exit status is the program's, or 128 + N when signal N ended it.\n",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.options_size = sizeof(struct run_args),
	.protect = true,
	.run = run,
};
