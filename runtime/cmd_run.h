/* SPDX-License-Identifier: Apache-2.0 */
/* What `run` and `restore` have in common. */
#pragma once

#include "command.h"
#include "foreground.h"

/* Waits for the container in the foreground, then deletes it unless it is to be kept. Returns the
 * program's exit status, whether or not that clean-up succeeds. */
int run_until_exit(const struct call *call, struct foreground *f, bool keep, struct err *e);
