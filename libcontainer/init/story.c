/* SPDX-License-Identifier: Apache-2.0 */
/* The common ground of init.c and init_exec.c. */
#include "init/story.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "plan/sync.h"
#include "sys/sys.h"

void story_die(struct init_ctx *c, const struct err *e)
{
	struct init_report report = { .hook = strcmp(e->op, "hook") == 0, .err = *e };

	if (c->report == c->sync)
		sync_send_error(c->sync, e);
	else
		(void)fd_write_all(c->report, &report, sizeof(report)); /* start may be gone */
	_exit(127);
}

void story_run(struct init_ctx *c, const story_step *steps, size_t n)
{
	struct err e = {};

	for (size_t i = 0; i < n; i++)
		if (steps[i](c, &e) < 0)
			story_die(c, &e);
}

static int join_keyring(struct init_ctx *c, const char *keyring, struct err *e)
{
	const struct plan_process *pp = &c->plan->process;
	int r = lsm_label_keys(pp, true, c->plan->proc_fd, e);

	if (r < 0)
		return r;
	r = sys_keyctl_join_session(keyring);
	if (r < 0 && r != -ENOSYS) /* a kernel without keyrings has none to protect */
		return err_sys(e, r, "keyctl",
			       "join session keyring %s (--no-new-keyring keeps the caller's)",
			       keyring);
	return lsm_label_keys(pp, false, c->plan->proc_fd, e);
}

int story_session(struct init_ctx *c, struct err *e)
{
	const char *keyring = c->plan->process.session_keyring;
	int r = sys_setsid();

	if (r < 0)
		return err_sys(e, r, "setsid", "init");
	return keyring ? join_keyring(c, keyring, e) : 0;
}

int story_terminal(struct init_ctx *c, struct err *e)
{
	_cleanup_close_ int master = -EBADF;
	int r;

	if (!c->plan->process.terminal)
		return 0;
	r = terminal_apply(c, &master, e);
	if (r < 0)
		return r;
	return sync_send(c->sync, SYNC_TERMINAL, 0, master, e);
}

int story_ready(struct init_ctx *c, struct err *e)
{
	int r = sync_send(c->sync, SYNC_READY, 0, -EBADF, e);

	if (r < 0)
		return r;
	return sync_expect(c->sync, SYNC_RECORDED, NULL, e);
}

/* The least of the descriptors from `first` on. */
static unsigned next_kept(const int *keep, size_t n, unsigned first)
{
	unsigned next = ~0U;

	for (size_t i = 0; i < n; i++)
		if (keep[i] >= 0 && (unsigned)keep[i] >= first && (unsigned)keep[i] < next)
			next = (unsigned)keep[i];
	return next;
}

int story_close_others(const struct init_ctx *c, const int *keep, size_t n, struct err *e)
{
	unsigned first = 3 + c->plan->process.preserve_fds, next;
	int r = 0;

	for (; r == 0 && (next = next_kept(keep, n, first)) != ~0U; first = next + 1)
		if (first < next)
			r = sys_close_range(first, next - 1, 0);
	if (r == 0)
		r = sys_close_range(first, ~0U, 0);
	return r < 0 ? err_sys(e, r, "close_range", "descriptors from %u on", first) : 0;
}

static int no_new_privs(const struct plan_process *pp, struct err *e)
{
	int r = pp->no_new_privs ? sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) : 0;

	return r < 0 ? err_sys(e, r, "prctl", "PR_SET_NO_NEW_PRIVS") : 0;
}

/* A filter can be attached with CAP_SYS_ADMIN, so before the capabilities go, or with
 * no_new_privs, then as late as possible so that it need not allow what we do here. */
static int drop_rights(const struct init_ctx *c, struct err *e)
{
	const struct plan_process *pp = &c->plan->process;
	int r = seccomp_prepare(c, e);

	if (r == 0 && !pp->no_new_privs)
		r = seccomp_apply(pp, e);
	if (r == 0)
		r = creds_apply(pp, e);
	if (r == 0)
		r = no_new_privs(pp, e);
	if (r == 0 && pp->no_new_privs)
		r = seccomp_apply(pp, e);
	return r;
}

int story_program(struct init_ctx *c, struct err *e)
{
	const struct plan_process *pp = &c->plan->process;
	char path[PATH_MAX];
	int r = program_find(pp, path, e);

	if (r == 0)
		r = home_fill(pp, e);
	if (pp->listen_pid)
		fmt_str(pp->listen_pid, PLAN_LISTEN_PID_SIZE, "LISTEN_PID=%d", (int)getpid());
	if (r == 0)
		r = lsm_apply(pp, c->plan->proc_fd, e);
	if (r == 0)
		r = personality_apply(pp, e);
	/* Not before the cgroup has its memory nodes: a later change would move ours. */
	if (r == 0)
		r = mempolicy_apply(pp, e);
	/* The path may lead through /proc/self/fd: what is not the program's own, leaked by the caller
	 * or ours, is gone before execve looks it up (CVE-2024-21626). */
	if (r == 0)
		r = story_close_others(c, (int[]){ c->report, c->sync }, 2, e);
	if (r == 0)
		r = drop_rights(c, e);
	if (r < 0)
		return r;
	r = sys_execve(path, (char *const *)pp->argv, (char *const *)pp->envp);
	return err_sys(e, r, "exec", "%s", path);
}
