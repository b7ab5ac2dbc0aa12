/* SPDX-License-Identifier: Apache-2.0 */
/* hull start */
#include "command.h"
#include "notify.h"
#include "base/cleanup.h"

static const struct opt options[] = { {} };

static int run(const struct call *call, struct err *e)
{
	_cleanup_(lc_notify_close) struct lc_notify notify;
	int r;

	notify_open(call->ctx, &notify);
	r = lc_start(call->ctx, call->args[0], e);
	if (r < 0)
		return r;
	notify_wait(&notify);
	return 0;
}

const struct command cmd_start = {
	.name = "start",
	.args = "<container-id>",
	.summary = "run the program of a created container",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.options_size = 1,
	.run = run,
};
