/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks: compiled with the text of the state they read; those of the runtime's world are run here,
 * those of the container's by init/hooks.c. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "host/host.h"
#include "host/outside.h"
#include "plan/hook.h"
#include "sys/sys.h"

/* NULL-terminated copies. */
static const char **copy_list(const spec_strings *list, struct arena *arena)
{
	const char **copy = arena_array_of(arena, const char *, list->n + 1);

	for (size_t i = 0; copy && i < list->n; i++) {
		copy[i] = arena_strdup(arena, list->items[i]);
		if (!copy[i])
			return NULL;
	}
	return copy;
}

static int plan_hook(const struct spec_hook *given, struct plan_hook *hook, struct arena *arena,
		     struct err *e)
{
	hook->path = arena_strdup(arena, given->path);
	hook->argv = copy_list(&given->args, arena);
	if (!hook->envp)
		hook->envp = copy_list(&given->env, arena);
	if (!hook->path || !hook->argv || !hook->envp)
		return err_nomem(e);
	if (given->args.n > 0)
		return 0;
	hook->argv = arena_array_of(arena, const char *, 2);
	if (!hook->argv)
		return err_nomem(e);
	hook->argv[0] = hook->path;
	return 0;
}

/* A minute more or less matters to nobody when the timeout is 24 days. */
static int timeout_ms(const struct spec_hook *given)
{
	if (!given->has_timeout)
		return 0;
	return given->timeout > INT_MAX / 1000 ? INT_MAX : given->timeout * 1000;
}

/* createContainer runs in the container's namespaces, but its path means a file of ours. */
static int open_program(const struct host_env *h, struct plan_hook *hook, struct err *e)
{
	if (h->dry_run)
		return 0;
	hook->path_fd = sys_openat(AT_FDCWD, hook->path, O_PATH, 0);
	return hook->path_fd < 0 ? err_sys(e, hook->path_fd, "open", "%s", hook->path) : 0;
}

static int plan_kind(const struct host_env *h, enum plan_hook_kind kind,
		     const spec_hook_list *given, struct plan *p, struct err *e)
{
	struct plan_hooks *hooks = &p->hooks[kind];
	int r = 0;

	if (given->n == 0)
		return 0;
	hooks->items = arena_array_of(p->arena, struct plan_hook, given->n);
	if (!hooks->items)
		return err_nomem(e);
	for (size_t i = 0; r == 0 && i < given->n; i++) {
		struct plan_hook *hook = &hooks->items[hooks->n++];

		*hook = (struct plan_hook){ .timeout_ms = timeout_ms(&given->items[i]),
					    .path_fd = -EBADF,
					    .index = i };
		/* Without an environment of their own these run in the program's. */
		if (kind == PLAN_START_CONTAINER && given->items[i].env.n == 0)
			hook->envp = p->process.envp;
		r = plan_hook(&given->items[i], hook, p->arena, e);
		if (r == 0 && kind == PLAN_CREATE_CONTAINER)
			r = open_program(h, hook, e);
		if (r < 0)
			err_at(e, "hooks.%s[%zu]", hook_kind_name(kind), i);
	}
	return r;
}

/* The annotations are crun's. */
#define STDOUT_ANNOTATION "run.oci.hooks.stdout"
#define STDERR_ANNOTATION "run.oci.hooks.stderr"

static int check_outputs(const struct spec *s, struct err *e)
{
	const char *path;
	int r = spec_annotation_path(s, STDOUT_ANNOTATION, &path, e);

	return r == 0 ? spec_annotation_path(s, STDERR_ANNOTATION, &path, e) : r;
}

static int open_output(const struct spec *s, const char *annotation, int *ret, struct err *e)
{
	const char *path = spec_annotation(s, annotation);

	if (!path)
		return 0;
	*ret = sys_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, 0600);
	if (*ret >= 0)
		return 0;
	err_sys(e, *ret, "open", "%s", path);
	return err_at(e, "annotations[\"%s\"]", annotation);
}

