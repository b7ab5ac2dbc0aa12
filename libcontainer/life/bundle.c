/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a bundle and compiling it. */
#include "life/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "spec/spec_check.h"
#include "sys/sys.h"

int bundle_open(const char *path, struct bundle *ret, struct err *e)
{
	struct bundle b = BUNDLE_EMPTY;
	char real[PATH_MAX];
	int r;

	if (!realpath(path ? path : ".", real))
		return err_sys(e, errno, "open", "bundle %s", path);
	r = plan_init(&b.plan, e);
	if (r < 0)
		return r;
	b.path = arena_strdup(b.plan.arena, real);
	b.fd = sys_openat(AT_FDCWD, real, O_PATH | O_DIRECTORY, 0);
	if (b.fd < 0)
		r = err_sys(e, b.fd, "open", "bundle %s", real);
	else if (!b.path)
		r = err_nomem(e);
	if (r < 0) {
		bundle_done(&b);
		return r;
	}
	*ret = b;
	return 0;
}

void bundle_done(struct bundle *b)
{
	b->fd = x_close(b->fd);
	plan_done(&b->plan);
}

/* Terminal and console socket belong together. */
static int check_terminal(const struct spec *s, const struct lc_create_opts *o, struct err *e)
{
	bool terminal = s->process && s->process->terminal;

	if (terminal && !o->console_socket && o->terminal_fd < 0)
		return err_bad(
			e, "process.terminal",
			"cannot allocate a terminal for a detached container without --console-socket");
	if (!terminal && o->console_socket)
		return err_bad(
			e, "process.terminal",
			"is false: a console socket is of no use (leave out --console-socket)");
	return 0;
}

struct outside_hooks {
	const struct lc_ctx *ctx;
	const char *id;
};

/* In a process that has not entered the runtime's user namespace: what it needs to know is on disk. */
static int run_outside(void *data, enum plan_hook_kind kind, pid_t pid, struct err *e)
{
	const struct outside_hooks *o = data;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_statedir_ struct statedir d = STATEDIR_EMPTY;
	_cleanup_(plan_done) struct plan p = {};
	struct record record;
	int r = arena ? statedir_open(o->ctx->root, o->id, STATEDIR_UNLOCKED, &d, e) : err_nomem(e);

	if (r == 0)
		r = record_read(&d, o->id, arena, &record, e);
	if (r == 0)
		r = bundle_hooks(&d, &record, kind, &p, e);
	return r == 0 ? hooks_run(&p, kind, pid, e) : r;
}

static bool has_hooks(const struct spec_hooks *h)
{
	return h->prestart.n + h->create_runtime.n + h->poststart.n + h->poststop.n > 0;
}

/* What was opened before is in a mount namespace from which nothing can be cloned any more. */
static int enter_userns(struct bundle *b, struct outside_hooks *o, struct err *e)
{
	const struct userns_hooks hooks = { .run = run_outside, .data = o };
	int r = userns_enter(b->spec, has_hooks(&b->spec->hooks) ? &hooks : NULL, e);

	if (r <= 0)
		return r;
	x_close(b->fd);
	b->fd = sys_openat(AT_FDCWD, b->path, O_PATH | O_DIRECTORY, 0);
	return b->fd < 0 ? err_sys(e, b->fd, "open", "bundle %s", b->path) : 0;
}

int bundle_plan(struct bundle *b, const struct lc_ctx *ctx, const char *id,
		const struct lc_create_opts *o, bool dry, struct err *e)
{
	struct host_env h = {
		.id = id,
		.bundle = b->path,
		.cgroup_root = ctx->cgroup_root,
		.dry_run = dry,
		.no_pivot = o->no_pivot,
		.no_new_keyring = o->no_new_keyring,
		.preserve_fds = o->preserve_fds,
		.notify = ctx->notify != NULL,
		.detached_terminal = o->console_socket != NULL,
		.rootless = ctx->rootless,
		.cgroup_disabled = ctx->cgroup_disabled,
		.cgroup_systemd = ctx->systemd_cgroup,
		.seccomp_cache = dry ? NULL : statedir_seccomp_cache(ctx->root, b->plan.arena),
	};
	struct outside_hooks outside = { ctx, id };
	int r = spec_check_id(id, e);

	if (r == 0)
		r = spec_load_config(b->fd, STATEDIR_CONFIG, b->plan.arena, &b->spec, &b->text, e);
	if (r == 0)
		r = spec_check(b->spec, NULL, e);
	if (r == 0 && !dry)
		r = check_terminal(b->spec, o, e);
	if (r == 0 && !dry && ctx->rootless)
		r = enter_userns(b, &outside, e);
	h.bundle_fd = b->fd;
	if (r == 0)
		r = plan_build(&h, b->spec, &b->plan, e);
	return r == 0 && !dry ? hooks_open_outputs(b->spec, &b->plan, e) : r;
}

static spec_hook_list *hooks_of(struct spec_hooks *h, enum plan_hook_kind kind)
{
	spec_hook_list *const lists[PLAN_N_HOOKS] = {
		[PLAN_PRESTART] = &h->prestart,
		[PLAN_CREATE_RUNTIME] = &h->create_runtime,
		[PLAN_CREATE_CONTAINER] = &h->create_container,
		[PLAN_START_CONTAINER] = &h->start_container,
		[PLAN_POSTSTART] = &h->poststart,
		[PLAN_POSTSTOP] = &h->poststop,
	};

	return lists[kind];
}

int bundle_hooks(const struct statedir *d, const struct record *rec, enum plan_hook_kind kind,
		 struct plan *ret, struct err *e)
{
	struct host_env h = { .id = rec->id, .bundle = rec->bundle, .bundle_fd = AT_FDCWD };
	spec_hook_list wanted;
	struct spec *s;
	int r = plan_init(ret, e);

	if (r == 0)
		r = spec_load_config(d->dir_fd, STATEDIR_CONFIG, ret->arena, &s, NULL, e);
	if (r < 0)
		return r;
	wanted = *hooks_of(&s->hooks, kind);
	s->hooks = (struct spec_hooks){};
	*hooks_of(&s->hooks, kind) = wanted;
	ret->id = rec->id;
	ret->bundle = rec->bundle;
	ret->rootfs.path = rec->rootfs;
	r = hooks_plan(&h, s, ret, e);
	return r == 0 ? hooks_open_outputs(s, ret, e) : r;
}
