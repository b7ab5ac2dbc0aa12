/* SPDX-License-Identifier: Apache-2.0 */
/* $NOTIFY_SOCKET for the commands that make and start containers. */
#pragma once

#include "libcontainer.h"

/* The context borrows *n, when there is somebody to tell. Zero-initialised is not open: close what was
 * opened with lc_notify_close. */
void notify_open(struct lc_ctx *ctx, struct lc_notify *n);
/* Takes a message, as_main or not; what goes wrong is no failure of the container: a warning. */
void notify_take(struct lc_notify *n, bool as_main);
/* Waits until the container is ready or has ended. */
void notify_wait(struct lc_notify *n);
