/* SPDX-License-Identifier: Apache-2.0 */
/* The agent behind linux.seccomp.listenerPath, which decides on a container's SCMP_ACT_NOTIFY calls. */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "life/record.h"

/* Connects to the agent that config.json in d names, sends one "container process state"
 * (runtime-spec, config-linux) of the process pid with its listener (borrowed), and hangs up.
 * rec: the container that pid belongs to, in this status. Then tells the process, over its sync
 * socket, to go on. */
int seccomp_agent_serve(const struct statedir *d, const struct record *rec, enum lc_status status,
			pid_t pid, int listener, int sync, struct err *e);
