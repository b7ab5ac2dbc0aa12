/* SPDX-License-Identifier: Apache-2.0 */
/* Masked and read-only paths. */
#include "host/paths.h"

#include <limits.h>

#include "base/path.h"
#include "host/host.h"

int paths_clean(const char *path, const char **ret, struct arena *arena, struct err *e)
{
	char clean[PATH_MAX];
	const char *copy;

	if (path_clean(path, clean, sizeof(clean)) < 0)
		return err_bad(e, "", "is longer than a path may be");
	copy = arena_strdup(arena, clean);
	if (!copy)
		return err_nomem(e);
	*ret = copy;
	return 0;
}

static int plan_list(const spec_strings *paths, const char *at, const char ***ret, size_t *ret_n,
		     struct arena *arena, struct err *e)
{
	const char **list = arena_array_of(arena, const char *, paths->n);

	if (paths->n && !list)
		return err_nomem(e);
	for (size_t i = 0; i < paths->n; i++)
		if (paths_clean(paths->items[i], &list[i], arena, e) < 0)
			return err_at(e, "%s[%zu]", at, i);
	*ret = list;
	*ret_n = paths->n;
	return 0;
}

int paths_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	const struct spec_linux *l = &s->linux_;
	struct plan_rootfs *rootfs = &p->rootfs;
	int r;

	(void)h; /* nothing of the host is asked for */
	r = plan_list(&l->masked_paths, "linux.maskedPaths", &rootfs->masked, &rootfs->n_masked,
		      p->arena, e);
	return r < 0 ? r
		     : plan_list(&l->readonly_paths, "linux.readonlyPaths", &rootfs->readonly_paths,
				 &rootfs->n_readonly_paths, p->arena, e);
}
