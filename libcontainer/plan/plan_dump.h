/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as stable, readable text: --dry-run and golden tests. */
#pragma once

#include "base/buf.h"
#include "plan/plan.h"

/* One line an order, in the order of execution, under the heading of its concern. A word is quoted
 * when it holds more than plain characters. No descriptor numbers, pids or addresses, so that the
 * same input gives the same text on every machine. cap_names: by number, ends with NULL. */
void plan_dump(const struct plan *p, const char *const *cap_names, struct buf *out);
/* The part of it that is about a process. */
void plan_dump_process(const struct plan_process *pp, const char *const *cap_names,
		       struct buf *out);
