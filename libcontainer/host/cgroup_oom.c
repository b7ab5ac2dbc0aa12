/* SPDX-License-Identifier: Apache-2.0 */
/* Watching memory.events: only oom_kill counts; oom also grows when a limit above is hit. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "base/num.h"
#include "libcontainer.h"

struct lc_oom {
	struct ev_source source;
	int fd;
	struct lc_oom_watch *watches;
};

static uint64_t count_kills(int cgroup)
{
	static const char key[] = "oom_kill ";
	char text[512], *line;
	uint64_t n = 0;

	if (file_read_buf(cgroup, "memory.events", text, sizeof(text)) < 0)
		return 0;
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strncmp(line, key, strlen(key)) == 0)
			(void)num_parse_u64(line + strlen(key),
					    &n); /* stays 0 when it is no number */
	return n;
}

void lc_oom_check(struct lc_oom_watch *w)
{
	uint64_t kills;

	if (!w->fn)
		return;
	kills = count_kills(w->cgroup);
	if (kills <= w->kills)
		return;
	w->kills = kills;
	w->fn(w);
}

static void check_wd(struct lc_oom *o, int wd)
{
	for (struct lc_oom_watch *w = o->watches; w; w = w->next)
		if (w->wd == wd) {
			lc_oom_check(w);
			return;
		}
}

static int on_event(struct ev_source *s, uint32_t events)
{
	struct lc_oom *o = s->data;
	_Alignas(struct inotify_event) char buf[2048];
	ssize_t n;

	(void)events; /* readable is all it can be */
	while ((n = read(s->fd, buf, sizeof(buf))) > 0)
		for (char *p = buf; p < buf + n;) {
			const struct inotify_event *event = (const void *)p;

			if (!(event->mask & IN_IGNORED))
				check_wd(o, event->wd);
			p += sizeof(*event) + event->len;
		}
	return 0;
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
	*w = (struct lc_oom_watch){ .fn = fn,
				    .cgroup = cgroup,
				    .wd = inotify_add_watch(o->fd, path, IN_MODIFY),
				    .kills = count_kills(cgroup),
				    .next = o->watches };
	o->watches = w;
}

void lc_oom_remove(struct lc_oom *o, struct lc_oom_watch *w)
{
	for (struct lc_oom_watch **p = &o->watches; *p; p = &(*p)->next)
		if (*p == w) {
			*p = w->next;
			(void)inotify_rm_watch(o->fd,
					       w->wd); /* gone with the group, or never made */
			break;
		}
	w->fn = NULL;
}
