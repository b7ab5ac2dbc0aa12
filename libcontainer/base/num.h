/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers from text: the whole string, no blanks, no sign unless signed, range checked. */
#pragma once

#include <stdint.h>

/* Return 0, or -EINVAL (not a number) / -ERANGE with *ret untouched. */
int num_parse_u64(const char *s, uint64_t *ret);
int num_parse_i64(const char *s, int64_t *ret);
int num_parse_u32(const char *s, uint32_t *ret);
int num_parse_int(const char *s, int *ret);
/* A file mode: octal digits, at most 07777. */
int num_parse_mode(const char *s, uint32_t *ret);
/* Bytes with an optional suffix k m g t (1024-based, either case, optional trailing b), or -1. */
int num_parse_bytes(const char *s, int64_t *ret);
/* Seconds with an optional unit (ms s m h), as Go prints durations; result in milliseconds. */
int num_parse_duration_ms(const char *s, int64_t *ret);
