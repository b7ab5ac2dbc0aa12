/* SPDX-License-Identifier: Apache-2.0 */
/* A scope of systemd, from the first process in it. */
#include "life/scope.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "host/cgroup.h"
#include "host/cgroup_systemd.h"
#include "sys/sys.h"

/* As a URL: systemd wants ASCII. */
int scope_owner(const struct statedir *d, char ret[SCOPE_OWNER_SIZE], struct err *e)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/_.,+-";
	static const char digits[] = "0123456789ABCDEF";
	char link[64], path[PATH_MAX], *out;
	ssize_t n;

	fmt_str(link, sizeof(link), "/proc/self/fd/%d", d->dir_fd);
	n = readlink(link, path, sizeof(path));
	if (n < 0)
		return err_sys(e, errno, "readlink", "%s", link);
	out = ret + fmt_str(ret, SCOPE_OWNER_SIZE, "file:");
	for (ssize_t i = 0; i < n; i++) {
		unsigned c = (unsigned char)path[i];

		if (strchr(plain, path[i])) {
			*out++ = path[i];
			continue;
		}
		*out++ = '%';
		*out++ = digits[c >> 4];
		*out++ = digits[c & 15];
	}
	*out = '\0';
	return 0;
}

static int enter_subgroup(struct create *c, pid_t pid, struct err *e)
{
	const char *subgroup = c->bundle.plan.cgroup.systemd->subgroup;
	size_t top = strlen(c->scope_path);

	if (!subgroup)
		return 0;
	fmt_str(c->scope_path + top, sizeof(c->scope_path) - top, "%s", subgroup);
	return cgroup_below_enter(c->ctx->cgroup_root, c->scope_path, top, pid, e);
}

/* Where the group is, systemd tells: the rest of our work is done there. */
static int start_scope(struct create *c, pid_t pid, struct err *e)
{
	struct plan_cgroup *cg = &c->bundle.plan.cgroup;
	char owner[SCOPE_OWNER_SIZE];
	int r = scope_owner(&c->dir, owner, e);

	if (r == 0)
		r = cgroup_systemd_start(cg->systemd, owner, pid, c->scope_path, e);
	if (r < 0)
		return r;
	cg->created = true;
	cg->path = c->record.cgroup_path = c->scope_path;
	return 0;
}

/* systemd puts a process into a frozen slice, where it stops; or refuses, and does not tell the group. */
static int check_thawed(const struct create *c, struct err *e)
{
	return cgroup_check_thawed(c->ctx->cgroup_root, c->bundle.plan.cgroup.path, e);
}

int scope_make(void *create, pid_t pid, struct err *e)
{
	struct create *c = create;
	const struct plan_cgroup *cg = &c->bundle.plan.cgroup;
	int started = start_scope(c, pid, e), r = check_thawed(c, e);

	if (r == 0)
		r = started;
	if (r == 0)
		r = enter_subgroup(c, pid, e);
	if (r < 0)
		return r;
	r = sys_symlinkat(cg->path, c->dir.dir_fd, STATEDIR_CGROUP);
	if (r < 0)
		return err_sys(e, r, "symlink", STATEDIR_CGROUP);
	c->spawn.cgroup_fd = cgroup_adopt(c->ctx->cgroup_root, cg, e);
	return c->spawn.cgroup_fd < 0 ? c->spawn.cgroup_fd : 0;
}

/* It ends with the pipe's other end, which only we have: it cannot outlive us. */
static __attribute__((noreturn)) void keep(int pipe, int others)
{
	char none;

	x_close(others);
	(void)sys_read(pipe, &none, sizeof(none)); /* whatever it returns, it is over */
	_exit(0);
}

int scope_make_kept(struct create *c, struct err *e)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)&c->keeper,
		.exit_signal = SIGCHLD,
	};
	int pair[2], r = sys_pipe(pair);
	pid_t pid;

	if (r < 0)
		return err_sys(e, r, "pipe", "for the first process of the scope");
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0)
		keep(pair[0], pair[1]);
	x_close(pair[0]);
	c->keeper_pipe = pair[1];
	return pid < 0 ? err_sys(e, pid, "clone3", "the first process of the scope")
		       : scope_make(c, pid, e);
}

void scope_let_go(struct create *c)
{
	siginfo_t info;

	c->keeper_pipe = x_close(c->keeper_pipe);
	if (c->keeper < 0)
		return;
	(void)sys_pidfd_send_signal(c->keeper, SIGKILL); /* frozen it sees no end of a pipe */
	while (sys_waitid(P_PIDFD, (id_t)c->keeper, &info, WEXITED) == -EINTR)
		;
	c->keeper = x_close(c->keeper);
}
