/* SPDX-License-Identifier: Apache-2.0 */
/* Telling a service manager that containers are ready. */
#include "notify.h"

#include <stdlib.h>

#include "base/log.h"

void notify_open(struct lc_ctx *ctx, struct lc_notify *n)
{
	const char *to = getenv("NOTIFY_SOCKET");

	*n = (struct lc_notify)LC_NOTIFY_TO(to);
	ctx->notify = to && *to ? n : NULL;
}

static void warn(const struct err *e)
{
	char text[640];

	err_text(e, text, sizeof(text));
	log_warning("nobody learns that the container is ready: %s", text);
}

void notify_take(struct lc_notify *n, bool as_main)
{
	struct err e;

	if (lc_notify_take(n, as_main, &e) < 0)
		warn(&e);
}

void notify_wait(struct lc_notify *n)
{
	struct err e;

	if (lc_notify_wait(n, &e) < 0)
		warn(&e);
}
