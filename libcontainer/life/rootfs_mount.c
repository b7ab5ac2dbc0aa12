/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A root file system made of mounts. Each is made detached with all its attributes and attached when
 * it is complete. The layers of an overlay have no bound: where the kernel takes them one by one
 * (lowerdir+, Linux 6.7) they are given so; before, by mount(2), which takes a page of text, relative
 * to the directory they have in common.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "host/cgroup.h"
#include "host/mounts.h"
#include "libcontainer.h"
#include "plan/fs_context.h"
#include "sys/sys.h"

#define VALUE_MAX_LEN 255 /* of one value for fsconfig(2) */
#define LOWERDIR "lowerdir="
/* Asks containerd's mount manager for something: who hands it on to us has not done it. */
#define MANAGED_PREFIX "X-containerd."

struct rootfs_mount {
	const struct lc_mount *m;
	struct mount_opts opts;
	char *layers; /* of an overlay, when they are too long for one value */
	struct arena *arena;
};

static bool is_bind(const struct rootfs_mount *r)
{
	return r->opts.bind || strcmp(r->m->type, "bind") == 0 || strcmp(r->m->type, "rbind") == 0;
}

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

static bool is_long_layers(const struct lc_mount *m, const char *option)
{
	return strcmp(m->type, "overlay") == 0 &&
	       strncmp(option, LOWERDIR, strlen(LOWERDIR)) == 0 &&
	       strlen(option + strlen(LOWERDIR)) > VALUE_MAX_LEN;
}

static int parse(struct rootfs_mount *r, struct err *e)
{
	const struct lc_mount *m = r->m;
	const char **items = arena_array_of(r->arena, const char *, m->n_options);
	spec_strings rest = { .items = items };

	if (!items)
		return err_nomem(e);
	for (size_t i = 0; i < m->n_options; i++) {
		if (!is_long_layers(m, m->options[i])) {
			items[rest.n++] = m->options[i];
			continue;
		}
		r->layers = arena_strdup(r->arena, m->options[i] + strlen(LOWERDIR));
		if (!r->layers)
			return err_nomem(e);
	}
	if (strcmp(m->type, "bind") == 0 || strcmp(m->type, "rbind") == 0)
		r->opts.recursive_bind = m->type[0] == 'r';
	return mount_opts_parse(&rest, "options", &r->opts, r->arena, e);
}

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
	char *layer = r->layers ? arena_strdup(r->arena, r->layers) : NULL;

	if (r->layers && !layer)
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
	int ret = r->m->source[0] ? fs_context_set(fs, "source", r->m->source, e) : 0;

	for (size_t i = 0; ret == 0 && i < r->opts.n_data; i++)
		ret = fs_context_set(fs, r->opts.data[i].key, r->opts.data[i].value, e);
	return ret == 0 ? add_layers(fs, r, e) : ret;
}

static int make_fs(const struct rootfs_mount *r, struct err *e)
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
	ret = sys_fsmount(fs, (unsigned)r->opts.attr_set);
	return ret < 0 ? fs_context_error(fs, ret, "fsmount", r->m->type, e) : ret;
}

static int make_bind(const struct rootfs_mount *r, struct err *e)
{
	unsigned flags = OPEN_TREE_CLONE | (r->opts.recursive_bind ? AT_RECURSIVE : 0);
	struct mount_attr attr = { .attr_set = r->opts.attr_set, .attr_clr = r->opts.attr_clr };
	_cleanup_close_ int tree = sys_open_tree(AT_FDCWD, r->m->source, flags);
	int ret = 0;

	if (tree < 0)
		return err_sys(e, tree, "open_tree", "%s", r->m->source);
	if (attr.attr_set || attr.attr_clr)
		ret = sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr);
	if (ret < 0)
		return err_sys(e, ret, "mount_setattr", "%s", r->m->source);
	return take_fd(tree);
}

static int open_target(const char *rootfs, const char *target, struct err *e)
{
	int fd = sys_openat(AT_FDCWD, rootfs, O_PATH | O_DIRECTORY, 0);
	_cleanup_close_ int root = fd;

	if (fd < 0)
		return err_sys(e, fd, "open", "%s", rootfs);
	if (!target || !target[0])
		return take_fd(root);
	return path_make_in(root, target, false, e);
}

