/* SPDX-License-Identifier: Apache-2.0 */
/* Two ways to do the same: by the library, in this very process, or by the command line of another
 * runtime (runner.c). */
#include "oci.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "address.h"
#include "base/cleanup.h"
#include "base/fmt.h"
#include "bundle.h"
#include "libcontainer.h"
#include "runner.h"
#include "task.h"

#define OURSELVES "hull"

static struct lc_ctx context(const struct task *t)
{
	return (struct lc_ctx){ .root = t->state_dir, .systemd_cgroup = t->options.systemd_cgroup };
}

const char *oci_other_runtime(const struct options *o)
{
	const char *name = o->binary_name, *slash = name ? strrchr(name, '/') : NULL;

	return name && strcmp(slash ? slash + 1 : name, OURSELVES) != 0 ? name : NULL;
}

static bool by_runner(const struct task *t)
{
	return oci_other_runtime(&t->options);
}

static void rootfs_path(const struct task *t, char ret[PATH_MAX])
{
	fmt_str(ret, PATH_MAX, "%s/rootfs", t->bundle);
}

static int mount_rootfs(const struct task *t, struct err *e)
{
	const Task__CreateRequest *m = t->request;
	_cleanup_free_ struct lc_mount *mounts = calloc(m->n_rootfs + 1, sizeof(*mounts));
	char rootfs[PATH_MAX];

	if (!mounts)
		return err_nomem(e);
	for (size_t i = 0; i < m->n_rootfs; i++)
		mounts[i] = (struct lc_mount){
			.type = m->rootfs[i]->type,
			.source = m->rootfs[i]->source,
			.target = m->rootfs[i]->target,
			.options = (const char *const *)m->rootfs[i]->options,
			.n_options = m->rootfs[i]->n_options,
		};
	rootfs_path(t, rootfs);
	return lc_mount_rootfs(rootfs, mounts, m->n_rootfs, e);
}

static int unmount_rootfs(const struct task *t, struct err *e)
{
	char rootfs[PATH_MAX];

	rootfs_path(t, rootfs);
	return lc_unmount_rootfs(rootfs, e);
}

static void create_opts(const struct task *t, int terminal, char pid_file[PATH_MAX],
			struct lc_create_opts *ret)
{
	fmt_str(pid_file, PATH_MAX, "%s/" BUNDLE_PID, t->bundle);
	*ret = (struct lc_create_opts){
		.bundle = t->bundle,
		.pid_file = pid_file,
		.no_pivot = t->options.no_pivot_root,
		.no_new_keyring = t->options.no_new_keyring,
		.detach = !t->init.terminal,
		.terminal_fd = t->init.terminal ? terminal : -EBADF,
	};
}

static int create(const struct task *t, int terminal, pid_t *ret_pid, struct err *e)
{
	struct lc_ctx ctx = context(t);
	char pid_file[PATH_MAX];
	struct lc_create_opts o;

	create_opts(t, terminal, pid_file, &o);
	return lc_create(&ctx, t->init.id, &o, ret_pid, e);
}

static void work_path(const struct task *t, char ret[PATH_MAX])
{
	fmt_str(ret, PATH_MAX, "%s/criu-work", t->bundle);
}

/* What its checkpoint has been allowed, the restore is. */
static int restore(const struct task *t, int terminal, pid_t *ret_pid, struct err *e)
{
	struct lc_ctx ctx = context(t);
	char pid_file[PATH_MAX], work[PATH_MAX];
	struct lc_restore_opts o = {
		.criu = { .image_path = t->request->checkpoint,
			  .work_path = work,
			  .tcp_established = true,
			  .ext_unix_sk = true,
			  .file_locks = true },
	};

	create_opts(t, terminal, pid_file, &o.create);
	work_path(t, work);
	return lc_restore(&ctx, t->init.id, &o, ret_pid, e);
}

int oci_restore(void *init, int terminal, pid_t *ret_pid, struct err *e)
{
	const struct task *t = ((struct proc *)init)->task;

	return by_runner(t) ? runner_restore(t, terminal, ret_pid, e)
			    : restore(t, terminal, ret_pid, e);
}

int oci_checkpoint(void *call, int terminal, pid_t *ret_pid, struct err *e)
{
	const struct oci_call *c = call;
	struct lc_checkpoint_opts o = *c->checkpoint;
	struct lc_ctx ctx = context(c->task);
	char work[PATH_MAX];

	(void)terminal, (void)ret_pid; /* nothing is made */
	work_path(c->task, work);
	if (!o.criu.work_path)
		o.criu.work_path = work;
	return by_runner(c->task) ? runner_checkpoint(c->task, &o, e)
				  : lc_checkpoint(&ctx, c->task->init.id, &o, e);
}

