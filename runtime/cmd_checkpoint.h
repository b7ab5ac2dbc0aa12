/* SPDX-License-Identifier: Apache-2.0 */
/* What `checkpoint` and `restore` have in common. */
#pragma once

#include "command.h"

struct criu_args {
	struct lc_criu_opts lc;
	int cgroups_mode;
	struct opt_strings empty_ns;
};

/* For a struct that starts with a struct criu_args. */
extern const struct opt criu_options[];
/* What of them is not stored in its place by the table. */
int criu_args_finish(struct criu_args *a, struct err *e);