static int attach(int mnt, const struct rootfs_mount *r, int target, struct err *e)
{
	struct mount_attr attr = { .propagation = r->opts.propagation };
	int ret = sys_move_mount(mnt, target, "");

	if (ret < 0)
		return err_sys(e, ret, "move_mount", "%s", r->m->source);
	if (attr.propagation)
		ret = sys_mount_setattr(
			mnt, "", AT_EMPTY_PATH | (r->opts.propagation_rec ? AT_RECURSIVE : 0),
			&attr);
	return ret < 0 ? err_sys(e, ret, "mount_setattr", "%s", r->m->source) : 0;
}

/* How much of the list of layers is the path of a directory that holds all of them. */
static size_t common_length(const char *layers)
{
	size_t common = strrchr(layers, '/') ? strlen(layers) : 0;

	for (const char *p = layers; p; p = strchr(p, ':') ? strchr(p, ':') + 1 : NULL) {
		size_t n = 0;

		while (n < common && p[n] == layers[n] && p[n] != ':')
			n++;
		common = n;
	}
	while (common > 0 && layers[common - 1] != '/')
		common--;
	return common;
}

/* The text of mount(2): layers relative to the directory of that length, then the other options. */
static const char *old_data(const struct rootfs_mount *r, size_t common)
{
	_cleanup_buf_ struct buf text = {};

	buf_str(&text, LOWERDIR);
	for (const char *p = r->layers; p; p = strchr(p, ':') ? strchr(p, ':') + 1 : NULL) {
		size_t len = strcspn(p, ":");

		buf_fmt(&text, "%s%.*s", p == r->layers ? "" : ":", (int)(len - common),
			p + common);
	}
	for (size_t i = 0; i < r->opts.n_data; i++)
		buf_fmt(&text, ",%s%s%s", r->opts.data[i].key, r->opts.data[i].value ? "=" : "",
			r->opts.data[i].value ? r->opts.data[i].value : "");
	return buf_ok(&text) < 0 ? NULL : arena_strdup(r->arena, text.data);
}

static int mount_old(const struct rootfs_mount *r, int target, struct err *e)
{
	const unsigned long flags = r->opts.attr_set & (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
							MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	size_t common = common_length(r->layers);
	const char *dir = arena_strndup(r->arena, r->layers, common), *data = old_data(r, common);
	const char *at = arena_printf(r->arena, "/proc/self/fd/%d", target);
	_cleanup_close_ int before = sys_openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY, 0);
	int ret;

	if (!dir || !data || !at)
		return err_nomem(e);
	ret = before < 0 ? before : sys_chdir(common ? dir : ".");
	if (ret < 0)
		return err_sys(e, ret, "chdir", "%s", dir);
	ret = sys_mount(r->m->source, at, r->m->type, flags, data);
	(void)sys_fchdir(before); /* it was the working directory a moment ago */
	return ret < 0 ? err_sys(e, ret, "mount", "%s", r->m->type) : 0;
}

static int mount_one(const char *rootfs, const struct lc_mount *m, struct arena *arena,
		     struct err *e)
{
	struct rootfs_mount r = { .m = m, .arena = arena };
	_cleanup_close_ int target = -EBADF;
	_cleanup_close_ int mnt = -EBADF;
	int ret = check(m, e);

	if (ret == 0)
		ret = parse(&r, e);
	if (ret < 0)
		return ret;
	target = open_target(rootfs, m->target, e);
	if (target < 0)
		return target;
	mnt = is_bind(&r) ? make_bind(&r, e) : make_fs(&r, e);
	if (mnt == -EINVAL && r.layers)
		return mount_old(&r, target, e);
	return mnt < 0 ? mnt : attach(mnt, &r, target, e);
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

int lc_unmount_rootfs(const char *rootfs, struct err *e)
{
	int r;

	/* What is mounted below goes with it; it may be covered several times. */
	while ((r = sys_umount2(rootfs, MNT_DETACH | UMOUNT_NOFOLLOW)) == 0)
		;
	return r == -EINVAL || r == -ENOENT ? 0 : err_sys(e, r, "umount", "%s", rootfs);
}
