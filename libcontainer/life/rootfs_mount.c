/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A root file system made of mounts. Each is made detached with all its attributes and attached when
 * it is complete. The layers of an overlay have no bound: where the kernel takes them one by one
 * (lowerdir+, Linux 6.7) they are given so; before, and for what fsconfig(2) cannot be told, there is
 * rootfs_private.c. A file system in user space is what its helper makes of it.
 */
#include "life/rootfs_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/path.h"
#include "plan/fs_context.h"
#include "sys/sys.h"

/* Asks containerd's mount manager for something: who hands it on to us has not done it. */
#define MANAGED_PREFIX "X-containerd."

static bool is_bind_type(const char *type)
{
	return strcmp(type, "bind") == 0 || strcmp(type, "rbind") == 0;
}

static bool is_bind(const struct rootfs_mount *r)
{
	return r->opts.bind || is_bind_type(r->m->type);
}

static bool is_overlay(const struct rootfs_mount *r)
{
	return strcmp(r->m->type, "overlay") == 0;
}

/* ---- options ---- */

static int check(const struct lc_mount *m, struct err *e)
{
	if (strchr(m->type, '/'))
		return err_kind(e, ERR_UNSUPPORTED,
				"mounts of type %s are for containerd's mount manager", m->type);
	for (size_t i = 0; i < m->n_options; i++)
		if (strncmp(m->options[i], MANAGED_PREFIX, strlen(MANAGED_PREFIX)) == 0)
			return err_kind(e, ERR_UNSUPPORTED, "%s is for containerd's mount manager",
					m->options[i]);
	return 0;
}

/* "container:host:length", several of them with commas between, as the kernel reads a map. */
static int parse_map(const char *text, struct arena *arena, const char **ret, struct err *e)
{
	char *words = arena_strdup(arena, text);
	_cleanup_buf_ struct buf map = {};

	if (!words)
		return err_nomem(e);
	for (char *one = strsep(&words, ","); one; one = strsep(&words, ",")) {
		unsigned ids[3];

		for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
			const char *number = strsep(&one, ":");

			if (!number || num_parse_u32(number, &ids[i]) < 0)
				return err_bad(e, "", "%s is no map of ids", text);
		}
		if (one)
			return err_bad(e, "", "%s is no map of ids", text);
		buf_fmt(&map, "%u %u %u\n", ids[0], ids[1], ids[2]);
	}
	*ret = buf_ok(&map) < 0 ? NULL : arena_strdup(arena, map.data);
	return *ret ? 0 : err_nomem(e);
}

/* The value of option when it is called key (with its "="), else NULL. */
static const char *value_of(const char *option, const char *key)
{
	const size_t n = strlen(key);

	return strncmp(option, key, n) == 0 ? option + n : NULL;
}

/* Takes what is for us, or needs a way of its own; returns 0 when it is an option as others are. */
static int take_option(struct rootfs_mount *r, const char *option, struct err *e)
{
	const char *layers = is_overlay(r) ? value_of(option, "lowerdir=") : NULL;
	const char *uids = value_of(option, "uidmap="), *gids = value_of(option, "gidmap=");
	int ret = 0;

	if (layers)
		r->layers = layers;
	else if (uids)
		ret = parse_map(uids, r->arena, &r->uid_map, e);
	else if (gids)
		ret = parse_map(gids, r->arena, &r->gid_map, e);
	else if (strcmp(option, "loop") == 0)
		r->loop = true;
	else if (strlen(option) > ROOTFS_VALUE_MAX)
		r->verbose.items[r->verbose.n++] = option;
	else
		return 0;
	return ret < 0 ? ret : 1;
}

static int check_combination(const struct rootfs_mount *r, struct err *e)
{
	if (!r->uid_map != !r->gid_map)
		return err_bad(e, "options", "uidmap and gidmap must be given together");
	if (r->uid_map && !is_bind(r) && !(is_overlay(r) && r->layers))
		return err_bad(e, "options", "a mount of type %s cannot be id-mapped", r->m->type);
	if (is_bind(r) && r->loop)
		return err_bad(e, "options", "loop is no option of a bind mount");
	if (is_bind(r) && r->verbose.n)
		return err_bad(e, "options", "%.32s... is no option of a bind mount",
			       r->verbose.items[0]);
	return 0;
}

