/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as stable, readable text: --dry-run, --debug and golden tests. */
#pragma once

#include "base/buf.h"
#include "plan/plan.h"

/* One line an order, in the order of execution; no descriptor numbers, pids or addresses, so that
 * the same input gives the same text on every machine. */
void plan_dump(const struct plan *p, struct buf *out);
