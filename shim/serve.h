/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon. */
#pragma once

#include "args.h"

/* Serves tasks on the listening socket (taken) until it is shut down; returns the exit status. argv
 * is overwritten: ps shows who this is. */
int serve(const struct args *a, const char *address, int listener_take, int argc, char **argv);
