/* SPDX-License-Identifier: Apache-2.0 */
/* hull kill */
#include "command.h"
#include "matching.h"
#include "signals.h"

struct kill_args {
	bool all, regex;
	int signal; /* the argument */
};

static const struct opt options[] = {
	OPT(kill_args, all, OPT_FLAG, "all", .letter = 'a',
	    .help = "send it to every process of the container"),
	OPT(kill_args, regex, OPT_FLAG, "regex", .letter = 'r',
	    .help = "the id is a regular expression: every container that matches"),
	{},
};

static int kill_one(const struct call *call, const char *id, struct err *e)
{
	const struct kill_args *a = call->options;

	return lc_kill(call->ctx, id, a->signal, a->all, e);
}

static int run(const struct call *call, struct err *e)
{
	struct kill_args *a = call->options;

	a->signal = signals_parse(call->n_args > 1 ? call->args[1] : "TERM", e);
	if (a->signal < 0)
		return a->signal;
	return a->regex ? matching_each(call, kill_one, e) : kill_one(call, call->args[0], e);
}

const struct command cmd_kill = {
	.name = "kill",
	.args = "<container-id> [signal]",
	.summary = "send a signal to a container's first process",
	.notes = "The signal is a number or a name: 9, KILL, SIGKILL, RTMIN+3 (default: TERM).\n",
	.min_args = 1,
	.max_args = 2,
	.options = options,
	.options_size = sizeof(struct kill_args),
	.run = run,
};
