/* SPDX-License-Identifier: Apache-2.0 */
/* Looks up what is mounted where, for file systems that are not in their usual place. */
#include "host/mount_tree.h"

#include <errno.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"

#define MOUNTS "/proc/self/mounts"

int mount_tree_find_fstype(const char *fstype, char *ret_path, size_t size, struct err *e)
{
	char line[2 * PATH_MAX];
	FILE *table = setmntent(MOUNTS, "re");
	struct mntent m;
	bool found = false;

	if (!table)
		return err_sys(e, -errno, "open", MOUNTS);
	while (!found && getmntent_r(table, &m, line, sizeof(line)))
		found = strcmp(m.mnt_type, fstype) == 0;
	if (found)
		fmt_str(ret_path, size, "%s", m.mnt_dir);
	endmntent(table);
	return found ? 0 : err_kind(e, ERR_NOTFOUND, "no %s file system is mounted", fstype);
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && path[n] == '/';
}

int mount_tree_below(const char *table, const char *dir, struct arena *arena, const char ***ret,
		     size_t *ret_n, struct err *e)
{
	char line[2 * PATH_MAX];
	FILE *f = setmntent(table, "re");
	const char **paths = NULL;
	size_t n = 0, cap = 0;
	struct mntent m;
	bool enough = true;

	if (!f)
		return err_sys(e, -errno, "open", "%s", table);
	while (enough && getmntent_r(f, &m, line, sizeof(line))) {
		const char **more;

		if (!is_below(m.mnt_dir, dir))
			continue;
		more = arena_grow(arena, paths, &cap, n + 1, sizeof(*paths));
		paths = more ? more : paths;
		enough = more && (paths[n++] = arena_strdup(arena, m.mnt_dir));
	}
	endmntent(f);
	if (!enough)
		return err_nomem(e);
	*ret = paths;
	*ret_n = n;
	return 0;
}
