/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 checked by the table of well-formed sequences of the Unicode standard (3-7). */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

/* Lead bytes first..last are followed by `more` bytes, the first of them in low..high and the
 * others in 0x80..0xbf. */
static const struct {
	unsigned char first, last, more, low, high;
} leads[] = {
	{ .first = 0xc2, .last = 0xdf, .more = 1, .low = 0x80, .high = 0xbf },
	{ .first = 0xe0, .last = 0xe0, .more = 2, .low = 0xa0, .high = 0xbf },
	{ .first = 0xe1, .last = 0xec, .more = 2, .low = 0x80, .high = 0xbf },
	{ .first = 0xed, .last = 0xed, .more = 2, .low = 0x80, .high = 0x9f },
	{ .first = 0xee, .last = 0xef, .more = 2, .low = 0x80, .high = 0xbf },
	{ .first = 0xf0, .last = 0xf0, .more = 3, .low = 0x90, .high = 0xbf },
	{ .first = 0xf1, .last = 0xf3, .more = 3, .low = 0x80, .high = 0xbf },
	{ .first = 0xf4, .last = 0xf4, .more = 3, .low = 0x80, .high = 0x8f },
};

/* The length of the sequence of two or more bytes at s, 0 when it is none. */
static size_t sequence_length(const unsigned char *s, size_t n)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		if (s[0] < leads[i].first || s[0] > leads[i].last)
			continue;
		if (n <= leads[i].more || s[1] < leads[i].low || s[1] > leads[i].high)
			return 0;
		for (size_t k = 2; k <= leads[i].more; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return leads[i].more + 1u;
	}
	return 0;
}

/* The length of the ASCII run at s, eight bytes at a time. */
static size_t ascii_length(const char *s, size_t n)
{
	size_t i = 0;
	uint64_t word;

	for (; n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, s + i, sizeof(word));
		if (word & 0x8080808080808080)
			break;
	}
	while (i < n && (unsigned char)s[i] < 0x80)
		i++;
	return i;
}

size_t utf8_valid_prefix(const char *s, size_t n)
{
	size_t i = 0, step;

	while ((i += ascii_length(s + i, n - i)) < n) {
		step = sequence_length((const unsigned char *)s + i, n - i);
		if (step == 0)
			break;
		i += step;
	}
	return i;
}
