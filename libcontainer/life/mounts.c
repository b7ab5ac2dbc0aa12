/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts of a running container. They are compiled as those of create are, with the host's rights and
 * view; a process that enters the container attaches them (init/init_mounts.c). The record keeps the
 * ids of what was added: nothing else is ever removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "host/host.h"
#include "host/paths.h"
#include "libcontainer.h"
#include "life/enter.h"
#include "life/spawn.h"
#include "plan/sync.h"
#include "spec/spec_check.h"
#include "sys/sys.h"

struct mounts {
	struct lc_ctx *ctx;
	struct statedir dir;
	struct record record;
	struct plan plan;
	struct spec *spec; /* of the container, with these mounts in place of its own */
	struct spawn spawn;
	int init, bundle;
	uint64_t ids[PLAN_MAX_CHANGES];
};

static const struct json_field *mounts_field(void)
{
	const struct json_field *f = spec_fields;

	while (strcmp(f->name, "mounts") != 0)
		f++;
	return f;
}

/* An array is taken for the property of an object that it could be. */
static int parse(struct mounts *m, const char *json, size_t len, struct err *e)
{
	const struct json_field fields[] = { *mounts_field(), {} };
	size_t blanks = strspn(json, " \t\r\n");
	const char *text =
		json[blanks] == '[' ? arena_printf(m->plan.arena, "{\"mounts\":%s}", json) : json;

	if (!text)
		return err_nomem(e);
	if (text != json)
		len = strlen(text);
	memset(&m->spec->mounts, 0, sizeof(m->spec->mounts));
	return json_decode(fields, m->spec, text, len, m->plan.arena, NULL, e);
}

static int check_number(const struct mounts *m, struct err *e)
{
	if (m->spec->mounts.n == 0)
		return err_bad(e, "mounts", "there are none");
	if (m->spec->mounts.n > PLAN_MAX_CHANGES)
		return err_bad(e, "mounts", "at most %d at once", PLAN_MAX_CHANGES);
	return 0;
}

static int open_container(struct mounts *m, const char *id, struct err *e)
{
	enum lc_status status;
	int r = statedir_open(m->ctx->root, id, STATEDIR_LOCKED, &m->dir, e);

	if (r == 0)
		r = record_read(&m->dir, id, m->plan.arena, &m->record, e);
	if (r < 0)
		return r;
	status = record_status(&m->dir, &m->record, m->ctx->cgroup_root);
	if (status == LC_STOPPED || status == LC_CREATING)
		return err_kind(e, ERR_STATE, "container not running");
	if (!(m->record.namespaces & CLONE_NEWNS))
		return err_kind(e, ERR_UNSUPPORTED,
				"the container has no mount namespace of its own");
	m->init = record_open_init(&m->record, e);
	return m->init < 0 ? m->init : 0;
}

static int load(struct mounts *m, const char *json, size_t len, struct err *e)
{
	int r = spec_load_config(m->dir.dir_fd, STATEDIR_CONFIG, m->plan.arena, &m->spec, NULL, e);

	if (r == 0)
		r = parse(m, json, len, e);
	if (r == 0)
		r = check_number(m, e);
	m->plan.id = m->record.id;
	m->plan.bundle = m->record.bundle;
	return r == 0 ? plan_open_proc(&m->plan.proc_fd, e) : r;
}

static int open_userns(const struct mounts *m, struct err *e)
{
	char path[64];
	int fd;

	fmt_str(path, sizeof(path), "%d/ns/user", (int)m->record.init.pid);
	fd = sys_openat(m->plan.proc_fd, path, O_RDONLY, 0);
	return fd < 0 ? err_sys(e, fd, "open", "/proc/%s", path) : fd;
}

/* Maps that a mount does not name are those of the container, whoever has made its namespace. Without
 * privileges what is bound into it can be opened only where its runtime was. */
static int join_userns(struct mounts *m, struct err *e)
{
	const struct spec_namespace *ns = spec_find_namespace(m->spec, CLONE_NEWUSER);
	bool other = m->record.namespaces & CLONE_NEWUSER;
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!other && !m->ctx->rootless)
		return 0;
	fd = open_userns(m, e);
	if (fd < 0)
		return fd;
	r = m->ctx->rootless ? userns_enter_again(fd, ns && !ns->path, e) : 0;
	if (r < 0 || !other)
		return r;
	m->plan.ns.join[0] = (struct plan_join){ .fd = take_fd(fd),
						 .type = CLONE_NEWUSER,
						 .path = "of the container" };
	m->plan.ns.n_join = 1;
	return 0;
}

