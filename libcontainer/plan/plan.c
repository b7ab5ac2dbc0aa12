/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a plan: empty descriptors at birth, all closed at death. */
#include "plan/plan.h"

#include <errno.h>

#include "base/cleanup.h"

int plan_init(struct plan *p, struct err *e)
{
	*p = (struct plan){
		.arena = arena_new(),
		.rootfs.tree_fd = -EBADF,
		.proc_fd = -EBADF,
		.hook_stdout = -EBADF,
		.hook_stderr = -EBADF,
	};
	if (!p->arena)
		return err_nomem(e);
	return 0;
}

static void close_mounts(struct plan_rootfs *r)
{
	for (size_t i = 0; i < r->n_mounts; i++)
		x_close(r->mounts[i].source_fd);
	for (size_t i = 0; i < r->n_devices; i++)
		x_close(r->devices[i].bind_fd);
	x_close(r->tree_fd);
}

static void close_hooks(struct plan *p)
{
	for (size_t kind = 0; kind < PLAN_N_HOOKS; kind++)
		for (size_t i = 0; i < p->hooks[kind].n; i++)
			x_close(p->hooks[kind].items[i].path_fd);
	x_close(p->hook_stdout);
	x_close(p->hook_stderr);
}

void plan_done(struct plan *p)
{
	if (!p->arena)
		return;
	for (size_t i = 0; i < p->ns.n_join; i++)
		x_close(p->ns.join[i].fd);
	close_mounts(&p->rootfs);
	close_hooks(p);
	x_close(p->proc_fd);
	arena_free(p->arena);
	*p = (struct plan){ .rootfs.tree_fd = -EBADF, .proc_fd = -EBADF };
}
