/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the recorded documents, wherever the tests are run from. */
#include "fixtures.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

const char *fixture_path(const char *name)
{
	static char path[PATH_MAX];
	const char *srcdir = getenv("srcdir");

	snprintf(path, sizeof(path), "%s/tests/fixtures/%s", srcdir ? srcdir : ".", name);
	return path;
}

size_t fixtures_each(const char *name, void (*fn)(const char *path))
{
	/* CRI's cases have one more level: the sandbox. */
	static const char *const depths[] = { "clients/*/*/*/%s", "clients/*/*/*/*/%s" };
	glob_t found = { 0 };
	size_t n;

	for (size_t i = 0; i < 2; i++) {
		char pattern[256];

		snprintf(pattern, sizeof(pattern), depths[i], name);
		glob(fixture_path(pattern), i ? GLOB_APPEND : 0, NULL, &found);
	}
	n = found.gl_pathc;
	for (size_t i = 0; i < n; i++)
		fn(found.gl_pathv[i]);
	globfree(&found);
	return n;
}
