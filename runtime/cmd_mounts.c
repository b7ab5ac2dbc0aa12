/* SPDX-License-Identifier: Apache-2.0 */
/* hull mounts: mounts of a running container come and go. */
#include <string.h>

#include "command.h"
#include "input.h"
#include "base/cleanup.h"

static const struct opt options[] = { {} };

static const struct {
	const char *name;
	int (*run)(struct lc_ctx *ctx, const char *id, const char *json, size_t len, struct err *e);
} actions[] = {
	{ "add", lc_mounts_add },
	{ "remove", lc_mounts_remove },
};

static int run(const struct call *call, struct err *e)
{
	_cleanup_buf_ struct buf text = {};

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		int r;

		if (strcmp(call->args[0], actions[i].name) != 0)
			continue;
		r = input_read(call->args[2], &text, e);
		return r < 0 ? r : actions[i].run(call->ctx, call->args[1], text.data, text.len, e);
	}
	return err_bad(e, "", "unknown action \"%s\": add or remove", call->args[0]);
}

const struct command cmd_mounts = {
	.name = "mounts",
	.args = "add|remove <container-id> <file>",
	.summary = "add mounts to a running container, or remove them",
	.notes =
		"The file (- for standard input) is a JSON array of mounts as in config.json, or an\n"
		"object with such an array as \"mounts\".\n",
	.min_args = 3,
	.max_args = 3,
	.options = options,
	.options_size = 1,
	.protect = true,
	.run = run,
};
