/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of names and values, looked up in both directions: every enum that has a spelling. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct name_value {
	const char *name;
	uint64_t value;
};

static inline const struct name_value *map_find(const struct name_value *t, size_t n,
						const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(t[i].name, name) == 0)
			return &t[i];
	return NULL;
}

/* The first name with that value, or NULL. */
static inline const char *map_name(const struct name_value *t, size_t n, uint64_t value)
{
	for (size_t i = 0; i < n; i++)
		if (t[i].value == value)
			return t[i].name;
	return NULL;
}

#define MAP_FIND(table, name) map_find((table), sizeof(table) / sizeof((table)[0]), (name))
#define MAP_NAME(table, value) map_name((table), sizeof(table) / sizeof((table)[0]), (value))
