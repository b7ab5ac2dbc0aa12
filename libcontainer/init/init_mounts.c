/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts that come to a running container, or go, seen from inside: by a process that enters it and is
 * gone when it is done. life/mounts.c is the other side. All of them or none: until the runtime has
 * said SYNC_RECORDED, whatever fails undoes what was done.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/path.h"
#include "init/init.h"
#include "init/story.h"
#include "plan/sync.h"
#include "sys/sys.h"

/* A mount, and the mount point made for it: `made` is the length of the shortest prefix of its path
 * that was not there before, 0 when all of it was. Descriptors live as long as the process. */
struct change {
	const struct plan_mount *mount;
	int fd;
	size_t made;
};

struct changes {
	struct change items[PLAN_MAX_CHANGES];
	size_t n;
};

/* Whatever has been mounted over it meanwhile: this very mount, and what is mounted below it. */
static int unmount(const struct init_ctx *c, const struct change *change, struct err *e)
{
	char path[32];
	int r = sys_fchdir(c->plan->proc_fd);

	fmt_str(path, sizeof(path), "self/fd/%d", change->fd);
	if (r == 0)
		r = sys_umount2(path, MNT_DETACH);
	return r < 0 ? err_sys(e, r, "umount", "%s", change->mount->target) : 0;
}

/* ---- mount points ---- */

static size_t first_missing(int root, const char *target)
{
	char path[PATH_MAX];

	for (size_t len = 1; target[len - 1]; len++) {
		int fd;

		len += strcspn(target + len, "/");
		fmt_str(path, sizeof(path), "%.*s", (int)len, target);
		fd = path_open_in(root, path, O_PATH);
		x_close(fd);
		if (fd < 0)
			return len;
	}
	return 0;
}

/* Best effort: directories in which somebody has put something stay. */
static void remove_made(int root, const struct change *change)
{
	const char *target = change->mount->target;
	char path[PATH_MAX];
	struct err ignored;

	for (size_t len = strlen(target); change->made && len >= change->made; len--) {
		const char *name;
		int dir;

		if (target[len] != '/' && target[len] != '\0')
			continue;
		fmt_str(path, sizeof(path), "%.*s", (int)len, target);
		dir = path_open_parent_in(root, path, false, &name, &ignored);
		if (dir >= 0 && sys_unlinkat(dir, name, AT_REMOVEDIR) == -ENOTDIR)
			(void)sys_unlinkat(dir, name, 0); /* a file of ours, or nothing to undo */
		x_close(dir);
	}
}

/* ---- add ---- */

static void undo(const struct init_ctx *c, const struct changes *done)
{
	struct err ignored;

	for (size_t i = done->n; i-- > 0;) {
		if (done->items[i].fd >= 0)
			(void)unmount(c, &done->items[i], &ignored); /* the first error counts */
		remove_made(c->root_fd, &done->items[i]);
	}
}

static int set_readonly(const struct change *change, struct err *e)
{
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	int r = sys_mount_setattr(change->fd, "", AT_EMPTY_PATH, &readonly);

	return r < 0 ? err_sys(e, r, "mount_setattr", "read-only %s", change->mount->target) : 0;
}

static int attach_all(struct init_ctx *c, struct changes *done, struct err *e)
{
	const struct plan_rootfs *rootfs = &c->plan->rootfs;
	int r = 0;

	for (size_t i = 0; i < rootfs->n_mounts; i++) {
		const struct plan_mount *m = &rootfs->mounts[i];
		struct change *change = &done->items[done->n++];

		*change = (struct change){ m, -EBADF, first_missing(c->root_fd, m->target) };
		change->fd = mounts_attach(c, m, e);
		if (change->fd < 0)
			return err_at(e, "mounts[%zu]", i);
	}
	for (size_t i = 0; i < done->n && r == 0; i++)
		if (done->items[i].mount->late_readonly)
			r = set_readonly(&done->items[i], e);
	return r;
}

/* ---- both ---- */

static int tell_id(struct init_ctx *c, const struct change *change, struct err *e)
{
	struct statx st;
	int r = sys_statx(change->fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st);

	if (r < 0)
		return err_sys(e, r, "statx", "%s", change->mount->target);
	if (!(st.stx_mask & STATX_MNT_ID))
		return err_kind(e, ERR_UNSUPPORTED, "the kernel does not tell ids of mounts");
	return sync_send(c->sync, SYNC_MOUNT, (int32_t)st.stx_mnt_id, -EBADF, e);
}

/* Until the runtime has thought it over, and written it down. */
static int agree(struct init_ctx *c, const struct changes *changes, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < changes->n && r == 0; i++)
		r = tell_id(c, &changes->items[i], e);
	return r == 0 ? story_ready(c, e) : r;
}

void init_mounts_add_main(struct init_ctx *c)
{
	struct changes done = {};
	struct err e = {};
	int r = init_exec_enter(c, &e);

	if (r == 0)
		r = attach_all(c, &done, &e);
	if (r == 0)
		r = agree(c, &done, &e);
	if (r < 0) {
		undo(c, &done);
		story_die(c, &e);
	}
	_exit(0);
}

/* ---- remove ---- */

static int open_one(const struct init_ctx *c, const struct plan_mount *m, struct change *ret,
		    struct err *e)
{
	struct statx st;
	int r, fd = path_open_in(c->root_fd, m->target, O_PATH);

	if (fd < 0)
		return err_sys(e, fd, "open", "%s", m->target);
	r = sys_statx(fd, "", AT_EMPTY_PATH, 0, &st);
	if (r < 0)
		return err_sys(e, r, "statx", "%s", m->target);
	if (!(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return err_bad(e, "destination", "%s is not a mount point", m->target);
	*ret = (struct change){ .mount = m, .fd = fd };
	return 0;
}

static int open_all(const struct init_ctx *c, struct changes *changes, struct err *e)
{
	const struct plan_rootfs *rootfs = &c->plan->rootfs;

	for (size_t i = 0; i < rootfs->n_mounts; i++) {
		if (open_one(c, &rootfs->mounts[i], &changes->items[i], e) < 0)
			return err_at(e, "mounts[%zu]", i);
		changes->n++;
	}
	return 0;
}

void init_mounts_remove_main(struct init_ctx *c)
{
	struct changes changes = {};
	struct err e = {};
	int r = init_exec_enter(c, &e);

	if (r == 0)
		r = open_all(c, &changes, &e);
	if (r == 0)
		r = agree(c, &changes, &e);
	for (size_t i = changes.n; i-- > 0 && r == 0;)
		r = unmount(c, &changes.items[i], &e);
	if (r < 0)
		story_die(c, &e);
	_exit(0);
}
