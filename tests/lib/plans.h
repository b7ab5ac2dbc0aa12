/* SPDX-License-Identifier: Apache-2.0 */
/* Small specifications written as C, for suites that compile parts of a plan. */
#pragma once

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/host.h"

/* An array of a specification from its elements. */
#define SPEC_ITEMS(type, ...)                                                                \
	{                                                                                    \
		.items = (type[]){ __VA_ARGS__ }, .n = ARRAY_SIZE(((type[]){ __VA_ARGS__ })) \
	}
#define SPEC_STRINGS(...) SPEC_ITEMS(const char *, __VA_ARGS__)

/* What the step under test works on; plans_enter() and plans_leave() are Criterion fixtures. */
static struct plan plan;
static struct err error;
static struct host_env host = { .id = "box", .bundle = "/" };

static void plans_enter(void)
{
	cr_assert_eq(plan_init(&plan, &error), 0);
	plan.bundle = host.bundle;
	plan.proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(plan.proc_fd, 0);
}

static void plans_leave(void)
{
	plan_done(&plan);
}
