/* SPDX-License-Identifier: Apache-2.0 */
/* Watching memory.events: only oom_kill counts; oom also grows when a limit above is hit. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/fmt.h"
#include "base/num.h"
#include "libcontainer.h"

#define RECENT_MS 3000 /* from a limit that is hit to the death that follows */

struct lc_oom {
	struct ev_source source;
	int fd;
	struct lc_oom_watch *watches;
};

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

static void check_wd(struct lc_oom *o, int wd)
{
	for (struct lc_oom_watch *w = o->watches; w; w = w->next)
		if (w->wd == wd) {
			w->changed_ms = fd_now_ms();
			look(w);
			return;
		}
}

static void take_changes(struct lc_oom *o)
{
	_Alignas(struct inotify_event) char buf[2048];
	ssize_t n;

	while ((n = read(o->fd, buf, sizeof(buf))) > 0)
		for (char *p = buf; p < buf + n;) {
			const struct inotify_event *event = (const void *)p;

			if (!(event->mask & IN_IGNORED))
				check_wd(o, event->wd);
			p += sizeof(*event) + event->len;
		}
}

static int on_event(struct ev_source *s, uint32_t events)
{
	(void)events; /* readable is all it can be */
	take_changes(s->data);
	return 0;
}

void lc_oom_check(struct lc_oom *o, struct lc_oom_watch *w)
{
	if (!w->fn)
		return;
	take_changes(o);
	look(w);
}

int lc_oom_new(struct ev_loop *loop, struct lc_oom **ret, struct err *e)
{
	struct lc_oom *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		return err_nomem(e);
	o->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	r = o->fd < 0 ? -errno : ev_add(loop, &o->source, o->fd, EPOLLIN, on_event, o);
	if (r < 0) {
		lc_oom_free(o);
		return err_sys(e, r, "inotify_init1", "for events of memory");
	}
	*ret = o;
	return 0;
}

struct lc_oom *lc_oom_free(struct lc_oom *o)
{
	if (!o)
		return NULL;
	ev_del(&o->source);
	x_close(o->fd);
	free(o);
	return NULL;
}

void lc_oom_add(struct lc_oom *o, struct lc_oom_watch *w, int cgroup,
		void (*fn)(struct lc_oom_watch *w))
{
	char path[64];

	fmt_str(path, sizeof(path), "/proc/self/fd/%d/memory.events", cgroup);
	*w = (struct lc_oom_watch){
		.fn = fn,
		.cgroup = cgroup,
		.above = openat(cgroup, "..", O_PATH | O_DIRECTORY | O_CLOEXEC),
		.wd = inotify_add_watch(o->fd, path, IN_MODIFY),
		.changed_ms = -RECENT_MS,
		.next = o->watches,
	};
	(void)count_kills(cgroup, &w->kills); /* 0 without a memory controller */
	(void)count_kills(w->above, &w->kills_above);
	o->watches = w;
}

void lc_oom_remove(struct lc_oom *o, struct lc_oom_watch *w)
{
	for (struct lc_oom_watch **p = &o->watches; *p; p = &(*p)->next)
		if (*p == w) {
			*p = w->next;
			(void)inotify_rm_watch(o->fd,
					       w->wd); /* gone with the group, or never made */
			x_close(w->above);
			break;
		}
	w->fn = NULL;
}
