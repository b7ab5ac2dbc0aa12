/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text as text: places in it, and what the parser would let pass. */
#pragma once

#include <stddef.h>

/* The 1-based line and column (in characters) of a byte. */
void json_text_position(const char *text, size_t offset, unsigned *ret_line, unsigned *ret_column);
/* Skips blanks and the punctuation between two values; returns the offset of the next token. */
size_t json_text_skip(const char *text, size_t len, size_t offset);
/* Looks for invalid UTF-8, for \u escapes that are half a surrogate pair, also where nobody will
 * read the value, and for blanks that are none in JSON. Returns the offset of the first and names
 * it, or len. */
size_t json_text_check(const char *text, size_t len, const char **ret_what);
