/* SPDX-License-Identifier: Apache-2.0 */
/* Laying the options of `hull exec` over the container's own process. */
#include "life/exec_process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/num.h"

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* list = list + more */
static int append(spec_strings *list, const char *const *more, struct arena *arena, struct err *e)
{
	size_t n = count(more);
	const char **items;

	if (n == 0)
		return 0;
	items = arena_array_of(arena, const char *, list->n + n);
	if (!items)
		return err_nomem(e);
	if (list->n)
		memcpy(items, list->items, list->n * sizeof(*items));
	memcpy(items + list->n, more, n * sizeof(*items));
	*list = (spec_strings){ items, list->n + n };
	return 0;
}

/* uid or uid:gid, both numbers. */
static int parse_user(const char *text, struct spec_user *user, struct arena *arena, struct err *e)
{
	const char *colon = strchr(text, ':');
	const char *uid = colon ? arena_strndup(arena, text, (size_t)(colon - text)) : text;
	uint32_t u = 0, g = user->gid;

	if (!uid)
		return err_nomem(e);
	if (num_parse_u32(uid, &u) < 0 || (colon && num_parse_u32(colon + 1, &g) < 0) ||
	    u == UINT32_MAX || g == UINT32_MAX)
		return err_bad(e, "",
			       "--user %s: expected UID or UID:GID as numbers below 4294967295",
			       text);
	user->uid = u;
	user->gid = g;
	return 0;
}

static int add_gids(const struct lc_exec_opts *o, struct spec_user *user, struct arena *arena,
		    struct err *e)
{
	size_t n = user->additional_gids.n + o->n_additional_gids;
	uint32_t *items;

	if (o->n_additional_gids == 0)
		return 0;
	items = arena_array_of(arena, uint32_t, n);
	if (!items)
		return err_nomem(e);
	if (user->additional_gids.n)
		memcpy(items, user->additional_gids.items,
		       user->additional_gids.n * sizeof(*items));
	memcpy(items + user->additional_gids.n, o->additional_gids,
	       o->n_additional_gids * sizeof(*items));
	user->additional_gids.items = items;
	user->additional_gids.n = n;
	return 0;
}

/* Never the inheritable set: a program must not pass them on by accident (CVE-2022-29162). */
static int add_caps(const struct lc_exec_opts *o, struct spec_process *p, struct arena *arena,
		    struct err *e)
{
	int r;

	if (count(o->caps) == 0)
		return 0;
	if (!p->capabilities)
		p->capabilities = arena_new_of(arena, struct spec_capabilities);
	if (!p->capabilities)
		return err_nomem(e);
	r = append(&p->capabilities->bounding, o->caps, arena, e);
	if (r == 0)
		r = append(&p->capabilities->permitted, o->caps, arena, e);
	if (r == 0)
		r = append(&p->capabilities->effective, o->caps, arena, e);
	return r;
}

static int lay_over(const struct lc_exec_opts *o, struct spec_process *p, struct arena *arena,
		    struct err *e)
{
	int r;

	p->terminal = o->tty;
	p->args = (spec_strings){ (const char **)o->args, count(o->args) };
	if (o->cwd)
		p->cwd = o->cwd;
	if (o->apparmor)
		p->apparmor_profile = o->apparmor;
	if (o->process_label)
		p->selinux_label = o->process_label;
	if (o->no_new_privs)
		p->no_new_privileges = true;
	r = append(&p->env, o->env, arena, e);
	if (r == 0 && o->user)
		r = parse_user(o->user, &p->user, arena, e);
	if (r == 0)
		r = add_gids(o, &p->user, arena, e);
	return r == 0 ? add_caps(o, p, arena, e) : r;
}

static int parse_text(const struct lc_exec_opts *o, struct arena *arena, struct spec_process **ret,
		      struct err *e)
{
	int r = spec_parse_process(o->process_json, strlen(o->process_json), arena, NULL, ret, e);

	if (r < 0)
		return r;
	(*ret)->terminal = o->tty;
	return 0;
}

static int find_process(const struct lc_exec_opts *o, struct spec *s, struct arena *arena,
			struct spec_process **ret, struct err *e)
{
	int r;

	if (o->process_json)
		return parse_text(o, arena, ret, e);
	if (o->process_file)
		return spec_load_process(AT_FDCWD, o->process_file, arena, ret, e);
	if (!s->process)
		return err_kind(
			e, ERR_STATE,
			"config.json has no process to take defaults from: give one with --process");
	r = lay_over(o, s->process, arena, e);
	if (r == 0)
		*ret = s->process;
	return r;
}

int exec_process(const struct lc_exec_opts *o, struct spec *s, struct arena *arena,
		 struct spec_process **ret, struct err *e)
{
	int r = find_process(o, s, arena, ret, e);

	if (r == 0 && (o->rows || o->columns)) {
		(*ret)->has_console_size = true;
		(*ret)->console_size =
			(struct spec_console_size){ .height = o->rows, .width = o->columns };
	}
	return r;
}
