/* SPDX-License-Identifier: Apache-2.0 */
/* Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include <stddef.h>

/* Length of the longest prefix of s that is valid; n when all of it is. */
size_t utf8_valid_prefix(const char *s, size_t n);