static int parse(struct rootfs_mount *r, struct err *e)
{
	const struct lc_mount *m = r->m;
	const char **items = arena_array_of(r->arena, const char *, m->n_options);
	spec_strings rest = { .items = items };
	int ret;

	r->verbose.items = arena_array_of(r->arena, const char *, m->n_options);
	if (!items || !r->verbose.items)
		return err_nomem(e);
	for (size_t i = 0; i < m->n_options; i++) {
		ret = take_option(r, m->options[i], e);
		if (ret < 0)
			return err_at(e, "options[%zu]", i);
		if (ret == 0)
			items[rest.n++] = m->options[i];
	}
	ret = mount_opts_parse(&rest, "options", &r->opts, r->arena, e);
	if (strcmp(m->type, "rbind") == 0)
		r->opts.recursive_bind = true;
	return ret < 0 ? ret : check_combination(r, e);
}

/* ---- file systems ---- */

/* Ends the first of a list of layers and returns the rest; a colon in a path has a backslash. */
static char *split_layer(char *layers)
{
	char *p = layers;

	for (; *p && *p != ':'; p++)
		if (*p == '\\' && p[1])
			p++;
	if (!*p)
		return NULL;
	*p = '\0';
	return p + 1;
}

/* The escapes of the list are not those of a single layer. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		*to++ = *s;
	}
	*to = '\0';
}

static int add_layers(int fs, const struct rootfs_mount *r, struct err *e)
{
	char *layer;

	if (strlen(r->layers) <= ROOTFS_VALUE_MAX)
		return fs_context_set(fs, "lowerdir", r->layers, e);
	layer = arena_strdup(r->arena, r->layers);
	if (!layer)
		return err_nomem(e);
	while (layer) {
		char *next = split_layer(layer);
		int ret;

		unescape(layer);
		ret = fs_context_set(fs, "lowerdir+", layer, e);
		if (ret < 0)
			return ret;
		layer = next;
	}
	return 0;
}

static int configure(int fs, const struct rootfs_mount *r, struct err *e)
{
	int ret = r->source[0] ? fs_context_set(fs, "source", r->source, e) : 0;

	if (ret == 0 && r->opts.attr_set & MOUNT_ATTR_RDONLY)
		ret = fs_context_set(fs, "ro", NULL, e); /* a device may be so, too */
	for (size_t i = 0; ret == 0 && i < r->opts.n_data; i++)
		ret = fs_context_set(fs, r->opts.data[i].key, r->opts.data[i].value, e);
	return ret == 0 && r->layers ? add_layers(fs, r, e) : ret;
}

static int make_by_context(const struct rootfs_mount *r, struct err *e)
{
	_cleanup_close_ int fs = sys_fsopen(r->m->type);
	int ret;

	if (fs < 0)
		return err_sys(e, fs, "fsopen", "file system type %s", r->m->type);
	ret = configure(fs, r, e);
	if (ret < 0)
		return ret;
	ret = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (ret < 0)
		return fs_context_error(fs, ret, "mount", r->m->type, e);
	ret = sys_fsmount(fs, 0);
	return ret < 0 ? fs_context_error(fs, ret, "fsmount", r->m->type, e) : ret;
}

static int make_fs(struct rootfs_mount *r, struct err *e)
{
	_cleanup_close_ int loop = -EBADF;
	int ret;

	if (r->loop) {
		loop = loop_device_attach(r->source, r->opts.attr_set & MOUNT_ATTR_RDONLY, r->arena,
					  &r->source, e);
		if (loop < 0)
			return loop;
	}
	if (r->uid_map || r->verbose.n)
		return rootfs_private_make(r, e);
	ret = make_by_context(r, e);
	/* before Linux 6.7 there is no lowerdir+ */
	return ret == -EINVAL && r->layers ? rootfs_private_make(r, e) : ret;
}

/* ---- binds ---- */

