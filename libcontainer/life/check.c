/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check: everything that would keep a bundle from running, found without starting anything. First
 * the types, then the rules of the document, then this host: the same compilers as create, but one
 * list element at a time, so that one problem does not hide the next.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "host/cgroup.h"
#include "host/host.h"
#include "libcontainer.h"
#include "life/bundle.h"
#include "spec/spec_check.h"

struct check {
	const struct lc_ctx *ctx;
	const char *text;
	size_t len;
	struct lc_problem *items;
	size_t n, cap;
	size_t n_types; /* the first of them were found while decoding */
	bool nomem;
};

/* A syntax error brings its place along in the message. */
static void find_place(const struct check *c, struct lc_problem *p)
{
	char *msg = p->err.msg;
	int n = 0;

	if (!p->err.where[0] && sscanf(msg, JSON_SYNTAX_PLACE "%n", &p->line, &p->column, &n) == 2)
		memmove(msg, msg + n, strlen(msg + n) + 1);
	else /* 0: not in the file */
		(void)json_locate(c->text, c->len, p->err.where, &p->line, &p->column);
}

/* A json_problem_fn: notes and goes on. */
static int note(void *data, const struct err *e)
{
	struct check *c = data;
	struct lc_problem p = { .err = *e };

	if (c->n == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 16;
		struct lc_problem *items = reallocarray(c->items, cap, sizeof(*items));

		if (!items) {
			c->nomem = true;
			return -ENOMEM;
		}
		c->items = items;
		c->cap = cap;
	}
	find_place(c, &p);
	c->items[c->n++] = p;
	return 0;
}

typedef int (*plan_fn)(const struct host_env *, const struct spec *, struct plan *, struct err *);

/* Is something at or below this place among the first n problems? */
static bool is_among(const struct check *c, size_t n, const char *place)
{
	size_t len = strlen(place);

	for (size_t i = 0; i < n; i++)
		if (strncmp(c->items[i].err.where, place, len) == 0)
			return true;
	return false;
}

/* Then no more is said of it: what breaks a rule is not compiled. */
static bool is_known_bad(const struct check *c, const char *place)
{
	return is_among(c, c->n, place);
}

/* A json_problem_fn for rules: what could not be decoded is missing now, and in its list everything
 * behind it has moved up, so a rule has nothing to say about either. */
static int note_rule(void *data, const struct err *e)
{
	struct check *c = data;
	char list[sizeof(e->where)];

	fmt_str(list, sizeof(list), "%.*s", (int)strcspn(e->where, "["), e->where);
	return list[0] && is_among(c, c->n_types, list) ? 0 : note(data, e);
}

static int empty_plan(struct plan *p, struct err *e)
{
	int r = plan_init(p, e);

	return r == 0 ? plan_open_proc(&p->proc_fd, e) : r;
}

static int process_of(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	return s->process ? process_plan(h, s, s->process, &p->process, p->arena, e) : 0;
}

/* The limits, and whether this host's tree has their controllers. */
static int cgroup_of(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	int r = cgroup_plan(h, s, p, e);

	return r == 0 ? cgroup_check(h->cgroup_root, &p->cgroup, e) : r;
}

static const struct {
	const char *place; /* compiled only while nothing here is known to be wrong */
	plan_fn fn;
} whole[] = {
	{ "linux", idmap_plan },
	{ "linux.netDevices", netdev_plan },
	{ "linux.intelRdt", intelrdt_plan },
	{ "root", rootfs_plan },
	{ "linux.devices", devices_plan },
	{ "linux.maskedPaths", paths_plan },
	{ "linux.sysctl", sysctl_plan },
	{ "linux.resources", cgroup_of },
	{ "process", process_of },
	{ "hooks", hooks_plan },
};

static void try_whole(struct check *c, const struct host_env *h, const struct spec *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		_cleanup_(plan_done) struct plan p = {};
		struct err e = {};

		if (is_known_bad(c, whole[i].place))
			continue;
		if (empty_plan(&p, &e) < 0 || whole[i].fn(h, s, &p, &e) < 0)
			(void)note(c, &e);
	}
}

/* "mounts[0]..." of a list of one is "mounts[i]..." of the whole. */
static void renumber(struct err *e, const char *list, size_t i)
{
	size_t len = strlen(list);
	char rest[sizeof(e->where)];

	if (strncmp(e->where, list, len) != 0 || strncmp(e->where + len, "[0]", 3) != 0)
		return;
	memcpy(rest, e->where + len + 3, strlen(e->where + len + 3) + 1);
	e->where[0] = '\0';
	err_at(e, "%s[%zu]%s", list, i, rest);
}

/* One element alone, as if the list had no other. */
static void try_element(struct check *c, const struct host_env *h, const struct spec *one,
			const char *list, size_t i, plan_fn fn)
{
	_cleanup_(plan_done) struct plan p = {};
	char place[64];
	struct err e = {};

	fmt_str(place, sizeof(place), "%s[%zu]", list, i);
	if (is_known_bad(c, place))
		return;
	if (empty_plan(&p, &e) == 0 && fn(h, one, &p, &e) == 0)
		return;
	renumber(&e, list, i);
	if (strncmp(e.where, list, strlen(list)) != 0 && is_known_bad(c, e.where))
		return; /* a property that all elements share */
	(void)note(c, &e);
}

