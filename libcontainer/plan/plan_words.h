/* SPDX-License-Identifier: Apache-2.0 */
/* What a dump consists of: words and lines. */
#pragma once

#include "base/buf.h"

/* A text that may hold anything, as one word of one line. */
void plan_word(struct buf *out, const char *s);
/* The beginning of a line, or its continuation: each word behind a blank. The list ends with NULL. */
void plan_words(struct buf *out, const char *const *list);

#define WORDS(out, ...) plan_words((out), (const char *const[]){ __VA_ARGS__, NULL })
#define LINE(out, ...)                     \
	do {                               \
		buf_str((out), " ");       \
		WORDS((out), __VA_ARGS__); \
		buf_str((out), "\n");      \
	} while (0)
