/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON value on its way into C: what a type accepts and how a scalar is stored. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

enum json_found {
	FOUND_NULL = 1,
	FOUND_BOOL = 2,
	FOUND_NUMBER = 4,
	FOUND_STRING = 8,
	FOUND_OBJECT = 16,
	FOUND_ARRAY = 32,
};

struct json_value {
	enum json_found found;
	bool truth;
	const char *text; /* of a string or number, not terminated */
	size_t len;
};

/* The words for errors: what was found, what a type expects. */
const char *json_value_found(enum json_found found);
const char *json_value_expected(enum json_type type);
bool json_value_fits(enum json_type type, enum json_found found);
/* Stores a scalar that fits the type into slot, which stays untouched on failure. The row is that
 * of the property, or of the array or map the value belongs to. 0, or negative with *e filled:
 * ERR_SYS when out of memory, else what is wrong with the value. */
int json_value_store(enum json_type type, const struct json_field *row, const struct json_value *v,
		     struct arena *arena, void *slot, struct err *e);
