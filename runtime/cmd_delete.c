/* SPDX-License-Identifier: Apache-2.0 */
/* hull delete */
#include "command.h"

struct delete_args {
	bool force;
};

static const struct opt options[] = {
	OPT(delete_args, force, OPT_FLAG, "force", .letter = 'f',
	    .help = "kill it first if need be; no error if there is no such container"),
	{},
};

static int run(const struct call *call, struct err *e)
{
	const struct delete_args *a = call->options;

	return lc_delete(call->ctx, call->args[0], a->force, e);
}

const struct command cmd_delete = {
	.name = "delete",
	.args = "<container-id>",
	.summary = "remove a stopped container",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.options_size = sizeof(struct delete_args),
	.run = run,
};
