/* SPDX-License-Identifier: Apache-2.0 */
/* A bump allocator: everything a spec or a plan owns, freed at once. Host side only. */
#pragma once

#include <stddef.h>

struct arena;

/* NULL when out of memory. arena_free(NULL) is fine and returns NULL. */
struct arena *arena_new(void);
struct arena *arena_free(struct arena *a);
void arena_freep(struct arena **a);
/* Zeroed memory, aligned for any type; NULL when out of memory (or sealed). */
void *arena_alloc(struct arena *a, size_t size);
/* n * size with overflow check. */
void *arena_calloc(struct arena *a, size_t n, size_t size);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
/* Formats with fmt_str rules (base/fmt.h), any length. */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Grows an array of *cap elements of `size` bytes so that it holds at least n; doubles. NULL when
 * out of memory, the old array is then untouched. */
void *arena_grow(struct arena *a, void *array, size_t *cap, size_t n, size_t size);
/* Makes all of it read-only (mprotect): a stray write crashes at once. 0 or -errno. */
int arena_seal(struct arena *a);
/* Total bytes taken from the system. */
size_t arena_size(const struct arena *a);

#define arena_new_of(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array_of(a, type, n) ((type *)arena_calloc((a), (n), sizeof(type)))
