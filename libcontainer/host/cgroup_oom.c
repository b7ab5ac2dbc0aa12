/* SPDX-License-Identifier: Apache-2.0 */
/* Watching memory.events: only oom_kill counts; oom also grows when a limit above is hit. */
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/num.h"
#include "libcontainer.h"

#define RECENT_MS 3000 /* from a limit that is hit to the death that follows */

static int count_kills(int cgroup, uint64_t *ret)
{
	static const char key[] = "oom_kill ";
	char text[512], *line;
	ssize_t n = file_read_buf(cgroup, "memory.events", text, sizeof(text));

	*ret = 0;
	if (n < 0)
		return (int)n;
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strncmp(line, key, strlen(key)) == 0)
			(void)num_parse_u64(line + strlen(key),
					    ret); /* stays 0 when it is no number */
	return 0;
}

/* systemd removes a scope as soon as its last process is dead, which may be before we have looked: the
 * kernel tells of a change at most every 10 ms. What is killed below counts for the group above as well. It
 * was ours when memory had run short in ours just then. */
static bool was_killed_and_removed(const struct lc_oom_watch *w)
{
	uint64_t kills;

	return fd_now_ms() - w->changed_ms <= RECENT_MS && count_kills(w->above, &kills) == 0 &&
	       kills > w->kills_above;
}

static void look(struct lc_oom_watch *w)
{
	uint64_t kills;

	if (count_kills(w->cgroup, &kills) < 0)
		kills = w->kills + was_killed_and_removed(w);
	(void)count_kills(w->above, &w->kills_above); /* 0 in the root, which has no such file */
	if (kills <= w->kills)
		return;
	w->kills = kills;
	w->fn(w);
}

static int on_change(struct ev_source *s, uint32_t events)
{
	struct lc_oom_watch *w = s->data;

	(void)events; /* EPOLLPRI, and EPOLLERR with it */
	w->changed_ms = fd_now_ms();
	look(w);
	return 0;
}

void lc_oom_check(struct lc_oom_watch *w)
{
	if (w->fn)
		look(w);
}

/* The kernel wakes who polls the file before it kills; inotify would tell later, and a user has 128
 * instances of it for all his programs. At an edge: nobody has to read the file, and it is no news that
 * the group has been removed. What cannot be watched is still looked at in the end, by lc_oom_check. */
static void watch(struct ev_loop *loop, struct lc_oom_watch *w)
{
	char first;

	w->events = openat(w->cgroup, "memory.events", O_RDONLY | O_CLOEXEC);
	if (w->events < 0)
		return;			     /* no memory controller */
	if (read(w->events, &first, 1) == 1) /* what was before is no news */
		(void)ev_add(loop, &w->source, w->events, EPOLLPRI | EPOLLET, on_change, w);
}

void lc_oom_add(struct ev_loop *loop, struct lc_oom_watch *w, int cgroup,
		void (*fn)(struct lc_oom_watch *w))
{
	*w = (struct lc_oom_watch){
		.fn = fn,
		.cgroup = cgroup,
		.above = openat(cgroup, "..", O_PATH | O_DIRECTORY | O_CLOEXEC),
		.changed_ms = -RECENT_MS,
	};
	watch(loop, w);
	(void)count_kills(cgroup, &w->kills); /* 0 without a memory controller */
	(void)count_kills(w->above, &w->kills_above);
}

void lc_oom_remove(struct lc_oom_watch *w)
{
	if (!w->fn)
		return;
	ev_del(&w->source);
	x_close(w->events);
	x_close(w->above);
	w->fn = NULL;
}