int hooks_open_outputs(const struct spec *s, struct plan *p, struct err *e)
{
	int r = p->hook_state_head ? open_output(s, STDOUT_ANNOTATION, &p->hook_stdout, e) : 0;

	if (r == 0 && p->hook_state_head)
		r = open_output(s, STDERR_ANNOTATION, &p->hook_stderr, e);
	return r;
}

static int write_head(const struct host_env *h, const struct spec *s, struct buf *out,
		      struct err *e)
{
	struct json_writer *w = json_writer_new(0);

	if (!w)
		return err_nomem(e);
	json_open_object(w);
	json_key(w, "ociVersion");
	json_str(w, s->oci_version);
	json_key(w, "id");
	json_str(w, h->id);
	json_close_object(w);
	return json_writer_finish(w, out, e);
}

static int write_tail(const struct spec *s, const struct plan *p, struct buf *out, struct err *e)
{
	struct json_writer *w = json_writer_new(0);

	if (!w)
		return err_nomem(e);
	json_open_object(w);
	json_key(w, "bundle");
	json_str(w, p->bundle);
	if (p->rootfs.path) {
		json_key(w, "root"); /* not of the specification, but hooks of GPU vendors look */
		json_str(w, p->rootfs.path);
	}
	json_key(w, "annotations");
	json_pairs(w, s->annotations.items, s->annotations.n);
	json_close_object(w);
	return json_writer_finish(w, out, e);
}

/* Head and tail are objects of their own; where they are cut open, pid and status go. */
static int plan_state(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	_cleanup_buf_ struct buf head = { 0 }, tail = { 0 };
	int r = write_head(h, s, &head, e);

	if (r == 0)
		r = write_tail(s, p, &tail, e);
	if (r < 0)
		return r;
	p->hook_state_head = arena_printf(p->arena, "%.*s,\"pid\":", (int)head.len - 1, head.data);
	p->hook_state_mid = ",\"status\":\"";
	p->hook_state_tail = arena_printf(p->arena, "\",%s", tail.data + 1);
	return p->hook_state_head && p->hook_state_tail ? 0 : err_nomem(e);
}

int hooks_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	const spec_hook_list *const given[PLAN_N_HOOKS] = {
		[PLAN_PRESTART] = &s->hooks.prestart,
		[PLAN_CREATE_RUNTIME] = &s->hooks.create_runtime,
		[PLAN_CREATE_CONTAINER] = &s->hooks.create_container,
		[PLAN_START_CONTAINER] = &s->hooks.start_container,
		[PLAN_POSTSTART] = &s->hooks.poststart,
		[PLAN_POSTSTOP] = &s->hooks.poststop,
	};
	size_t n = 0;
	int r;

	for (int kind = 0; kind < PLAN_N_HOOKS; kind++) {
		r = plan_kind(h, (enum plan_hook_kind)kind, given[kind], p, e);

		if (r < 0)
			return r;
		n += p->hooks[kind].n;
	}
	if (n == 0)
		return 0;
	r = check_outputs(s, e);
	return r == 0 ? plan_state(h, s, p, e) : r;
}

static int run_here(const struct plan *p, enum plan_hook_kind kind, pid_t pid, struct err *e)
{
	static const char *const status[PLAN_N_HOOKS] = {
		[PLAN_PRESTART] = "creating",
		[PLAN_CREATE_RUNTIME] = "creating",
		[PLAN_POSTSTART] = "running",
		[PLAN_POSTSTOP] = "stopped",
	};
	const struct hook_run run = {
		.plan = p, .kind = kind, .pid = pid, .status = status[kind], .cwd = p->bundle
	};
	bool run_all = kind == PLAN_POSTSTOP;
	struct err later = { 0 };
	int first = 0;

	for (size_t i = 0; i < p->hooks[kind].n && (first == 0 || run_all); i++) {
		int r = hook_run(&run, &p->hooks[kind].items[i], first == 0 ? e : &later);

		if (first == 0)
			first = r;
	}
	return first;
}

int hooks_run(const struct plan *p, enum plan_hook_kind kind, pid_t pid, struct err *e)
{
	if (p->hooks[kind].n > 0 && outside_pid() > 0)
		return outside_run_hooks(kind, pid, e);
	return run_here(p, kind, pid, e);
}
