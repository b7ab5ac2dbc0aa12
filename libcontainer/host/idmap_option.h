/* SPDX-License-Identifier: Apache-2.0 */
/* Id maps of a mount, given as an option. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "spec/spec.h"

/* text: what stands behind "idmap=". Fills sm's uid_mappings and gid_mappings, which must be empty; s
 * has the container's own. */
int idmap_option_parse(const char *text, const struct spec *s, struct spec_mount *sm,
		       struct arena *arena, struct err *e);
