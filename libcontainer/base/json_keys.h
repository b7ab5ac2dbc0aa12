/* SPDX-License-Identifier: Apache-2.0 */
/* The property names met in the JSON objects now open, to find duplicates in linear time. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct json_key;

/* Zero-initialise. Objects nest, so the names of the innermost one are always the newest. */
struct json_keys {
	struct json_key *keys;
	uint32_t *heads;
	uint32_t n, cap;
};

/* Remembers a name (borrowed) of the object at that depth. 1 when it is new there, 0 when the
 * object has it already, or -ENOMEM. */
int json_keys_add(struct json_keys *set, unsigned depth, const char *key, size_t len);
/* Forgets all but the oldest n names: those of an object that ends. */
void json_keys_cut(struct json_keys *set, uint32_t n);
void json_keys_done(struct json_keys *set);
