/* SPDX-License-Identifier: Apache-2.0 */
/* hull delete */
#include "command.h"
#include "matching.h"

struct delete_args {
	bool force, regex;
};

static const struct opt options[] = {
	OPT(delete_args, force, OPT_FLAG, "force", .letter = 'f',
	    .help = "kill it first if need be; no error if there is no such container"),
	OPT(delete_args, regex, OPT_FLAG, "regex", .letter = 'r',
	    .help = "the id is a regular expression: every container that matches"),
	{},
};

static int delete_one(const struct call *call, const char *id, struct err *e)
{
	const struct delete_args *a = call->options;

	return lc_delete(call->ctx, id, a->force, e);
}

static int run(const struct call *call, struct err *e)
{
	const struct delete_args *a = call->options;

	return a->regex ? matching_each(call, delete_one, e) : delete_one(call, call->args[0], e);
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
