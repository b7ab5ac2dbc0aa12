/* SPDX-License-Identifier: Apache-2.0 */
/* `hull --version`: the lines that clients of runc parse. */
#include "version.h"

#include <string.h>

#include "config.h"
#include "libcontainer.h"
#include "base/arena.h"
#include "base/cleanup.h"

#define LIBSECCOMP "io.github.seccomp.libseccomp.version"

struct features {
	struct {
		struct json_pair *items;
		size_t n;
	} annotations;
};

static const struct json_field feature_fields[] = {
	JSON_FIELD("annotations", J_MAP, struct features, annotations,
		   .size = sizeof(struct json_pair)),
	{},
};

static int write_libseccomp(struct arena *arena, struct buf *out, struct err *e)
{
	_cleanup_buf_ struct buf text = {};
	struct features features = {};
	int r = lc_features(&text, e);

	if (r < 0)
		return r;
	r = json_decode(feature_fields, &features, text.data, text.len, arena, NULL, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < features.annotations.n; i++)
		if (strcmp(features.annotations.items[i].key, LIBSECCOMP) == 0)
			buf_fmt(out, "libseccomp: %s\n", features.annotations.items[i].value);
	return 0;
}

int version_write(struct buf *out, struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	if (!arena)
		return err_nomem(e);
	buf_str(out, "hull version " HULL_VERSION "\ncommit: " HULL_COMMIT
		     "\nspec: " HULL_SPEC_VERSION "\n");
	return write_libseccomp(arena, out, e);
}
