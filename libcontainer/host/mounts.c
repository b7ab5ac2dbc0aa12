/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of config.json, each compiled to one order for init. */
#include "host/mounts.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/cgroup.h"
#include "host/host.h"
#include "host/idmap_option.h"
#include "host/notify.h"
#include "host/paths.h"

/* crun's: which of the labels of a file system linux.mountLabel becomes. */
#define CONTEXT_ANNOTATION "run.oci.mount_context_type"

static int plan_label_type(const struct spec *s, const char **ret, struct err *e)
{
	static const char *const types[] = { "context", "fscontext", "defcontext", "rootcontext" };
	const char *given = spec_annotation(s, CONTEXT_ANNOTATION);

	*ret = types[0];
	for (size_t i = 0; given && i < ARRAY_SIZE(types); i++)
		if (strcmp(given, types[i]) == 0)
			*ret = types[i];
	if (!given || strcmp(given, *ret) == 0)
		return 0;
	err_bad(e, "", "must be context, fscontext, defcontext or rootcontext");
	return err_at(e, "annotations[\"%s\"]", CONTEXT_ANNOTATION);
}

static bool is_type(const struct spec_mount *sm, const char *type)
{
	return sm->type && strcmp(sm->type, type) == 0;
}

static bool is_cgroup(const struct spec_mount *sm)
{
	return is_type(sm, "cgroup") || is_type(sm, "cgroup2");
}

static enum plan_mount_kind kind_of(const struct spec_mount *sm, const struct mount_opts *opts,
				    bool own_cgroupns)
{
	if (opts->remount)
		return PLAN_MOUNT_REMOUNT;
	if (opts->bind)
		return PLAN_MOUNT_BIND;
	return is_cgroup(sm) && !own_cgroupns ? PLAN_MOUNT_CGROUP : PLAN_MOUNT_FS;
}

static bool has_own_cgroupns(const struct plan *p)
{
	for (size_t i = 0; i < p->ns.n_join; i++)
		if (p->ns.join[i].type == CLONE_NEWCGROUP)
			return true;
	return p->ns.new_flags & CLONE_NEWCGROUP;
}

static bool has_data(const struct mount_opts *opts, const char *key)
{
	for (size_t i = 0; i < opts->n_data; i++)
		if (strcmp(opts->data[i].key, key) == 0)
			return true;
	return false;
}

static int add_option(struct mount_opts *opts, const char *key, const char *value,
		      struct arena *arena, struct err *e)
{
	struct plan_fs_option *more =
		arena_array_of(arena, struct plan_fs_option, opts->n_data + 1);

	if (!more)
		return err_nomem(e);
	if (opts->n_data)
		memcpy(more, opts->data, opts->n_data * sizeof(*more));
	more[opts->n_data++] = (struct plan_fs_option){ key, value };
	opts->data = more;
	return 0;
}

/* procfs, sysfs and mqueue take their labels from the policy, not from the mount. */
static bool is_labelled(const struct spec_mount *sm)
{
	return !is_type(sm, "proc") && !is_type(sm, "sysfs") && !is_type(sm, "mqueue") &&
	       !is_cgroup(sm);
}

static int plan_label(const struct plan *p, const struct spec_mount *sm, struct mount_opts *opts,
		      struct err *e)
{
	const char *label = p->rootfs.mount_label, *type = p->rootfs.mount_label_type;

	if (!label || !is_labelled(sm) || has_data(opts, type))
		return 0;
	return add_option(opts, type, label, p->arena, e);
}

/* A read-only device needs a read-only superblock. The superblock of everything else may be shared
 * with others (sysfs, cgroup2), so there only the mount is read-only. */
static int plan_readonly_device(const struct plan_mount *m, struct mount_opts *opts,
				struct arena *arena, struct err *e)
{
	if (!(m->attr_set & MOUNT_ATTR_RDONLY) || !m->source || m->source[0] != '/')
		return 0;
	return add_option(opts, "ro", NULL, arena, e);
}

/* A new file system has nothing below it: recursive attributes are its own. */
static void merge_recursive(struct plan_mount *m)
{
	m->attr_set = (m->attr_set & ~m->rec_attr_clr) | m->rec_attr_set;
	m->rec_attr_set = m->rec_attr_clr = 0;
	if (m->propagation == MS_PRIVATE)
		m->propagation = 0; /* as every new mount is */
}

static int plan_fs(const struct plan *p, const struct spec_mount *sm, struct mount_opts *opts,
		   struct plan_mount *m, struct err *e)
{
	bool tmpfs = is_type(sm, "tmpfs");
	int r;

