/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The story of exec, seen from inside: a process that enters a running container and becomes a
 * program there. life/exec.c is the other side. Nothing of the container is trusted: we are not
 * dumpable from the first step on, and no path of its own is used before we are inside.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "init/init.h"
#include "init/story.h"
#include "sys/sys.h"

static int hide(struct err *e)
{
	int r = sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);

	return r < 0 ? err_sys(e, r, "prctl", "PR_SET_DUMPABLE") : 0;
}

/* All at once; pid took effect with the clone, as did user when an intermediate entered it. */
static int enter_container(struct init_ctx *c, struct err *e)
{
	int entered = CLONE_NEWPID | (c->plan->ns.needs_intermediate ? CLONE_NEWUSER : 0);
	int r = sys_setns(c->target, c->plan->ns.new_flags & ~entered);

	if (r == -ESRCH)
		return err_kind(e, ERR_STATE, "container not running");
	if (r < 0)
		return err_sys(e, r, "setns", "the container's namespaces");
	c->root_fd = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	if (c->root_fd < 0)
		return err_sys(e, c->root_fd, "open", "the container's /");
	return 0;
}

static int become_root(struct init_ctx *c, struct err *e)
{
	int r;

	if (!(c->plan->ns.new_flags & CLONE_NEWUSER))
		return 0;
	r = sys_setresgid(0, 0, 0);
	if (r == 0)
		r = sys_setresuid(0, 0, 0);
	return r < 0 ? err_sys(e, r, "setresuid", "root of the container's user namespace") : 0;
}

int init_exec_enter(struct init_ctx *c, struct err *e)
{
	int r = hide(e);

	if (r == 0)
		r = enter_container(c, e);
	return r == 0 ? become_root(c, e) : r;
}

static int enter_cwd(struct init_ctx *c, struct err *e)
{
	return program_chdir(&c->plan->process, e);
}

static const story_step story[] = {
	init_exec_enter, story_session, story_terminal, enter_cwd, story_ready, story_program,
};

void init_exec_main(struct init_ctx *c)
{
	story_run(c, story, ARRAY_SIZE(story));
	_exit(127);
}