static int check_kinds(const struct mounts *m, struct err *e)
{
	for (size_t i = 0; i < m->plan.rootfs.n_mounts; i++) {
		const struct plan_mount *mount = &m->plan.rootfs.mounts[i];
		int r = 0;

		if (strcmp(mount->target, "/") == 0)
			r = err_bad(e, "destination", "the root of a running container stays");
		else if (mount->kind == PLAN_MOUNT_REMOUNT)
			r = err_bad(e, "options", "remount: only new mounts can be added");
		else if (mount->kind == PLAN_MOUNT_SYMLINK)
			r = err_bad(e, "options", "copy-symlink: only new mounts can be added");
		else if (mount->kind == PLAN_MOUNT_CGROUP)
			r = err_kind(e, ERR_UNSUPPORTED,
				     "cgroups need a cgroup namespace of the container's own");
		if (r < 0)
			return err_at(e, "mounts[%zu]", i);
	}
	return 0;
}

static int compile(struct mounts *m, struct err *e)
{
	struct host_env h = { .id = m->record.id,
			      .bundle = m->record.bundle,
			      .cgroup_root = m->ctx->cgroup_root,
			      .rootless = m->ctx->rootless };
	int r = spec_check(m->spec, NULL, e);

	if (r == 0)
		r = join_userns(m, e);
	if (r < 0)
		return r;
	m->bundle = sys_openat(AT_FDCWD, m->record.bundle, O_PATH | O_DIRECTORY, 0);
	if (m->bundle < 0)
		return err_sys(e, m->bundle, "open", "bundle %s", m->record.bundle);
	h.bundle_fd = m->bundle;
	m->plan.ns.new_flags = (int)m->record.namespaces;
	r = mounts_plan(&h, m->spec, &m->plan, e);
	return r == 0 ? check_kinds(m, e) : r;
}

/* Only the destinations matter. */
static int compile_targets(struct mounts *m, struct err *e)
{
	struct plan_rootfs *rootfs = &m->plan.rootfs;
	size_t n = m->spec->mounts.n;

	rootfs->mounts = arena_array_of(m->plan.arena, struct plan_mount, n);
	if (!rootfs->mounts)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++) {
		rootfs->mounts[i] = (struct plan_mount){ .source_fd = -EBADF };
		rootfs->n_mounts++;
		if (paths_clean(m->spec->mounts.items[i].destination, &rootfs->mounts[i].target,
				m->plan.arena, e) < 0)
			return err_at(e, "mounts[%zu].destination", i);
	}
	return 0;
}

/* ---- with the process inside ---- */

static int start(struct mounts *m, void (*child)(struct init_ctx *), struct err *e)
{
	int r;

	enter_plan(m->ctx, &m->record, &m->plan);
	m->spawn.plan = &m->plan;
	m->spawn.main = child;
	m->spawn.target = m->init;
	m->spawn.close_fds[0] = m->dir.dir_fd;
	m->spawn.close_fds[1] = m->dir.root_fd;
	r = arena_seal(m->plan.arena);
	return r < 0 ? err_sys(e, r, "mprotect", "the plan") : spawn_child(&m->spawn, e);
}

static int receive_ids(struct mounts *m, struct err *e)
{
	for (size_t i = 0; i < m->plan.rootfs.n_mounts; i++) {
		int32_t id = 0;
		int r = sync_receive(m->spawn.sync, &id, NULL, e);

		if (r < 0)
			return r;
		if (r != SYNC_MOUNT)
			return err_kind(e, ERR_BUG, "unexpected message %d", r);
		m->ids[i] = (uint32_t)id;
	}
	return sync_expect(m->spawn.sync, SYNC_READY, NULL, e);
}

/* Its end of the socket closes when it is done: end of file is success. It is never killed, as it
 * undoes what it did when it is told nothing. */