/* Id maps and the view of cgroups depend on the namespaces; what is wrong with those is told apart. */
static int mount_of(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	struct err told;

	if (namespaces_plan(h, s, p, &told) == 0)
		(void)idmap_plan(h, s, p, &told);
	return mounts_plan(h, s, p, e);
}

static void try_each_mount(struct check *c, const struct host_env *h, const struct spec *s)
{
	for (size_t i = 0; i < s->mounts.n; i++) {
		struct spec one = *s;

		one.mounts.items = &s->mounts.items[i];
		one.mounts.n = 1;
		try_element(c, h, &one, "mounts", i, mount_of);
	}
}

static void try_each_namespace(struct check *c, const struct host_env *h, const struct spec *s)
{
	for (size_t i = 0; i < s->linux_.namespaces.n; i++) {
		struct spec one = *s;

		one.linux_.namespaces.items = &s->linux_.namespaces.items[i];
		one.linux_.namespaces.n = 1;
		try_element(c, h, &one, "linux.namespaces", i, namespaces_plan);
	}
}

/* The programs of hooks that run outside; those of startContainer are the container's. */
static void try_hook_programs(struct check *c, const struct spec *s)
{
	const struct {
		const char *list;
		const spec_hook_list *hooks;
	} rows[] = {
		{ "hooks.prestart", &s->hooks.prestart },
		{ "hooks.createRuntime", &s->hooks.create_runtime },
		{ "hooks.createContainer", &s->hooks.create_container },
		{ "hooks.poststart", &s->hooks.poststart },
		{ "hooks.poststop", &s->hooks.poststop },
	};

	for (size_t row = 0; row < ARRAY_SIZE(rows); row++)
		for (size_t i = 0; i < rows[row].hooks->n; i++) {
			const char *path = rows[row].hooks->items[i].path;
			struct err e = {};

			if (is_known_bad(c, rows[row].list) || access(path, X_OK) == 0)
				continue;
			err_sys(&e, errno, "access", "%s", path);
			err_at(&e, "%s[%zu].path", rows[row].list, i);
			(void)note(c, &e);
		}
}

static void check_host(struct check *c, const struct host_env *h, const struct spec *s)
{
	try_each_namespace(c, h, s);
	try_whole(c, h, s);
	try_each_mount(c, h, s);
	try_hook_programs(c, s);
}

static int check_config(struct check *c, const char *path, struct err *e)
{
	_cleanup_bundle_ struct bundle b = BUNDLE_EMPTY;
	_cleanup_free_ char *text = NULL;
	const struct json_options types = { .problem = note, .data = c };
	const struct json_options rules = { .problem = note_rule, .data = c };
	struct host_env h = { .id = "check", .detached_terminal = true };
	struct spec *s = NULL;
	struct err bad;
	int r = bundle_open(path, &b, e);

	if (r == 0)
		r = file_read_at(b.fd, STATEDIR_CONFIG, JSON_MAX_SIZE, &text, &c->len, e);
	if (r < 0)
		return r;
	c->text = text;
	h.bundle = b.path;
	h.bundle_fd = b.fd;
	h.cgroup_root = c->ctx->cgroup_root;
	h.cgroup_disabled = c->ctx->cgroup_disabled;
	h.cgroup_systemd = c->ctx->systemd_cgroup;
	r = spec_parse_config(text, c->len, b.plan.arena, &types, &s, &bad);
	if (r < 0)
		return note(c, &bad);
	c->n_types = c->n;
	(void)spec_check(s, &rules, &bad);
	if (c->n_types == 0)
		check_host(c, &h, s);
	return 0;
}

static int check_process(struct check *c, const char *file, struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_free_ char *text = NULL;
	const struct json_options options = { .problem = note, .data = c };
	struct spec_process *p = NULL;
	struct err bad;
	int r = arena ? 0 : err_nomem(e);

	if (r == 0)
		r = file_read_at(AT_FDCWD, file, JSON_MAX_SIZE, &text, &c->len, e);
	if (r < 0)
		return r;
	c->text = text;
	r = spec_parse_process(text, c->len, arena, &options, &p, &bad);
	if (r == 0)
		(void)spec_check_process(p, "", &options, &bad);
	else if (c->n == 0)
		(void)note(c, &bad);
	return 0;
}

int lc_check(struct lc_ctx *ctx, const char *bundle, const char *process_file,
	     struct lc_problem **ret, struct err *e)
{
	struct check c = { .ctx = ctx };
	int r = process_file ? check_process(&c, process_file, e) : check_config(&c, bundle, e);

	if (r == 0 && c.nomem)
		r = err_nomem(e);
	if (r < 0) {
		free(c.items);
		return r;
	}
	*ret = c.items;
	return (int)c.n;
}
