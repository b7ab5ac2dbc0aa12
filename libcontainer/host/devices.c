/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes and the symlinks of /dev. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "host/paths.h"
#include "sys/sys.h"

#define DEFAULT_MODE 0666

static const struct {
	const char *path;
	unsigned major, minor;
} defaults[] = {
	{ .path = "/dev/null", .major = 1, .minor = 3 },
	{ .path = "/dev/zero", .major = 1, .minor = 5 },
	{ .path = "/dev/full", .major = 1, .minor = 7 },
	{ .path = "/dev/random", .major = 1, .minor = 8 },
	{ .path = "/dev/urandom", .major = 1, .minor = 9 },
	{ .path = "/dev/tty", .major = 5, .minor = 0 },
};

static const struct plan_symlink symlinks[] = {
	{ .path = "/dev/fd", .target = "/proc/self/fd" },
	{ .path = "/dev/stdin", .target = "/proc/self/fd/0" },
	{ .path = "/dev/stdout", .target = "/proc/self/fd/1" },
	{ .path = "/dev/stderr", .target = "/proc/self/fd/2" },
	{ .path = "/dev/core", .target = "/proc/kcore" },
	{ .path = "/dev/ptmx", .target = "pts/ptmx" },
};

static mode_t type_bits(const char *type)
{
	switch (type[0]) {
	case 'b':
		return S_IFBLK;
	case 'p':
		return S_IFIFO;
	default: /* c and u (spec_check) */
		return S_IFCHR;
	}
}

static int from_spec(const struct spec_device *sd, struct plan_device *d, struct arena *arena,
		     struct err *e)
{
	/* clients put the type into fileMode, too */
	mode_t mode = sd->has_file_mode ? sd->file_mode & 07777 : DEFAULT_MODE;
	bool fifo = type_bits(sd->type) == S_IFIFO;

	*d = (struct plan_device){
		.mode = type_bits(sd->type) | mode,
		.rdev = fifo ? 0 : makedev((unsigned)sd->major, (unsigned)sd->minor),
		.uid = sd->uid,
		.gid = sd->gid,
		.bind_fd = -EBADF,
	};
	return paths_clean(sd->path, &d->path, arena, e);
}

static bool is_planned(const struct plan_rootfs *rootfs, const char *path)
{
	for (size_t i = 0; i < rootfs->n_devices; i++)
		if (strcmp(rootfs->devices[i].path, path) == 0)
			return true;
	return false;
}

/* In a /dev that the user brings along nothing is made: it may be the host's. */
static bool is_wanted(const struct plan_rootfs *rootfs, const char *path)
{
	return rootfs->setup_dev || strncmp(path, "/dev/", 5) != 0;
}

/* mknod(2) makes no devices in a user namespace: the host's own node is attached instead. */
static int borrow_node(struct plan_device *d, struct err *e)
{
	_cleanup_close_ int fd = sys_open_tree(AT_FDCWD, d->path, OPEN_TREE_CLONE);
	struct stat st;
	int r;

	if (fd < 0)
		return err_sys(e, fd, "open_tree", "%s of the host", d->path);
	r = sys_fstat(fd, &st);
	if (r < 0)
		return err_sys(e, r, "fstat", "%s of the host", d->path);
	if ((st.st_mode & S_IFMT) != (d->mode & S_IFMT) || st.st_rdev != d->rdev)
		return err_bad(e, "", "%s of the host is not the device asked for", d->path);
	d->bind_fd = take_fd(fd);
	return 0;
}

static int add(const struct host_env *h, const struct spec *s, struct plan_rootfs *rootfs,
	       struct plan_device d, struct err *e)
{
	bool no_mknod = (spec_has_userns(s) || h->rootless) && !S_ISFIFO(d.mode);
	int r = no_mknod && !h->dry_run ? borrow_node(&d, e) : 0;

	if (r == 0)
		rootfs->devices[rootfs->n_devices++] = d;
	return r;
}

static int plan_given(const struct host_env *h, const struct spec *s, struct plan *p, size_t i,
		      struct err *e)
{
	struct plan_device d;
	int r = from_spec(&s->linux_.devices.items[i], &d, p->arena, e);

	if (r < 0 || !is_wanted(&p->rootfs, d.path))
		return r;
	return add(h, s, &p->rootfs, d, e);
}

static int plan_default(const struct host_env *h, const struct spec *s, struct plan_rootfs *rootfs,
			size_t i, struct err *e)
{
	struct plan_device d = {
		.path = defaults[i].path,
		.mode = S_IFCHR | DEFAULT_MODE,
		.rdev = makedev(defaults[i].major, defaults[i].minor),
		.bind_fd = -EBADF,
		.is_default = true,
	};

	if (is_planned(rootfs, d.path) || !is_wanted(rootfs, d.path))
		return 0;
	return add(h, s, rootfs, d, e);
}

int devices_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	struct plan_rootfs *rootfs = &p->rootfs;
	size_t n = s->linux_.devices.n;

	rootfs->devices = arena_array_of(p->arena, struct plan_device, n + ARRAY_SIZE(defaults));
	rootfs->symlinks = arena_array_of(p->arena, struct plan_symlink, ARRAY_SIZE(symlinks));
	if (!rootfs->devices || !rootfs->symlinks)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++)
		if (plan_given(h, s, p, i, e) < 0)
			return err_at(e, "linux.devices[%zu]", i);
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (plan_default(h, s, rootfs, i, e) < 0)
			return err_errno(e);
	if (rootfs->setup_dev) {
		memcpy(rootfs->symlinks, symlinks, sizeof(symlinks));
		rootfs->n_symlinks = ARRAY_SIZE(symlinks);
	}
	return 0;
}