int oci_prepare(void *init, int terminal, pid_t *ret_pid, struct err *e)
{
	const struct task *t = ((struct proc *)init)->task;
	int r = address_make_dirs(t->state_dir, 0711, e);

	(void)terminal, (void)ret_pid; /* nothing is made yet */
	return r == 0 ? mount_rootfs(t, e) : r;
}

int oci_create(void *init, int terminal, pid_t *ret_pid, struct err *e)
{
	const struct task *t = ((struct proc *)init)->task;
	struct err ignored;
	int r = oci_prepare(init, terminal, ret_pid, e);

	if (r < 0)
		return r;
	r = by_runner(t) ? runner_create(t, terminal, ret_pid, e) : create(t, terminal, ret_pid, e);
	if (r < 0)
		(void)unmount_rootfs(t, &ignored); /* the first error is the one to tell */
	return r;
}

int oci_start(void *init, int terminal, pid_t *ret_pid, struct err *e)
{
	const struct task *t = ((struct proc *)init)->task;
	struct lc_ctx ctx = context(t);

	(void)terminal, (void)ret_pid; /* it has been made already */
	return by_runner(t) ? runner_call(t, "start", NULL, NULL, e)
			    : lc_start(&ctx, t->init.id, e);
}

int oci_exec(void *exec, int terminal, pid_t *ret_pid, struct err *e)
{
	const struct proc *p = exec;
	struct lc_ctx ctx = context(p->task);
	struct lc_exec_opts o = {
		.process_json = p->spec,
		.rows = p->height,
		.columns = p->width,
		.tty = p->terminal,
		.detach = !p->terminal,
		.terminal_fd = p->terminal ? terminal : -EBADF,
	};

	if (by_runner(p->task))
		return runner_exec(p, terminal, ret_pid, e);
	return lc_exec(&ctx, p->task->init.id, &o, ret_pid, e);
}

int oci_pause(void *init, int terminal, pid_t *ret_pid, struct err *e)
{
	const struct task *t = ((struct proc *)init)->task;
	struct lc_ctx ctx = context(t);

	(void)terminal, (void)ret_pid; /* nothing is made */
	return by_runner(t) ? runner_call(t, "pause", NULL, NULL, e)
			    : lc_pause(&ctx, t->init.id, e);
}

int oci_resume(void *init, int terminal, pid_t *ret_pid, struct err *e)
{
	const struct task *t = ((struct proc *)init)->task;
	struct lc_ctx ctx = context(t);

	(void)terminal, (void)ret_pid; /* nothing is made */
	return by_runner(t) ? runner_call(t, "resume", NULL, NULL, e)
			    : lc_resume(&ctx, t->init.id, e);
}

int oci_delete(void *init, int terminal, pid_t *ret_pid, struct err *e)
{
	const struct task *t = ((struct proc *)init)->task;
	struct lc_ctx ctx = context(t);
	struct err ignored;
	int r, unmounted;

	(void)terminal, (void)ret_pid; /* nothing is made */
	r = by_runner(t) ? runner_call(t, "delete", "--force", NULL, e)
			 : lc_delete(&ctx, t->init.id, true, e);
	/* the first error is the one to tell */
	unmounted = unmount_rootfs(t, r < 0 ? &ignored : e);
	return r < 0 ? r : unmounted;
}

int oci_update(void *call, int terminal, pid_t *ret_pid, struct err *e)
{
	const struct oci_call *c = call;
	struct lc_ctx ctx = context(c->task);

	(void)terminal, (void)ret_pid; /* nothing is made */
	if (by_runner(c->task))
		return runner_update(c->task, c->resources, e);
	return lc_update(
		&ctx, c->task->init.id,
		&(struct lc_changes){ .resources = c->resources, .len = strlen(c->resources) }, e);
}

int oci_kill_all(void *call, int terminal, pid_t *ret_pid, struct err *e)
{
	const struct oci_call *c = call;
	struct lc_ctx ctx = context(c->task);
	char number[16];

	(void)terminal, (void)ret_pid; /* nothing is made */
	fmt_str(number, sizeof(number), "%d", c->signal);
	if (by_runner(c->task))
		return runner_call(c->task, "kill", "--all", number, e);
	return lc_kill(&ctx, c->task->init.id, c->signal, true, e);
}
