/* SPDX-License-Identifier: Apache-2.0 */
/* --regex: a command for every container whose id matches. */
#pragma once

#include "command.h"

/* Calls fn for each container with an id that matches call->args[0], a POSIX extended regular
 * expression, anywhere. Errors of one are reported and do not spare the others. Returns the exit
 * status; ERR_INVALID when it is no such expression. No match is no error. */
int matching_each(const struct call *call,
		  int (*fn)(const struct call *call, const char *id, struct err *e), struct err *e);