	if (!sm->type || !sm->type[0])
		return err_bad(e, "type",
			       "is missing: a file system, or option bind for a bind mount");
	if (strcmp(m->target, "/proc") == 0 && !is_type(sm, "proc"))
		return err_bad(e, "type", "only proc can be mounted on /proc, not %s", sm->type);
	if (opts->idmap)
		return err_kind(e, ERR_UNSUPPORTED, "idmap is for bind mounts, not for a new %s",
				sm->type);
	if (opts->copy_symlink || opts->source_nofollow || opts->target_nofollow)
		return err_bad(e, "options",
			       "copy-symlink, src-nofollow and dest-nofollow are for bind mounts");
	if (opts->copy_up && !tmpfs)
		return err_bad(e, "options", "tmpcopyup is for tmpfs, not for %s", sm->type);
	merge_recursive(m);
	r = plan_label(p, sm, opts, e);
	if (r == 0)
		r = plan_readonly_device(m, opts, p->arena, e);
	if (r < 0)
		return r;
	m->fstype = is_cgroup(sm) ? "cgroup2" : arena_strdup(p->arena, sm->type);
	m->options = opts->data;
	m->n_options = opts->n_data;
	m->copy_up = opts->copy_up;
	m->inherit_mode = tmpfs && !has_data(opts, "mode");
	return m->fstype ? 0 : err_nomem(e);
}

/* Returns 1 when the source is a symbolic link, which the mount then is. */
static int plan_symlink(const struct host_env *h, const struct spec_mount *sm, struct plan_mount *m,
			struct arena *arena, struct err *e)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(h->bundle_fd, sm->source, text, sizeof(text));

	if (n < 0 && errno == EINVAL)
		return 0;
	if (n < 0)
		return err_sys(e, errno, "readlink", "%s", sm->source);
	m->kind = PLAN_MOUNT_SYMLINK;
	m->link = arena_strndup(arena, text, (size_t)n);
	return m->link ? 1 : err_nomem(e);
}

static int plan_bind(const struct host_env *h, const struct spec *s, const struct plan *p,
		     struct spec_mount *sm, struct mount_opts *opts, struct plan_mount *m,
		     struct err *e)
{
	int r = 0;

	if (!sm->source || !sm->source[0])
		return err_bad(e, "source", "a bind mount needs a source");
	if (opts->copy_symlink && !h->dry_run)
		r = plan_symlink(h, sm, m, p->arena, e);
	if (r != 0)
		return r < 0 ? r : 0;
	if (opts->id_maps && idmap_option_parse(opts->id_maps, s, sm, p->arena, e) < 0)
		return err_at(e, "options");
	m->target_nofollow = opts->target_nofollow;
	opts->idmap |= sm->uid_mappings.n > 0 || sm->gid_mappings.n > 0;
	m->recursive = opts->recursive_bind;
	m->idmapped = opts->idmap;
	return h->dry_run ? 0 : bind_mount_open(h, s, p, sm, opts, m, e);
}

/* The container's own group, where init still sees the host's tree. Without a group of its own the
 * container may look, not touch. */
static int plan_cgroup(const struct host_env *h, const struct plan *p, struct plan_mount *m,
		       struct err *e)
{
	const char *path = p->cgroup.path ? p->cgroup.path : "";
	char root[PATH_MAX] = "/sys/fs/cgroup";
	_cleanup_close_ int fd = -EBADF;

	if (!h->dry_run) {
		fd = cgroup_open_root(h->cgroup_root, root, e);
		if (fd < 0)
			return fd;
	}
	merge_recursive(m);
	if (!p->cgroup.path || !(m->attr_clr & MOUNT_ATTR_RDONLY))
		m->attr_set |= MOUNT_ATTR_RDONLY;
	m->attr_clr = 0;
	m->source = arena_printf(p->arena, "%s%s", root, path);
	return m->source ? 0 : err_nomem(e);
}

static int plan_kind(const struct host_env *h, const struct spec *s, struct plan *p,
		     struct spec_mount *sm, struct mount_opts *opts, struct plan_mount *m,
		     struct err *e)
{
	switch (m->kind) {
	case PLAN_MOUNT_FS:
		return plan_fs(p, sm, opts, m, e);
	case PLAN_MOUNT_BIND:
		return plan_bind(h, s, p, sm, opts, m, e);
	case PLAN_MOUNT_CGROUP:
		return plan_cgroup(h, p, m, e);
	case PLAN_MOUNT_REMOUNT:
	case PLAN_MOUNT_SYMLINK: /* which one is looks at its source only */
		return 0;
	}
	return err_kind(e, ERR_BUG, "mount of kind %d", m->kind);
}

