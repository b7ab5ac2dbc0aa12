/* SPDX-License-Identifier: Apache-2.0 */
/* hull start */
#include "command.h"

static const struct opt options[] = { {} };

static int run(const struct call *call, struct err *e)
{
	return lc_start(call->ctx, call->args[0], e);
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
