/* SPDX-License-Identifier: Apache-2.0 */
/* state and list: what is true of one container, or of all. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "libcontainer.h"
#include "life/record.h"
#include "spec/spec_check.h"
#include "sys/sys.h"

static const char *const status_names[] = {
	[LC_CREATING] = "creating", [LC_CREATED] = "created", [LC_RUNNING] = "running",
	[LC_PAUSED] = "paused",	    [LC_STOPPED] = "stopped",
};

const char *lc_status_name(enum lc_status s)
{
	return status_names[s];
}

void lc_state_done(struct lc_state *s)
{
	arena_free(s->arena);
	*s = (struct lc_state){};
}

/* ret->arena stays the caller's. */
static int read_state(const struct lc_ctx *ctx, const char *id, struct arena *arena,
		      struct lc_state *ret, struct err *e)
{
	_cleanup_statedir_ struct statedir d = STATEDIR_EMPTY;
	struct record rec;
	int r = statedir_open(ctx->root, id, STATEDIR_UNLOCKED, &d, e);

	if (r == 0)
		r = record_read(&d, id, arena, &rec, e);
	if (r < 0)
		return r;
	*ret = (struct lc_state){
		.oci_version = rec.oci_version,
		.id = rec.id,
		.status = record_status(&d, &rec, ctx->cgroup_root),
		.bundle = rec.bundle,
		.rootfs = rec.rootfs,
		.created = rec.created,
		.owner = strcmp(rec.owner, "0") == 0 ? "root" : rec.owner,
		.annotations = { rec.annotations.items, rec.annotations.n },
	};
	if (ret->status != LC_STOPPED)
		ret->pid = (pid_t)rec.init.pid;
	return 0;
}

/* A record is written right after its directory is made: a reader in between waits its turn. */
int lc_state(struct lc_ctx *ctx, const char *id, struct lc_state *ret, struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_statedir_ struct statedir d = STATEDIR_EMPTY;
	struct err waiting;
	int r;

	if (!arena)
		return err_nomem(e);
	r = read_state(ctx, id, arena, ret, e);
	if (r < 0 && e->kind == ERR_NOTFOUND &&
	    statedir_open(ctx->root, id, STATEDIR_LOCKED, &d, &waiting) == 0) {
		statedir_close(&d);
		r = read_state(ctx, id, arena, ret, e);
	}
	if (r == 0)
		ret->arena = take_ptr(arena);
	return r;
}

/* One whose record cannot be read is still there to be deleted, and must be seen. */
static int unreadable(const char *id, struct arena *arena, struct lc_state *ret)
{
	const char *copy = arena_strdup(arena, id);

	*ret = (struct lc_state){ .id = copy,
				  .status = LC_STOPPED,
				  .oci_version = "",
				  .bundle = "",
				  .rootfs = "",
				  .created = "",
				  .owner = "" };
	return copy ? 0 : -ENOMEM;
}

struct listing {
	struct arena *arena; /* of all items */
	struct lc_state *items;
	size_t n, cap;
};

static int listing_add(const struct lc_ctx *ctx, const char *id, struct listing *l, struct err *e)
{
	struct err why;

	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 16;
		struct lc_state *items = reallocarray(l->items, cap, sizeof(*items));

		if (!items)
			return err_nomem(e);
		l->items = items;
		l->cap = cap;
	}
	if (read_state(ctx, id, l->arena, &l->items[l->n], &why) < 0) {
		struct stat st;
		_cleanup_close_ int root = sys_openat(AT_FDCWD, ctx->root, O_PATH | O_DIRECTORY, 0);

		if (sys_fstatat(root, id, &st, 0) < 0)
			return 0; /* deleted in the meantime */
		if (unreadable(id, l->arena, &l->items[l->n]) < 0)
			return err_nomem(e);
	}
	l->n++;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct lc_state *)a)->id, ((const struct lc_state *)b)->id);
}

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

static void listing_free(struct listing *l)
{
	arena_free(l->arena);
	free(l->items);
}

int lc_list(struct lc_ctx *ctx, struct lc_state **ret, size_t *ret_n, struct err *e)
{
	_cleanup_(closedirp) DIR *dir = opendir(ctx->root);
	_cleanup_(listing_free) struct listing l = {};
	struct dirent *entry;
	struct err not_an_id;

	if (!dir && errno != ENOENT)
		return err_sys(e, errno, "open", "state directory %s", ctx->root);
	l.arena = arena_new();
	if (!l.arena)
		return err_nomem(e);
	while (dir && (entry = readdir(dir))) {
		int r;

		if (entry->d_type == DT_REG || spec_check_id(entry->d_name, &not_an_id) < 0)
			continue;
		r = listing_add(ctx, entry->d_name, &l, e);
		if (r < 0)
			return r;
	}
	if (l.n) {
		qsort(l.items, l.n, sizeof(*l.items), by_id);
		l.items[0].arena = take_ptr(l.arena); /* freed with the first */
	}
	*ret_n = l.n;
	*ret = take_ptr(l.items);
	return 0;
}

static void write_state(struct json_writer *w, const struct lc_state *s)
{
	json_open_object(w);
	json_key(w, "ociVersion"), json_str(w, s->oci_version);
	json_key(w, "id"), json_str(w, s->id);
	json_key(w, "pid"), json_i64(w, s->pid);
	json_key(w, "status"), json_str(w, lc_status_name(s->status));
	json_key(w, "bundle"), json_str(w, s->bundle);
	json_key(w, "rootfs"), json_str(w, s->rootfs);
	json_key(w, "created"), json_str(w, s->created);
	if (s->annotations.n) {
		json_key(w, "annotations");
		json_pairs(w, s->annotations.items, s->annotations.n);
	}
	json_key(w, "owner"), json_str(w, s->owner);
	json_close_object(w);
}

int lc_state_write(const struct lc_state *s, unsigned indent, struct buf *out, struct err *e)
{
	struct json_writer *w = json_writer_new(indent);

	if (!w)
		return err_nomem(e);
	write_state(w, s);
	return json_writer_finish(w, out, e);
}

int lc_list_write(const struct lc_state *s, size_t n, struct buf *out, struct err *e)
{
	struct json_writer *w = json_writer_new(0);

	if (!w)
		return err_nomem(e);
	if (n == 0) {
		json_str(w, NULL);
		return json_writer_finish(w, out, e);
	}
	json_open_array(w);
	for (size_t i = 0; i < n; i++)
		write_state(w, &s[i]);
	json_close_array(w);
	return json_writer_finish(w, out, e);
}
