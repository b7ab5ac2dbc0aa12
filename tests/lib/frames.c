/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the recorded conversations: JSON lines of one fixed form. */
#include "frames.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"

static uint8_t *from_hex(const char *hex, size_t n)
{
	uint8_t *bytes = malloc(n + 1);

	for (size_t i = 0; i < n; i++)
		cr_assert_eq(sscanf(hex + 2 * i, "%2hhx", &bytes[i]), 1);
	cr_assert_eq(hex[2 * n], '"', "more data than said");
	return bytes;
}

static void one_line(const char *line, void (*fn)(const struct recorded_frame *f))
{
	struct recorded_frame f = { .dir = "" };
	uint8_t *data;
	int at = 0;

	cr_assert_eq(sscanf(line,
			    "{\"t\": %*f, \"dir\": \"%4[apiev<>]\", \"sid\": %u, \"type\": %hhu, "
			    "\"flags\": %hhu, \"len\": %u, \"hex\": \"%n",
			    f.dir, &f.frame.stream, &f.frame.type, &f.frame.flags, &f.frame.length,
			    &at),
		     5, "%s", line);
	data = from_hex(line + at, f.frame.length);
	f.frame.data = data;
	fn(&f);
	free(data);
}

static size_t one_file(const char *path, void (*fn)(const struct recorded_frame *f))
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0, n = 0;

	cr_assert(file, "%s", path);
	for (; getline(&line, &size, file) > 0; n++)
		one_line(line, fn);
	free(line);
	fclose(file);
	return n;
}

size_t frames_each(void (*begin)(void), void (*fn)(const struct recorded_frame *f))
{
	glob_t found;
	size_t n = 0;

	cr_assert_eq(glob(fixture_path("ttrpc/*.frames"), 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (begin)
			begin();
		n += one_file(found.gl_pathv[i], fn);
	}
	globfree(&found);
	return n;
}
