/* SPDX-License-Identifier: Apache-2.0 */
/* From a bundle directory to a plan: the part of create, check and --dry-run that touches nothing. */
#pragma once

#include "base/err.h"
#include "host/host.h"
#include "libcontainer.h"
#include "life/record.h"
#include "plan/plan.h"
#include "spec/spec.h"

struct bundle {
	int fd;		  /* O_PATH of the directory, owned */
	const char *path; /* absolute, in the plan's arena */
	struct spec *spec;
	const char *text; /* config.json as it was read */
	struct plan plan;
};
#define BUNDLE_EMPTY                                                                \
	{                                                                           \
		.fd = -EBADF, .plan.proc_fd = -EBADF, .plan.rootfs.tree_fd = -EBADF \
	}

/* Opens the directory (NULL: the working directory) and starts the plan's arena. */
int bundle_open(const char *path, struct bundle *ret, struct err *e);
/* Reads and checks config.json, then compiles the plan; dry: opens nothing of the host. */
int bundle_plan(struct bundle *b, const struct lc_ctx *ctx, const char *id,
		const struct lc_create_opts *o, bool dry, struct err *e);
void bundle_done(struct bundle *b);
#define _cleanup_bundle_ __attribute__((cleanup(bundle_done)))

/* The hooks of one kind from the configuration kept in the state directory, ready for hooks_run;
 * *ret is to be freed with plan_done in any case. */
int bundle_hooks(const struct statedir *d, const struct record *r, enum plan_hook_kind kind,
		 struct plan *ret, struct err *e);
