/* SPDX-License-Identifier: Apache-2.0 */
/* hull kill */
#include "command.h"
#include "signals.h"

struct kill_args {
	bool all;
};

static const struct opt options[] = {
	OPT(kill_args, all, OPT_FLAG, "all", .letter = 'a',
	    .help = "send it to every process of the container"),
	{},
};

static int run(const struct call *call, struct err *e)
{
	const struct kill_args *a = call->options;
	int sig = signals_parse(call->n_args > 1 ? call->args[1] : "TERM", e);

	if (sig < 0)
		return sig;
	return lc_kill(call->ctx, call->args[0], sig, a->all, e);
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
