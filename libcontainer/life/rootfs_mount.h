/* SPDX-License-Identifier: Apache-2.0 */
/* One mount of a root file system, and the three ways to make those that fsopen(2) alone cannot. */
#pragma once

#include "host/mounts.h"
#include "libcontainer.h"

#define ROOTFS_VALUE_MAX 255 /* bytes of one value for fsconfig(2) */

struct rootfs_mount {
	const struct lc_mount *m;
	const char *rootfs; /* the directory on which all of them are mounted */
	const char *source; /* that of m, or the loop device that stands for it */
	struct mount_opts opts;
	const char *layers;	       /* lowerdir of an overlay */
	spec_strings verbose;	       /* options with values too long for fsconfig(2) */
	const char *uid_map, *gid_map; /* as the kernel reads them; NULL: ids are what they are */
	bool loop;
	struct arena *arena;
};

/* rootfs_private.c: makes it by mount(2) in a mount namespace that nobody else sees, whose text may
 * be a page long, with mapped layers when there are maps. An owned detached mount, without the
 * attributes of opts. Host. */
int rootfs_private_make(const struct rootfs_mount *r, struct err *e);
/* rootfs_mount.c: gives a detached tree the ids of the maps, flags: 0 or AT_RECURSIVE. */
int rootfs_map_ids(const struct rootfs_mount *r, int tree, unsigned flags, struct err *e);
/* loop_device.c: a free loop device over file, until it is unmounted; its path is made in arena.
 * Returns an owned fd that holds it until then. */
int loop_device_attach(const char *file, bool read_only, struct arena *arena, const char **ret,
		       struct err *e);
/* fuse_mount.c: whether a type (fuse.NAME, fuse3.NAME) is for a helper, and mounting by it. */
bool fuse_mount_is(const char *type);
int fuse_mount(const struct lc_mount *m, int target, struct err *e);
