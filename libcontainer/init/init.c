/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The story of create, seen from inside: from the clone to the program. life/spawn.c and
 * life/create.c are the other side; messages have the same names there.
 *
 * Until the runtime has said SYNC_RECORDED, end of file on the sync socket means that it died, and
 * init dies with it. After that init belongs to nobody but its record.
 */
#include "init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "base/path.h"
#include "init/story.h"
#include "plan/sync.h"
#include "sys/sys.h"

/* A new user namespace: nothing can be done in it before its ids mean something. */
static int map_ids(struct init_ctx *c, struct err *e)
{
	int r;

	if (!c->plan->ns.uid_map)
		return 0;
	r = sync_send(c->sync, SYNC_MAP_IDS, 0, -EBADF, e);
	if (r < 0)
		return r;
	return sync_expect(c->sync, SYNC_IDS_MAPPED, NULL, e);
}

/* Root of the user namespace, so that what is made now belongs to the container. */
static int become_root(struct init_ctx *c, struct err *e)
{
	int r;

	if (!c->plan->ns.uid_map && !c->plan->ns.needs_intermediate &&
	    !(c->plan->ns.own & CLONE_NEWUSER))
		return 0;
	r = sys_setresgid(0, 0, 0);
	if (r == 0)
		r = sys_setresuid(0, 0, 0);
	if (r < 0)
		return err_sys(e, r, "setresuid", "root of the user namespace (is id 0 mapped?)");
	return 0;
}

static int enter_namespaces(struct init_ctx *c, struct err *e)
{
	umask(0); /* modes of what we make are exact; the program's own comes with its credentials */
	return join_namespaces(&c->plan->ns, e);
}

static int loopback(struct init_ctx *c, struct err *e)
{
	int r = c->plan->ns.new_flags & CLONE_NEWNET ? sys_loopback_up() : 0;

	return r < 0 ? err_sys(e, r, "netlink", "bring up the loopback device") : 0;
}

/* Before anything that may name a device: parameters of the kernel, hooks. */
static int network_devices(struct init_ctx *c, struct err *e)
{
	int r;

	if (c->plan->n_netdevs == 0)
		return 0;
	r = sync_send(c->sync, SYNC_MOVE_NETDEVS, 0, -EBADF, e);
	if (r < 0)
		return r;
	return sync_expect(c->sync, SYNC_NETDEVS_MOVED, NULL, e);
}

/* Also in front of createContainer hooks alone: the cgroup is then what it is to be. */
static int runtime_hooks(struct init_ctx *c, struct err *e)
{
	const struct plan_hooks *h = c->plan->hooks;
	int r;

	if (h[PLAN_PRESTART].n == 0 && h[PLAN_CREATE_RUNTIME].n == 0 &&
	    h[PLAN_CREATE_CONTAINER].n == 0)
		return 0;
	r = sync_send(c->sync, SYNC_RUN_HOOKS, 0, -EBADF, e);
	if (r < 0)
		return r;
	return sync_expect(c->sync, SYNC_HOOKS_RAN, NULL, e);
}

/* A working directory that is missing is made, as the peers do. */
static int make_cwd(struct init_ctx *c, struct err *e)
{
	int fd =
		c->plan->has_process ? path_make_in(c->root_fd, c->plan->process.cwd, false, e) : 0;

	if (c->plan->has_process)
		x_close(fd);
	return fd < 0 ? err_at(e, "process.cwd") : 0;
}

static int create_container_hooks(struct init_ctx *c, struct err *e)
{
	return init_hooks_run(c, PLAN_CREATE_CONTAINER, "creating", e);
}

/* A program that cannot be run is an error of create, not of start. */
static int check_program(struct init_ctx *c, struct err *e)
{
	char path[PATH_MAX];
	int r;

	if (!c->plan->has_process)
		return 0;
	r = program_chdir(&c->plan->process, e);
	if (r < 0)
		return r;
	return program_find(&c->plan->process, path, e);
}

/* Opening the fifo for writing blocks until `start` opens it for reading. */
static int wait_for_start(struct init_ctx *c, struct err *e)
{
	char path[32];
	int fd, r;

	/* RLIMIT_NOFILE is the program's by now and may be tiny: low numbers must be free */
	r = story_close_others(c,
			       (int[]){ c->plan->proc_fd, c->fifo_fd, c->start,
					c->plan->hook_stdout, c->plan->hook_stderr },
			       5, e);
	if (r < 0)
		return r;
	c->sync = -EBADF;
	fmt_str(path, sizeof(path), "self/fd/%d", c->fifo_fd);
	do
		fd = sys_openat(c->plan->proc_fd, path, O_WRONLY, 0);
	while (fd == -EINTR);
	if (fd < 0)
		return err_sys(e, fd, "open", "exec.fifo");
	c->report = fd;
	return fd_write_all(fd, (char[]){ INIT_GO }, 1);
}

/* Who starts us has something to take from us before the program runs. That the fifo has lost its
 * reader means that it is gone. */
static int meet_start(struct init_ctx *c, struct err *e)
{
	int ready;

	if (c->start < 0)
		return 0;
	ready = fd_wait((int[]){ c->start, c->report }, 2, -1);
	if (ready < 0)
		return err_sys(e, ready, "poll", "socket for start");
	if (!(ready & 1))
		return err_kind(e, ERR_STATE, "start has gone away");
	c->sync = sys_accept(c->start);
	c->start = x_close(c->start);
	return c->sync < 0 ? err_sys(e, c->sync, "accept", "start") : 0;
}

static int start_container_hooks(struct init_ctx *c, struct err *e)
{
	return init_hooks_run(c, PLAN_START_CONTAINER, "created", e);
}

static int program(struct init_ctx *c, struct err *e)
{
	if (!c->plan->has_process)
		return err_kind(e, ERR_STATE, "config.json has no process to start");
	return story_program(c, e);
}

static const story_step story[] = {
	map_ids,
	become_root,
	enter_namespaces,
	loopback,
	network_devices,
	story_session,
	uts_apply,
	rootfs_attach,
	mounts_apply,
	devices_apply,
	paths_apply,
	sysctl_apply,
	make_cwd,
	runtime_hooks,
	create_container_hooks,
	rootfs_pivot,
	story_terminal,
	rootfs_finish,
	check_program,
	story_ready,
	wait_for_start, /* until then create, from here on start is at the other end */
	meet_start,
	start_container_hooks,
	program,
};

void init_main(struct init_ctx *c)
{
	story_run(c, story, ARRAY_SIZE(story));
	_exit(127);
}
