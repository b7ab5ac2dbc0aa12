/* SPDX-License-Identifier: Apache-2.0 */
/* hull features */
#include "command.h"
#include "report.h"

static const struct opt options[] = { {} };

static int run(const struct call *call, struct err *e)
{
	_cleanup_buf_ struct buf out = {};
	int r = lc_features(&out, e);

	(void)call; /* nothing to choose */
	return r < 0 ? r : report_output(&out, e);
}

const struct command cmd_features = {
	.name = "features",
	.args = "",
	.summary = "tell what is implemented, as JSON",
	.options = options,
	.options_size = 1,
	.run = run,
};
