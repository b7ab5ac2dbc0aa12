/* SPDX-License-Identifier: Apache-2.0 */
/* Another OCI runtime (options.BinaryName), driven by its command line as runc's own shim does. All
 * of this runs in a worker, and waits. */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "libcontainer.h"
#include "task.h"

int runner_create(const struct task *t, int terminal, pid_t *ret_pid, struct err *e);
int runner_restore(const struct task *t, int terminal, pid_t *ret_pid, struct err *e);
int runner_checkpoint(const struct task *t, const struct lc_checkpoint_opts *o, struct err *e);
int runner_exec(const struct proc *p, int terminal, pid_t *ret_pid, struct err *e);
/* resources: JSON, for its standard input. */
int runner_update(const struct task *t, const char *resources, struct err *e);
/* Any other verb: `VERB [FLAG] ID [LAST]`. On failure *e has what the runtime logged as error. */
int runner_call(const struct task *t, const char *verb, const char *flag, const char *last,
		struct err *e);
