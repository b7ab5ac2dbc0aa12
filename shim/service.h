/* SPDX-License-Identifier: Apache-2.0 */
/* containerd.task.v2.Task and containerd.task.v3.Task. */
#pragma once

#include "shim.h"

/* Serves the task service on the listening socket (borrowed): s->server. */
int service_start(struct shim *s, int listener, struct err *e);
