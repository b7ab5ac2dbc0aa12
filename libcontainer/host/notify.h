/* SPDX-License-Identifier: Apache-2.0 */
/* sd_notify(3) in the container. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "plan/plan.h"
#include "spec/spec.h"

struct host_env;

#define NOTIFY_TARGET "/run/notify"
#define NOTIFY_ENTRY "NOTIFY_SOCKET=" NOTIFY_TARGET "/notify.sock"

/* Somebody wants to know, and what is mounted for it stays in the container. */
bool notify_is_wanted(const struct host_env *h, const struct spec *s);
/* The mount, but for its source. */
void notify_plan(struct plan_mount *m, size_t index);
