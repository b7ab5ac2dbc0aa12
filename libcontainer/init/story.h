/* SPDX-License-Identifier: Apache-2.0 */
/* What the stories of create (init.c) and exec (init_exec.c) share: a list of steps, one way to
 * fail, and the last steps before the program. */
#pragma once

#include <stddef.h>

#include "init/init.h"

typedef int (*story_step)(struct init_ctx *, struct err *);

/* Runs the steps in order. The first failure is reported and ends the process. */
void story_run(struct init_ctx *c, const story_step *steps, size_t n);
/* The only way to fail: tells the runtime why, then exits. */
void story_die(struct init_ctx *c, const struct err *e) __attribute__((noreturn));

/* Closes every descriptor but 0, 1, 2, the preserved ones and these. */
int story_close_others(const struct init_ctx *c, const int *keep, size_t n, struct err *e);

/* Steps: a session and keyring of its own; the terminal, its master sent to the runtime. */
int story_session(struct init_ctx *c, struct err *e);
int story_terminal(struct init_ctx *c, struct err *e);
/* Everything is there but the program: waits until the runtime's record is final. Without a runtime
 * (end of file) the process ends here. */
int story_ready(struct init_ctx *c, struct err *e);
/* Gives up what the program must not have and becomes it; returns only on failure. */
int story_program(struct init_ctx *c, struct err *e);
