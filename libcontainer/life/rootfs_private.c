/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts for which mount(2) is needed: layers that have to be mapped first (the kernel clones an
 * overlay's layers from mounts of the caller's namespace, not from detached ones), and options that
 * are too long for one value of fsconfig(2). A fork makes them in a mount namespace of its own, and
 * sends back a detached copy. The text may be a page long: layers are named relative to the directory
 * they have in common.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "life/rootfs_mount.h"
#include "sys/sys.h"

#define DATA_MAX 4095 /* mount(2): a page, with its end */

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

static void add_layers(const char *layers, size_t common, struct buf *out)
{
	buf_str(out, "lowerdir=");
	for (const char *p = layers; p; p = strchr(p, ':') ? strchr(p, ':') + 1 : NULL)
		buf_fmt(out, "%s%.*s", p == layers ? "" : ":", (int)(strcspn(p, ":") - common),
			p + common);
}

/* Quotes were taken off: an SELinux context with commas needs them again. */
static void add_option(const struct plan_fs_option *o, struct buf *out)
{
	const bool quoted = o->value && strchr(o->value, ',') && !strchr(o->value, '\\');

	buf_fmt(out, "%s%s", out->len ? "," : "", o->key);
	if (o->value)
		buf_fmt(out, quoted ? "=\"%s\"" : "=%s", o->value);
}

/* What mount(2) is told, layers without the first `common` bytes of each. */
static int make_data(const struct rootfs_mount *r, size_t common, struct buf *out, struct err *e)
{
	if (r->layers)
		add_layers(r->layers, common, out);
	for (size_t i = 0; i < r->opts.n_data; i++)
		add_option(&r->opts.data[i], out);
	for (size_t i = 0; i < r->verbose.n; i++)
		buf_fmt(out, "%s%s", out->len ? "," : "", r->verbose.items[i]);
	if (buf_ok(out) < 0)
		return err_nomem(e);
	if (out->len > DATA_MAX)
		return err_bad(e, "options",
			       "%zu bytes for a mount of type %s: the kernel takes %d", out->len,
			       r->m->type, DATA_MAX);
	return 0;
}

static int enter_namespace(struct err *e)
{
	const struct mount_attr private = { .propagation = MS_PRIVATE };
	int r = sys_unshare(CLONE_NEWNS);

	if (r == 0)
		r = sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &private);
	return r < 0 ? err_sys(e, r, "unshare", "a mount namespace for the root file system") : 0;
}

/* What is below dir with other ids, on the directory of the root file system. */
static int mount_mapped(const struct rootfs_mount *r, const char *dir, struct err *e)
{
	_cleanup_close_ int tree = sys_open_tree(AT_FDCWD, dir, OPEN_TREE_CLONE);
	int ret;

	if (tree < 0)
		return err_sys(e, tree, "open_tree", "layers in %s", dir);
	ret = rootfs_map_ids(r, tree, 0, e);
	if (ret < 0)
		return ret;
	ret = sys_move_mount(tree, AT_FDCWD, r->rootfs);
	return ret < 0 ? err_sys(e, ret, "move_mount", "%s", r->rootfs) : 0;
}

/* The working directory becomes the one that layers are named in. */
static int enter_layers(const struct rootfs_mount *r, size_t common, struct err *e)
{
	const char *dir = arena_strndup(r->arena, r->layers, common);
	int ret = 0;

	if (!dir)
		return err_nomem(e);
	if (r->uid_map) {
		ret = mount_mapped(r, dir, e);
		dir = r->rootfs;
	}
	if (ret < 0)
		return ret;
	ret = common ? sys_chdir(dir) : 0;
	return ret < 0 ? err_sys(e, ret, "chdir", "%s", dir) : 0;
}

static int make(const struct rootfs_mount *r, struct err *e)
{
	const size_t common = r->layers ? common_length(r->layers) : 0;
	const unsigned long flags = r->opts.attr_set & MOUNT_ATTR_RDONLY; /* MS_RDONLY */
	_cleanup_buf_ struct buf data = {};
	int ret = make_data(r, common, &data, e);

	if (ret == 0)
		ret = enter_namespace(e);
	if (ret == 0 && r->layers)
		ret = enter_layers(r, common, e);
	if (ret < 0)
		return ret;
	ret = sys_mount(r->source, r->rootfs, r->m->type, flags, data.data);
	if (ret < 0)
		return err_sys(e, ret, "mount", "%s", r->m->type);
	ret = sys_open_tree(AT_FDCWD, r->rootfs, OPEN_TREE_CLONE);
	return ret < 0 ? err_sys(e, ret, "open_tree", "%s", r->rootfs) : ret;
}

struct answer {
	int result;
	struct err err;
};

static __attribute__((noreturn)) void answer(const struct rootfs_mount *r, int socket)
{
	struct answer a = {};
	struct err ignored;

	a.result = make(r, &a.err);
	(void)fd_send(socket, &a, sizeof(a), &a.result, a.result >= 0,
		      &ignored); /* seen as the end */
	_exit(0);
}

static int receive(int socket, struct err *e)
{
	struct answer a;
	int fd = -EBADF;
	size_t n = 1;
	ssize_t len = fd_recv(socket, &a, sizeof(a), &fd, &n, e);

	if (len < 0)
		return (int)len;
	if (len != sizeof(a))
		return err_kind(e, ERR_BUG, "the process that mounts the root file system died");
	if (a.result < 0)
		*e = a.err;
	return a.result < 0 ? a.result : fd;
}

int rootfs_private_make(const struct rootfs_mount *r, struct err *e)
{
	int pair[2], fd, ret = sys_socketpair(SOCK_SEQPACKET, pair);
	struct clone_args args = { .exit_signal = SIGCHLD };
	siginfo_t info;
	pid_t child;

	if (ret < 0)
		return err_sys(e, ret, "socketpair", "root file system");
	child = sys_clone3(&args, sizeof(args));
	if (child == 0)
		answer(r, pair[1]);
	x_close(pair[1]);
	fd = child < 0 ? err_sys(e, child, "clone3", "root file system") : receive(pair[0], e);
	x_close(pair[0]);
	while (child > 0 && sys_waitid(P_PID, (id_t)child, &info, WEXITED) == -EINTR)
		;
	return fd;
}
