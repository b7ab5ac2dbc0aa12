/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of config.json that lie inside the container. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* A clean, absolute copy in the arena: relative ones start at "/". */
int paths_clean(const char *path, const char **ret, struct arena *arena, struct err *e);
