/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's own user namespace, for callers without privileges.
 *
 * What a container is made of (detached mounts, namespaces, id maps) takes rights that such a caller
 * has only in a user namespace that it made. So hull enters one and goes on as any root would. In it
 * every id is what it was outside: the map is the identity, on the caller's own ids and on those that
 * the container is given. The container's namespace is below it, so that the container's root has no
 * rights over hull. A user namespace that config.json names is entered itself.
 *
 * A child stays outside (outside.c): maps are written from there, and hooks run there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "host/outside.h"
#include "sys/sys.h"

static int unshare_both(struct err *e)
{
	int r = sys_unshare(CLONE_NEWUSER | CLONE_NEWNS);

	if (r < 0)
		return err_sys(e, r, "unshare",
			       "a user namespace (does this host allow it to users? see "
			       "user.max_user_namespaces and kernel.unprivileged_userns_clone in "
			       "sysctl(8))");
	return 0;
}

static int enter_new(struct userns_map *uids, struct userns_map *gids,
		     const struct userns_hooks *hooks, struct err *e)
{
	int r = userns_map_identity(uids, e);

	if (r == 0)
		r = userns_map_identity(gids, e);
	if (r == 0)
		r = outside_start(uids, gids, hooks, e);
	if (r == 0)
		r = unshare_both(e);
	return r == 0 ? outside_map_ids(e) : r;
}

static int enter_opened(int fd, const char *name, struct err *e)
{
	int r = sys_setns(fd, CLONE_NEWUSER);

	if (r < 0)
		return err_sys(e, r, "setns", "user namespace %s", name);
	r = sys_unshare(CLONE_NEWNS);
	return r < 0 ? err_sys(e, r, "unshare", "a mount namespace in %s", name) : 0;
}

static int enter_named(const char *path, const struct userns_hooks *hooks, struct err *e)
{
	_cleanup_close_ int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	int r;

	if (fd < 0)
		return err_sys(e, fd, "open", "%s", path);
	r = hooks ? outside_start(NULL, NULL, hooks, e) : 0;
	return r == 0 ? enter_opened(fd, path, e) : r;
}

static int enter_wanted(const struct spec *s, const struct userns_hooks *hooks, struct err *e)
{
	const struct spec_namespace *ns = spec_find_namespace(s, CLONE_NEWUSER);
	struct userns_map uids = { .file = "uid_map",
				   .where = "linux.uidMappings",
				   .program = "newuidmap",
				   .own_id = geteuid(),
				   .ids = &s->linux_.uid_mappings };
	struct userns_map gids = { .file = "gid_map",
				   .where = "linux.gidMappings",
				   .program = "newgidmap",
				   .own_id = getegid(),
				   .ids = &s->linux_.gid_mappings };
	int r;

	if (!ns)
		return err_bad(
			e, "linux.namespaces",
			"without privileges a container needs a user namespace: add one with "
			"id maps (`hull spec --rootless` shows how), or run hull as root");
	r = ns->path ? enter_named(ns->path, hooks, e) : enter_new(&uids, &gids, hooks, e);
	if (r < 0 || !hooks)
		outside_end();
	buf_done(&uids.text);
	buf_done(&gids.text);
	return r;
}

/* The one above the container's, which its runtime had made; or the container's, made by others. */
static int enter_that_of(int container_ns, bool made, struct err *e)
{
	_cleanup_close_ int above = made ? sys_ioctl(container_ns, NS_GET_PARENT, NULL) : -EBADF;

	if (made && above < 0)
		return err_sys(e, above, "ioctl",
			       "NS_GET_PARENT of the container's user namespace");
	return enter_opened(made ? above : container_ns, "of the container's runtime", e);
}

/* Mounts can be cloned only by who has CAP_SYS_ADMIN over the mount namespace; the kernel asks for
 * that before anything else. */
static bool may_mount(void)
{
	_cleanup_close_ int tree = sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE);

	return tree != -EPERM;
}

/* Root of a user namespace, who at most is in the mount namespace of another. */
static bool is_root(bool *ret_moved)
{
	*ret_moved = !may_mount();
	return !*ret_moved || sys_unshare(CLONE_NEWNS) == 0;
}

int userns_enter(const struct spec *s, const struct userns_hooks *hooks, struct err *e)
{
	bool moved;
	int r = is_root(&moved) ? 0 : enter_wanted(s, hooks, e);

	return r < 0 ? r : moved;
}

int userns_enter_again(int container_ns, bool made, struct err *e)
{
	bool moved;

	return is_root(&moved) ? 0 : enter_that_of(container_ns, made, e);
}
