/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts: options by one table, trees prepared for init. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "plan/plan.h"
#include "spec/spec.h"

struct host_env;

/* What a list of mount options means. */
struct mount_opts {
	bool bind, recursive_bind, remount;
	bool idmap, ridmap, copy_up;
	bool copy_symlink, source_nofollow, target_nofollow;
	const char *id_maps; /* the value of idmap= or ridmap=, or NULL */
	uint64_t attr_set, attr_clr, rec_attr_set, rec_attr_clr;
	uint64_t propagation;
	bool propagation_rec;
	struct plan_fs_option *data; /* for a new file system: its own options, superblock flags */
	size_t n_data;
};

/* at: "mounts[3].options". Options unknown to us become data; on a bind mount or a remount, which
 * have no file system to give them to, they are errors. */
int mount_opts_parse(const spec_strings *options, const char *at, struct mount_opts *ret,
		     struct arena *arena, struct err *e);

/* rootfs.c: what host mounts cloned for the container are made, recursively, unless options say
 * otherwise: MS_SLAVE, MS_PRIVATE, or 0 (rootfsPropagation shared: they stay peers of the host). */
uint64_t rootfs_base_propagation(const struct spec *s);

/* bind_mount.c: opens source (relative ones start at the bundle) as a detached tree with the
 * attributes and propagation of opts; fills source_fd and source_is_dir of *m. */
int bind_mount_open(const struct host_env *h, const struct spec *s, const struct plan *p,
		    const struct spec_mount *sm, const struct mount_opts *opts,
		    struct plan_mount *m, struct err *e);

/* idmap_mount.c: a user namespace that stands for the mount's id maps, or the container's when it
 * has none. Owned fd. */
int idmap_mount_open(const struct plan *p, const struct spec_mount *sm, struct err *e);
/* ... that stands for these maps, in the text that the kernel reads. Owned fd. */
int idmap_userns_open(int proc_fd, const char *uid_map, const char *gid_map, struct err *e);