static int finish(struct mounts *m, int r, struct err *e)
{
	siginfo_t info = {};

	if (r == 0)
		r = sync_send(m->spawn.sync, SYNC_RECORDED, 0, -EBADF, e);
	if (r == 0) {
		struct err end = {};

		r = sync_receive(m->spawn.sync, NULL, NULL, &end);
		if (r == -ECONNRESET && end.kind == ERR_SYS)
			r = 0;
		else
			*e = end;
	}
	spawn_explain(&m->spawn, e);
	m->spawn.sync = x_close(m->spawn.sync);
	while (m->spawn.pidfd >= 0 &&
	       sys_waitid(P_PIDFD, (id_t)m->spawn.pidfd, &info, WEXITED) == -EINTR)
		;
	return r;
}

/* ---- the record ---- */

static bool is_added(const struct record *r, uint64_t id)
{
	for (size_t i = 0; i < r->added_mounts.n; i++)
		if (r->added_mounts.items[i] == id)
			return true;
	return false;
}

static int check_added(const struct mounts *m, struct err *e)
{
	for (size_t i = 0; i < m->plan.rootfs.n_mounts; i++)
		if (!is_added(&m->record, m->ids[i]))
			return err_kind(e, ERR_STATE,
					"what is mounted on %s was not added by \"mounts add\"",
					m->plan.rootfs.mounts[i].target);
	return 0;
}

static bool is_removed(const struct mounts *m, uint64_t id)
{
	for (size_t i = 0; i < m->plan.rootfs.n_mounts; i++)
		if (m->ids[i] == id)
			return true;
	return false;
}

/* The plan's arena is sealed by now. An id is kept once: the kernel uses it again when it is free. */
static int write_ids(struct mounts *m, bool add, struct err *e)
{
	size_t n = m->plan.rootfs.n_mounts, kept = 0;
	_cleanup_free_ uint64_t *ids = calloc(m->record.added_mounts.n + n, sizeof(*ids));
	struct record record = m->record;

	if (!ids)
		return err_nomem(e);
	for (size_t i = 0; i < m->record.added_mounts.n; i++)
		if (!is_removed(m, m->record.added_mounts.items[i]))
			ids[kept++] = m->record.added_mounts.items[i];
	for (size_t i = 0; i < n && add; i++)
		ids[kept++] = m->ids[i];
	record.added_mounts.items = ids;
	record.added_mounts.n = kept;
	return record_write(&m->dir, &record, e);
}

/* ---- the verbs ---- */

static void mounts_done(struct mounts *m)
{
	x_close(m->bundle);
	x_close(m->init);
	spawn_release(&m->spawn);
	statedir_close(&m->dir);
	plan_done(&m->plan);
}

static int mounts_open(struct mounts *m, const char *id, const char *json, size_t len,
		       struct err *e)
{
	int r = plan_init(&m->plan, e);

	if (r == 0)
		r = open_container(m, id, e);
	return r == 0 ? load(m, json, len, e) : r;
}

#define MOUNTS_EMPTY(c)                                                                  \
	{                                                                                \
		.ctx = (c), .dir = STATEDIR_EMPTY, .spawn = SPAWN_EMPTY, .init = -EBADF, \
		.bundle = -EBADF                                                         \
	}

int lc_mounts_add(struct lc_ctx *ctx, const char *id, const char *json, size_t len, struct err *e)
{
	_cleanup_(mounts_done) struct mounts m = MOUNTS_EMPTY(ctx);
	int r = mounts_open(&m, id, json, len, e);

	if (r == 0)
		r = compile(&m, e);
	if (r == 0)
		r = start(&m, init_mounts_add_main, e);
	if (r < 0)
		return r;
	r = receive_ids(&m, e);
	if (r == 0)
		r = write_ids(&m, true, e);
	return finish(&m, r, e);
}

int lc_mounts_remove(struct lc_ctx *ctx, const char *id, const char *json, size_t len,
		     struct err *e)
{
	_cleanup_(mounts_done) struct mounts m = MOUNTS_EMPTY(ctx);
	int r = mounts_open(&m, id, json, len, e);

	if (r == 0)
		r = compile_targets(&m, e);
	if (r == 0)
		r = start(&m, init_mounts_remove_main, e);
	if (r < 0)
		return r;
	r = receive_ids(&m, e);
	if (r == 0)
		r = check_added(&m, e);
	r = finish(&m, r, e);
	return r == 0 ? write_ids(&m, false, e) : r;
}
