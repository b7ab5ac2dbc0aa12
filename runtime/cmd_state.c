/* SPDX-License-Identifier: Apache-2.0 */
/* hull state */
#include "command.h"
#include "report.h"
#include "base/cleanup.h"

static const struct opt options[] = { {} };

static int run(const struct call *call, struct err *e)
{
	_cleanup_(lc_state_done) struct lc_state state = {};
	_cleanup_buf_ struct buf out = {};
	int r = lc_state(call->ctx, call->args[0], &state, e);

	if (r < 0)
		return r;
	r = lc_state_write(&state, 2, &out, e);
	return r < 0 ? r : report_output(&out, e);
}

const struct command cmd_state = {
	.name = "state",
	.args = "<container-id>",
	.summary = "tell the state of a container as JSON",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.options_size = 1,
	.run = run,
};
