/* SPDX-License-Identifier: Apache-2.0 */
/* The bump allocator: a list of anonymous mappings, the newest one in use. Memory comes zeroed from
 * the kernel and is never handed out twice, so nothing is cleared here. The arena's own record
 * lives in the first mapping and is sealed with the rest. */
#include "base/arena.h"

#include <errno.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fmt.h"

#define CHUNK_MIN ((size_t)64 << 10)
#define CHUNK_MAX ((size_t)1 << 20)
#define GROW_MIN 8

struct chunk {
	struct chunk *older;
	size_t size, used; /* both count this header */
};

struct arena {
	struct chunk *newest;
	size_t total;
	bool sealed;
};

static size_t align_up(size_t n, size_t align)
{
	return (n + align - 1) & ~(align - 1);
}

static struct chunk *chunk_new(size_t size, struct chunk *older)
{
	struct chunk *c =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (c == MAP_FAILED)
		return NULL;
	*c = (struct chunk){ .older = older, .size = size, .used = sizeof(*c) };
	return c;
}

static void *chunk_take(struct chunk *c, size_t size, size_t align)
{
	size_t start = align_up(c->used, align);

	if (start > c->size || size > c->size - start)
		return NULL;
	c->used = start + size;
	return (char *)c + start;
}

struct arena *arena_new(void)
{
	struct chunk *c = chunk_new(CHUNK_MIN, NULL);
	struct arena *a;

	if (!c)
		return NULL;
	a = chunk_take(c, sizeof(*a), alignof(max_align_t));
	*a = (struct arena){ .newest = c, .total = c->size };
	return a;
}

struct arena *arena_free(struct arena *a)
{
	struct chunk *c = a ? a->newest : NULL;

	while (c) {
		struct chunk *older = c->older;

		munmap(c, c->size);
		c = older;
	}
	return NULL;
}

void arena_freep(struct arena **a)
{
	*a = arena_free(*a);
}

/* Chunks double with the arena, so their number stays logarithmic up to CHUNK_MAX. */
static bool add_chunk(struct arena *a, size_t size)
{
	size_t wanted = a->total < CHUNK_MAX ? a->total : CHUNK_MAX;
	size_t needed = size + sizeof(struct chunk) + alignof(max_align_t);
	struct chunk *c;

	if (needed < size || needed > PTRDIFF_MAX)
		return false;
	if (needed > wanted)
		wanted = align_up(needed, CHUNK_MIN);
	c = chunk_new(wanted, a->newest);
	if (!c)
		return false;
	a->newest = c;
	a->total += wanted;
	return true;
}

static void *take(struct arena *a, size_t size, size_t align)
{
	void *p;

	if (a->sealed)
		return NULL;
	p = chunk_take(a->newest, size, align);
	if (!p && add_chunk(a, size))
		p = chunk_take(a->newest, size, align);
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	return take(a, size, alignof(max_align_t));
}

void *arena_calloc(struct arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		return NULL;
	return arena_alloc(a, total);
}

static char *copy_text(struct arena *a, const char *s, size_t len)
{
	char *copy = take(a, len + 1, 1);

	return copy ? memcpy(copy, s, len) : NULL;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return copy_text(a, s, strlen(s));
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	return copy_text(a, s, strnlen(s, n));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	size_t size;
	char *text;

	va_start(ap, fmt);
	size = fmt_lenv(fmt, ap) + 1;
	va_end(ap);
	text = take(a, size, 1);
	if (!text)
		return NULL;
	va_start(ap, fmt);
	fmt_strv(text, size, fmt, ap);
	va_end(ap);
	return text;
}

void *arena_grow(struct arena *a, void *array, size_t *cap, size_t n, size_t size)
{
	size_t wanted = *cap < GROW_MIN / 2 ? GROW_MIN : *cap * 2;
	void *grown;

	if (n <= *cap)
		return array;
	if (wanted < n)
		wanted = n;
	grown = arena_calloc(a, wanted, size);
	if (!grown)
		return NULL;
	if (*cap > 0)
		memcpy(grown, array, *cap * size);
	*cap = wanted;
	return grown;
}

int arena_seal(struct arena *a)
{
	a->sealed = true;
	for (struct chunk *c = a->newest; c; c = c->older)
		if (mprotect(c, c->size, PROT_READ) < 0)
			return -errno;
	return 0;
}

size_t arena_size(const struct arena *a)
{
	return a->total;
}