/* sysfs is for who owns the network namespace. Where that stays the host's, who has less rights than
 * the host's root is shown the host's sysfs: all that is mounted in it with the options meant for it. */
static bool borrows_sysfs(const struct host_env *h, const struct spec *s, const struct plan *p,
			  const struct spec_mount *sm)
{
	if (!is_type(sm, "sysfs") || !(spec_has_userns(s) || h->rootless))
		return false;
	return !spec_find_namespace(s, CLONE_NEWNET) || p->ns.own & CLONE_NEWNET;
}

static void borrow_sysfs(struct spec_mount *sm, struct mount_opts *opts)
{
	sm->source = "/sys";
	opts->bind = opts->recursive_bind = true;
	opts->rec_attr_set |= opts->attr_set;
	opts->n_data = 0;
}

static int plan_one(const struct host_env *h, const struct spec *s, struct plan *p,
		    const struct spec_mount *given, struct plan_mount *m, struct err *e)
{
	struct spec_mount own = *given, *sm = &own;
	struct mount_opts opts;
	int r = mount_opts_parse(&sm->options, "options", &opts, p->arena, e);

	if (r < 0)
		return r;
	if (borrows_sysfs(h, s, p, sm))
		borrow_sysfs(sm, &opts);
	r = paths_clean(sm->destination, &m->target, p->arena, e);
	if (r < 0)
		return err_at(e, "destination");
	if (sm->source && sm->source[0]) {
		m->source = arena_strdup(p->arena, sm->source);
		if (!m->source)
			return err_nomem(e);
	}
	m->kind = kind_of(sm, &opts, has_own_cgroupns(p));
	m->attr_set = opts.attr_set;
	m->attr_clr = opts.attr_clr;
	m->rec_attr_set = opts.rec_attr_set;
	m->rec_attr_clr = opts.rec_attr_clr;
	m->propagation = opts.propagation;
	m->propagation_rec = opts.propagation_rec;
	return plan_kind(h, s, p, sm, &opts, m, e);
}

/* 1 below, 0 the same, negative: neither. */
static int compare_paths(const char *dir, const char *path)
{
	size_t n = strlen(dir);

	if (strncmp(dir, path, n) != 0)
		return -1;
	return path[n] == '\0' ? 0 : path[n] == '/' ? 1 : -1;
}

/* A read-only tmpfs that something is still to be made in: a later mount point, or what /dev gets.
 * One that is covered whole is out of reach afterwards and of no interest. */
static bool is_filled_later(const struct plan_rootfs *rootfs, size_t i)
{
	const struct plan_mount *m = &rootfs->mounts[i];
	bool filled = compare_paths(m->target, "/dev") >= 0;

	if (m->kind != PLAN_MOUNT_FS || strcmp(m->fstype, "tmpfs") != 0 ||
	    !(m->attr_set & MOUNT_ATTR_RDONLY))
		return false;
	for (size_t k = i + 1; k < rootfs->n_mounts; k++) {
		int r = compare_paths(m->target, rootfs->mounts[k].target);

		if (r == 0)
			return false;
		filled |= r > 0;
	}
	return filled;
}

int mounts_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	struct plan_rootfs *rootfs = &p->rootfs;
	size_t given = s->mounts.n, n = given + notify_is_wanted(h, s);
	int r = lsm_label(h, s->linux_.mount_label, &rootfs->mount_label, p->arena, e);

	if (r < 0)
		return err_at(e, "linux.mountLabel");
	r = plan_label_type(s, &rootfs->mount_label_type, e);
	if (r < 0)
		return r;
	rootfs->mounts = arena_array_of(p->arena, struct plan_mount, n);
	if (n && !rootfs->mounts)
		return err_nomem(e);
	rootfs->setup_dev = true;
	for (size_t i = 0; i < given; i++) {
		struct plan_mount *m = &rootfs->mounts[i];

		*m = (struct plan_mount){ .index = i, .source_fd = -EBADF };
		rootfs->n_mounts = i + 1;
		if (plan_one(h, s, p, &s->mounts.items[i], m, e) < 0)
			return err_at(e, "mounts[%zu]", i);
		if (m->kind == PLAN_MOUNT_BIND && strcmp(m->target, "/dev") == 0)
			rootfs->setup_dev = false;
	}
	rootfs->n_mounts = n;
	if (n > given) {
		rootfs->notify = &rootfs->mounts[given];
		notify_plan(rootfs->notify, given);
	}
	for (size_t i = 0; i < n; i++)
		rootfs->mounts[i].late_readonly = is_filled_later(rootfs, i);
	return 0;
}
