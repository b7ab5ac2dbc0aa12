/* SPDX-License-Identifier: Apache-2.0 */
/* `events --stats` for people: everything about one container, a line for each thing. */
#pragma once

#include "libcontainer.h"

void sheet_write(const struct lc_stats *s, struct buf *out);
