/* SPDX-License-Identifier: Apache-2.0 */
/* What a command is: a row for main.c, defined in its cmd_*.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "libcontainer.h"
#include "opts.h"

struct command;

struct call {
	const struct command *command;
	struct lc_ctx *ctx;
	void *options; /* command->options_size bytes, filled by the table */
	char **args;   /* the words that are no options, NULL terminated */
	size_t n_args;
};

struct command {
	const char *name;
	const char *args; /* for help: "<container-id>" */
	const char *summary;
	const char *notes; /* more for its help, whole lines, or NULL */
	size_t min_args, max_args;
	const struct opt *options;
	size_t options_size;
	bool in_order; /* options end at the first word that is none: the rest is not ours */
	bool protect;  /* enters a container: see lc_protect_self */
	int failure;   /* exit status of an error, when not EXIT_FAILURE */
	/* Returns the exit status, or negative errno with *e filled. */
	int (*run)(const struct call *call, struct err *e);
};

#define ANY_NUMBER SIZE_MAX

extern const struct command cmd_check, cmd_checkpoint, cmd_create, cmd_delete, cmd_events, cmd_exec,
	cmd_features, cmd_kill, cmd_list, cmd_mounts, cmd_pause, cmd_ps, cmd_restore, cmd_resume,
	cmd_run, cmd_spec, cmd_start, cmd_state, cmd_top, cmd_update;
