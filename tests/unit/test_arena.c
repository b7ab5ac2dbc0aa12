/* SPDX-License-Identifier: Apache-2.0 */
/* The bump allocator. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

static struct arena *a;

static void set_up(void)
{
	a = arena_new();
	cr_assert(a);
}

static void tear_down(void)
{
	arena_freep(&a);
	cr_assert_null(a);
}

TestSuite(arena, .init = set_up, .fini = tear_down);

Test(arena, memory_is_zeroed_aligned_and_apart)
{
	unsigned char *last = NULL;

	for (size_t size = 1; size < 5000; size += 7) {
		unsigned char *p = arena_alloc(a, size);

		cr_assert(p);
		cr_assert_eq((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			cr_assert_eq(p[i], 0);
		memset(p, 0xff, size);
		cr_assert(last != p);
		last = p;
	}
}

Test(arena, strings_are_copied_also_after_odd_sizes)
{
	char raw[] = { 'a', 'b', 'c' };
	const char *s = arena_strdup(a, "hello");
	const char *t = arena_strndup(a, raw, sizeof(raw));

	cr_assert_str_eq(s, "hello");
	cr_assert_str_eq(t, "abc");
	cr_assert_str_eq(arena_strndup(a, "abcdef", 2), "ab");
	cr_assert_eq((uintptr_t)arena_new_of(a, uint64_t) % alignof(uint64_t), 0);
}

Test(arena, formats_text_of_any_length)
{
	char *longer = arena_alloc(a, 300001);

	memset(longer, 'x', 300000);
	cr_assert_str_eq(arena_printf(a, "%s[%d]", "mounts", 3), "mounts[3]");
	cr_assert_eq(strlen(arena_printf(a, "<%s>", longer)), 300002);
}

Test(arena, a_large_piece_gets_room_of_its_own)
{
	size_t size = (size_t)8 << 20;
	char *p = arena_alloc(a, size);

	cr_assert(p);
	p[size - 1] = 'x';
	cr_assert_geq(arena_size(a), size);
}

Test(arena, sizes_that_overflow_are_refused)
{
	cr_assert_null(arena_alloc(a, SIZE_MAX));
	cr_assert_null(arena_alloc(a, SIZE_MAX - 40));
	cr_assert_null(arena_calloc(a, SIZE_MAX / 2, 3));
	cr_assert(arena_alloc(a, 16), "it still works afterwards");
}

Test(arena, growing_keeps_the_items_and_is_linear_in_all)
{
	uint32_t *items = NULL;
	size_t cap = 0;

	for (uint32_t i = 0; i < 200000; i++) {
		items = arena_grow(a, items, &cap, i + 1, sizeof(*items));
		cr_assert(items);
		items[i] = i;
	}
	for (uint32_t i = 0; i < 200000; i++)
		cr_assert_eq(items[i], i);
	cr_assert_lt(arena_size(a), 8 * 200000 * sizeof(*items));
}

Test(arena, growing_to_what_fits_moves_nothing_and_failure_keeps_the_array)
{
	size_t cap = 0;
	int *items = arena_grow(a, NULL, &cap, 5, sizeof(*items));

	cr_assert_geq(cap, 5);
	cr_assert_eq(arena_grow(a, items, &cap, 5, sizeof(*items)), items);
	items[4] = 42;
	cr_assert_null(arena_grow(a, items, &cap, SIZE_MAX / 2, sizeof(*items)));
	cr_assert_geq(cap, 5);
	cr_assert_eq(items[4], 42);
}

Test(arena, a_sealed_arena_can_be_read_and_freed_but_gives_nothing_more)
{
	char *text = arena_strdup(a, "kept");

	arena_alloc(a, (size_t)1 << 20);
	cr_assert_eq(arena_seal(a), 0);
	cr_assert_str_eq(text, "kept");
	cr_assert_null(arena_alloc(a, 1));
	cr_assert_null(arena_strdup(a, "x"));
}

Test(arena, writing_to_a_sealed_arena_crashes, .signal = SIGSEGV, .fini = NULL)
{
	volatile char *text = arena_strdup(a, "sealed");

	cr_assert_eq(arena_seal(a), 0);
	signal(SIGSEGV, SIG_DFL); /* the sanitizers would turn it into an exit */
	text[0] = 'X';
}

Test(arena, freeing_nothing_is_fine)
{
	cr_assert_null(arena_free(NULL));
}