int rootfs_map_ids(const struct rootfs_mount *r, int tree, unsigned flags, struct err *e)
{
	_cleanup_close_ int proc = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
	_cleanup_close_ int userns = -EBADF;
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	int ret;

	if (proc < 0)
		return err_sys(e, proc, "open", "/proc");
	userns = idmap_userns_open(proc, r->uid_map, r->gid_map, e);
	if (userns < 0)
		return userns;
	attr.userns_fd = (uint64_t)userns;
	ret = sys_mount_setattr(tree, "", AT_EMPTY_PATH | flags, &attr);
	return ret < 0 ? err_sys(e, ret, "mount_setattr", "idmap of %s", r->source) : 0;
}

static int make_bind(const struct rootfs_mount *r, struct err *e)
{
	const unsigned recursive = r->opts.recursive_bind ? AT_RECURSIVE : 0;
	_cleanup_close_ int tree = sys_open_tree(AT_FDCWD, r->source, OPEN_TREE_CLONE | recursive);
	int ret = 0;

	if (tree < 0)
		return err_sys(e, tree, "open_tree", "%s", r->source);
	if (r->uid_map)
		ret = rootfs_map_ids(r, tree, recursive, e);
	return ret < 0 ? ret : take_fd(tree);
}

/* ---- all of it ---- */

static int open_target(const char *rootfs, const char *target, struct err *e)
{
	int fd = sys_openat(AT_FDCWD, rootfs, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	_cleanup_close_ int root = fd;

	if (fd < 0)
		return err_sys(e, fd, "open", "%s", rootfs);
	if (!target || !target[0])
		return take_fd(root);
	return path_make_in(root, target, false, e);
}

static int set_attributes(int mnt, const struct rootfs_mount *r, struct err *e)
{
	struct mount_attr attr = { .attr_set = r->opts.attr_set, .attr_clr = r->opts.attr_clr };
	int ret = 0;

	if (attr.attr_set || attr.attr_clr)
		ret = sys_mount_setattr(mnt, "", AT_EMPTY_PATH, &attr);
	return ret < 0 ? err_sys(e, ret, "mount_setattr", "%s", r->source) : 0;
}

static int attach(int mnt, const struct rootfs_mount *r, int target, struct err *e)
{
	struct mount_attr attr = { .propagation = r->opts.propagation };
	int ret = sys_move_mount(mnt, target, "");

	if (ret < 0)
		return err_sys(e, ret, "move_mount", "%s", r->source);
	if (attr.propagation)
		ret = sys_mount_setattr(
			mnt, "", AT_EMPTY_PATH | (r->opts.propagation_rec ? AT_RECURSIVE : 0),
			&attr);
	return ret < 0 ? err_sys(e, ret, "mount_setattr", "%s", r->source) : 0;
}

static int make_and_attach(struct rootfs_mount *r, int target, struct err *e)
{
	_cleanup_close_ int mnt = is_bind(r) ? make_bind(r, e) : make_fs(r, e);
	int ret = mnt < 0 ? mnt : set_attributes(mnt, r, e);

	return ret < 0 ? ret : attach(mnt, r, target, e);
}

static int mount_one(const char *rootfs, const struct lc_mount *m, struct arena *arena,
		     struct err *e)
{
	struct rootfs_mount r = { .m = m, .rootfs = rootfs, .source = m->source, .arena = arena };
	_cleanup_close_ int target = -EBADF;
	int ret = check(m, e);

	if (ret == 0 && !fuse_mount_is(m->type))
		ret = parse(&r, e);
	if (ret < 0)
		return ret;
	target = open_target(rootfs, m->target, e);
	if (target < 0)
		return target;
	return fuse_mount_is(m->type) ? fuse_mount(m, target, e) : make_and_attach(&r, target, e);
}

int lc_mount_rootfs(const char *rootfs, const struct lc_mount *mounts, size_t n, struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err ignored;
	int r = arena ? sys_mkdirat(AT_FDCWD, rootfs, 0711) : -ENOMEM;

	if (r < 0 && r != -EEXIST)
		return err_sys(e, r, "mkdir", "%s", rootfs);
	for (size_t i = 0; i < n; i++)
		if (mount_one(rootfs, &mounts[i], arena, e) < 0) {
			(void)lc_unmount_rootfs(rootfs,
						&ignored); /* the first error is the one to tell */
			return err_at(e, "rootfs[%zu]", i);
		}
	return 0;
}
