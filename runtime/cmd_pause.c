/* SPDX-License-Identifier: Apache-2.0 */
/* hull pause and hull resume */
#include "command.h"

static const struct opt options[] = { {} };

static int pause_it(const struct call *call, struct err *e)
{
	return lc_pause(call->ctx, call->args[0], e);
}

static int resume_it(const struct call *call, struct err *e)
{
	return lc_resume(call->ctx, call->args[0], e);
}

const struct command cmd_pause = {
	.name = "pause",
	.args = "<container-id>",
	.summary = "suspend all processes of a container",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.options_size = 1,
	.run = pause_it,
};

const struct command cmd_resume = {
	.name = "resume",
	.args = "<container-id>",
	.summary = "let a paused container go on",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.options_size = 1,
	.run = resume_it,
};
