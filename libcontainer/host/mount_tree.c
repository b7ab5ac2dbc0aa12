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
