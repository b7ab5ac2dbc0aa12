/* SPDX-License-Identifier: Apache-2.0 */
/* How the program is scheduled: policy, io priority, OOM score; and its personality. Set by the host
 * on the waiting init, for lowering an OOM score or raising a priority needs the host's rights. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "base/num.h"
#include "base/path.h"
#include "host/host.h"
#include "sys/sys.h"

_Static_assert(sizeof(struct plan_sched_attr) == 56, "struct sched_attr, version 1");

static void plan_attr(const struct spec_scheduler *given, struct plan_sched *sched)
{
	sched->has_attr = true;
	sched->attr = (struct plan_sched_attr){
		.size = sizeof(sched->attr),
		.policy = (uint32_t)given->policy,
		.nice = given->nice,
		.priority = (uint32_t)given->priority,
		.runtime = given->runtime,
		.deadline = given->deadline,
		.period = given->period,
	};
	for (size_t i = 0; i < given->flags.n; i++)
		sched->attr.flags |= given->flags.items[i];
}

int sched_plan(const struct spec *s, const struct spec_process *sp, struct plan_process *pp,
	       struct arena *arena, struct err *e)
{
	struct plan_sched sched = {
		.has_oom_score_adj = sp->has_oom_score_adj,
		.oom_score_adj = sp->oom_score_adj,
		.ioprio = -1,
	};

	(void)arena;
	(void)e;
	if (sp->scheduler)
		plan_attr(sp->scheduler, &sched);
	if (sp->io_priority)
		sched.ioprio = IOPRIO_PRIO_VALUE(sp->io_priority->class, sp->io_priority->priority);
	if (s->linux_.personality) {
		sched.has_personality = true;
		sched.personality = s->linux_.personality->domain;
	}
	pp->sched = sched;
	return 0;
}

static int write_oom_score_adj(int score, pid_t pid, int proc_fd)
{
	_cleanup_close_ int fd = -EBADF;
	char path[64], text[16];
	size_t len = fmt_str(text, sizeof(text), "%d", score);
	ssize_t n;

	fmt_str(path, sizeof(path), "%d/oom_score_adj", pid);
	fd = path_open_proc(proc_fd, path, O_WRONLY);
	if (fd < 0)
		return fd;
	n = sys_write(fd, text, len);
	return n < 0 ? (int)n : 0;
}

static int read_oom_score_adj(pid_t pid, int proc_fd, int *ret)
{
	char path[64], text[16];
	ssize_t n;

	fmt_str(path, sizeof(path), "%d/oom_score_adj", pid);
	n = file_read_buf(proc_fd, path, text, sizeof(text));
	return n < 0 ? (int)n : num_parse_int(text, ret);
}

int sched_lend_oom_score(const struct plan_process *pp, int proc_fd, int *ret_own)
{
	int own, r;

	if (!pp->sched.has_oom_score_adj || geteuid() == 0)
		return 0;
	r = read_oom_score_adj(getpid(), proc_fd, &own);
	if (r == 0)
		r = write_oom_score_adj(pp->sched.oom_score_adj, getpid(), proc_fd);
	if (r < 0)
		return r;
	*ret_own = own;
	return 1;
}

void sched_take_back_oom_score(int own, int proc_fd)
{
	(void)write_oom_score_adj(own, getpid(), proc_fd); /* down to where it was is allowed */
}

/* The files of a process that changed its ids, or hides, are root's: then it has to have inherited
 * the score. */
static int apply_oom_score_adj(int score, pid_t pid, int proc_fd)
{
	int now, r = write_oom_score_adj(score, pid, proc_fd);

	if (r == -EACCES && read_oom_score_adj(pid, proc_fd, &now) == 0 && now == score)
		return 0;
	return r;
}

static int failed(struct err *e, int r, const char *op, const char *where)
{
	err_sys(e, r, op, "%s",
		r == -EPERM || r == -EACCES ? "needs more rights than hull has" : "");
	return err_at(e, "%s", where);
}

int sched_apply(const struct plan_process *pp, pid_t pid, int proc_fd, struct err *e)
{
	const struct plan_sched *sched = &pp->sched;
	int r;

	if (sched->has_oom_score_adj) {
		r = apply_oom_score_adj(sched->oom_score_adj, pid, proc_fd);
		if (r < 0)
			return failed(e, r, "write", "process.oomScoreAdj");
	}
	if (sched->ioprio >= 0) {
		r = sys_ioprio_set(IOPRIO_WHO_PROCESS, pid, sched->ioprio);
		if (r < 0)
			return failed(e, r, "ioprio_set", "process.ioPriority");
	}
	if (sched->has_attr) {
		r = sys_sched_setattr(pid, &sched->attr);
		if (r < 0)
			return failed(e, r, "sched_setattr", "process.scheduler");
	}
	return 0;
}
