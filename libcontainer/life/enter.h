/* SPDX-License-Identifier: Apache-2.0 */
/* Which namespaces a process enters that joins a running container: exec's, and that of mounts. */
#pragma once

#include "life/record.h"
#include "plan/plan.h"

/* Fills p->ns for a spawn with a target; p->proc_fd is open. */
void enter_plan(const struct lc_ctx *ctx, const struct record *r, struct plan *p);
