/* SPDX-License-Identifier: Apache-2.0 */
/* The part of TOML that runtime options are written in: KEY = VALUE lines of the top-level table. */
#pragma once

#include <stddef.h>

#include "base/json.h"

/* Fills object from the keys that fields (the tables of base/json.h) has a row for: J_BOOL, J_U32
 * and J_STRING. Other keys and other tables are skipped. Strings live in the arena. */
int toml_decode(const struct json_field *fields, void *object, const char *text, size_t len,
		struct arena *arena, struct err *e);
