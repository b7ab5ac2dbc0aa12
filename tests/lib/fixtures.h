/* SPDX-License-Identifier: Apache-2.0 */
/* The recorded documents of tests/fixtures, for suites that run over all of them. */
#pragma once

#include <stddef.h>

/* The path of a file below tests/fixtures (make check sets srcdir), valid until the next call. */
const char *fixture_path(const char *name);
/* Calls fn for every recorded file of that name ("config.json"); returns how many there are. */
size_t fixtures_each(const char *name, void (*fn)(const char *path));
