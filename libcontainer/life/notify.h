/* SPDX-License-Identifier: Apache-2.0 */
/* From the container's sd_notify(3) to ours, the container's directory between them. */
#pragma once

#include "base/err.h"
#include "libcontainer.h"
#include "life/record.h"
#include "plan/plan.h"

/* Whether the address can be used at all; fine when there is none. */
int notify_check(const struct lc_notify *n, struct err *e);
/* create: the directory, and the source of the mount that the plan has for it. Nothing to do for a
 * plan without. */
int notify_prepare(const struct statedir *d, struct plan *p, struct err *e);
/* start, before init goes on: from here the container is heard. pidfd is borrowed. Nothing to do
 * when nobody wants to know (n is NULL) or the container knows nothing of it. */
int notify_listen(struct lc_notify *n, const struct statedir *d, const struct record *rec,
		  int pidfd, struct err *e);
