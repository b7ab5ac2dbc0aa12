/* SPDX-License-Identifier: Apache-2.0 */
/* What `create` and `run` have in common. */
#pragma once

#include "command.h"

struct create_args {
	struct lc_create_opts lc;
	bool dry_run;
};

/* For a struct that starts with a struct create_args. */
extern const struct opt create_options[];
/* --dry-run: prints the plan. */
int create_print_plan(const struct call *call, const struct lc_create_opts *o, struct err *e);
