/* SPDX-License-Identifier: Apache-2.0 */
/* The filter, compiled by the host, is loaded.
 *
 * One with SCMP_ACT_NOTIFY makes a listener, and when we have it the filter bites already: whatever
 * we called to pass it on could be a call that waits for the agent, which has nothing yet to answer
 * with. So a thread that was there before the filter, and is never under it, does that. It learns of
 * the listener from memory. The one call that is ours is to wait for the thread's end; should that
 * be a call that waits for the agent, then it waits for the same thing. */
#include <errno.h>
#include <limits.h>
#include <linux/seccomp.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "init/init.h"
#include "plan/sync.h"
#include "sys/sys.h"

#define STACK_SIZE 16384
#define NOT_YET INT_MIN

static struct passing {
	int sync;
	int listener;	/* or -errno, when there is none; NOT_YET */
	uint32_t alive; /* the thread */
	int result;
	struct err err;
} passing;
static char stack[STACK_SIZE] __attribute__((aligned(16)));

static int pass_on(int sync, int listener, struct err *e)
{
	int r = sync_send(sync, SYNC_LISTENER, 0, listener, e);

	return r == 0 ? sync_expect(sync, SYNC_LISTENER_TAKEN, NULL, e) : r;
}

/* The listener is closed here: what still waits for an agent that never was goes on, with ENOSYS. */
static int pass_listener_on(void *data)
{
	struct passing *p = data;
	int listener;

	while ((listener = __atomic_load_n(&p->listener, __ATOMIC_ACQUIRE)) == NOT_YET)
		(void)fd_wait(NULL, 0, 1); /* only a pause */
	if (listener >= 0)
		p->result = pass_on(p->sync, listener, &p->err);
	x_close(listener);
	return 0;
}

int seccomp_prepare(const struct init_ctx *c, struct err *e)
{
	int r;

	if (!c->plan->process.seccomp.listener)
		return 0;
	passing = (struct passing){ .sync = c->sync, .listener = NOT_YET };
	r = sys_thread(pass_listener_on, stack + sizeof(stack), &passing, &passing.alive);
	return r < 0 ? err_sys(e, r, "clone", "thread for the seccomp listener") : 0;
}

static int load(const struct plan_seccomp *s, struct err *e)
{
	int r = sys_seccomp(SECCOMP_SET_MODE_FILTER, s->flags, s->prog);

	if (r == -EINVAL && s->flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		return err_kind(e, ERR_UNSUPPORTED,
				"seccomp: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs Linux 5.19");
	return r < 0 ? err_sys(e, r, "seccomp", "filter of %u instructions", s->prog->len) : r;
}

int seccomp_apply(const struct plan_process *pp, struct err *e)
{
	const struct plan_seccomp *s = &pp->seccomp;
	int r = s->prog ? load(s, e) : 0;

	if (!s->listener)
		return r;
	__atomic_store_n(&passing.listener, r, __ATOMIC_RELEASE);
	sys_thread_await(&passing.alive);
	if (r < 0)
		return r;
	if (passing.result < 0)
		*e = passing.err;
	return passing.result;
}
