/* SPDX-License-Identifier: Apache-2.0 */
/* `hull --version`. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

int version_write(struct buf *out, struct err *e);
