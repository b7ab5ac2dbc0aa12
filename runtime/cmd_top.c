/* SPDX-License-Identifier: Apache-2.0 */
/* hull top: what all running containers use; redrawn in a terminal, else printed once. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "figures.h"
#include "report.h"
#include "screen.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/num.h"

#define STANDARD_INTERVAL "2s"
/* Piped, the one table shows the rates of so long a time. */
#define MEASURE_MS 500
#define MIN_INTERVAL_MS 100
#define MIN_ID_WIDTH 12

enum order { BY_CPU, BY_MEMORY, BY_PIDS, BY_IO, BY_ID };

struct top_args {
	const char *interval;
	int sort;
};

static const struct name_value orders[] = {
	{ "cpu", BY_CPU }, { "memory", BY_MEMORY }, { "pids", BY_PIDS },
	{ "io", BY_IO },   { "id", BY_ID },
};

static const struct opt options[] = {
	OPT(top_args, interval, OPT_STRING, "interval", .value = "DURATION",
	    .standard = STANDARD_INTERVAL, .help = "how often the table is redrawn"),
	OPT(top_args, sort, OPT_CHOICE, "sort", .letter = 's', .standard = "cpu",
	    .help = "what comes first", OPT_NAMES(orders)),
	{},
};

struct container {
	char *id;
	struct lc_watch watch;
	struct sample last;
	struct figures figures;
	bool running; /* when it was looked at last */
};

struct top {
	struct lc_ctx *ctx;
	int order;
	int interval_ms;
	struct container *items;
	size_t n, cap;
	struct screen screen;
	struct ev_loop *loop;
	struct ev_source keys, signals;
	struct ev_timer timer;
	int signal_fd;
	struct err *e;
};

/* ---- the containers ---- */

static void container_done(struct container *c)
{
	free(c->id);
	lc_watch_close(&c->watch);
}

static struct container *find(struct top *t, const char *id)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->items[i].id, id) == 0)
			return &t->items[i];
	return NULL;
}

/* One that is not running, or no longer, is not shown: no error. */
static int add(struct top *t, const char *id)
{
	struct container c = { .watch = LC_WATCH_NONE };
	struct err not_running;

	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 16;
		struct container *items = reallocarray(t->items, cap, sizeof(*items));

		if (!items)
			return err_nomem(t->e);
		t->items = items;
		t->cap = cap;
	}
	if (lc_watch_open(t->ctx, id, &c.watch, &not_running) < 0)
		return 0;
	c.id = strdup(id);
	if (!c.id) {
		container_done(&c);
		return err_nomem(t->e);
	}
	t->items[t->n++] = c;
	return 0;
}

static int find_new(struct top *t, struct arena *arena)
{
	const char *const *ids;
	int r = lc_ids(t->ctx, arena, &ids, t->e);

	for (; r == 0 && *ids; ids++)
		if (!find(t, *ids))
			r = add(t, *ids);
	return r;
}

static void measure(struct container *c, struct arena *arena)
{
	struct lc_stats s;
	struct err gone;

	c->running = fd_wait(&c->watch.pidfd, 1, 0) == 0 &&
		     lc_watch_stats(&c->watch, LC_BRIEF, arena, &s, &gone) == 0;
	if (c->running)
		figures_make(&s, fd_now_ms(), &c->last, &c->figures);
}

static void drop_ended(struct top *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->items[i].running)
			t->items[kept++] = t->items[i];
		else
			container_done(&t->items[i]);
	t->n = kept;
}

static int update(struct top *t)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	int r = arena ? find_new(t, arena) : err_nomem(t->e);

	for (size_t i = 0; r == 0 && i < t->n; i++)
		measure(&t->items[i], arena);
	if (r == 0)
		drop_ended(t);
	return r;
}

/* ---- the table ---- */

static uint64_t weight(const struct container *c, int order)
{
	const struct figures *f = &c->figures;

	switch ((enum order)order) {
	case BY_CPU:
		return f->cpu;
	case BY_MEMORY:
		return f->memory.current;
	case BY_PIDS:
		return f->pids.current;
	case BY_IO:
		return f->read + f->written;
	case BY_ID:
		return 0;
	}
	return 0;
}

/* The largest first; equals by id. */
static int compare(const void *a, const void *b, void *order)
{
	const struct container *x = a, *y = b;
	uint64_t wx = weight(x, *(int *)order), wy = weight(y, *(int *)order);

	return wx != wy ? (wx < wy ? 1 : -1) : strcmp(x->id, y->id);
}

static void add_id(struct buf *out, const char *id, size_t width)
{
	buf_str(out, id);
	for (size_t n = strlen(id); n < width; n++)
		buf_str(out, " ");
}

static void table(struct top *t, struct buf *out)
{
	size_t width = MIN_ID_WIDTH;

	if (t->n)
		qsort_r(t->items, t->n, sizeof(*t->items), compare, &t->order);
	for (size_t i = 0; i < t->n; i++)
		if (strlen(t->items[i].id) > width)
			width = strlen(t->items[i].id);
	add_id(out, "ID", width);
	figures_title(out);
	buf_str(out, "\n");
	for (size_t i = 0; i < t->n; i++) {
		add_id(out, t->items[i].id, width);
		figures_line(&t->items[i].figures, out);
		buf_str(out, "\n");
	}
}

static void status_line(const struct top *t, struct buf *out)
{
	char text[16];
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	buf_fmt(out, "hull top  %s  %zu running, by %s   sort: c m p i n   quit: q\n\n", text, t->n,
		MAP_NAME(orders, (uint64_t)t->order));
}

static int draw(struct top *t)
{
	_cleanup_buf_ struct buf out = {};

	status_line(t, &out);
	table(t, &out);
	return screen_draw(&out, t->e);
}

static int print_once(struct top *t)
{
	_cleanup_buf_ struct buf out = {};
	int r = update(t);

	if (r == 0 && t->n)
		(void)nanosleep(&(struct timespec){ .tv_nsec = MEASURE_MS * 1000000L }, NULL);
	if (r == 0)
		r = update(t);
	if (r < 0)
		return r;
	table(t, &out);
	return report_output(&out, t->e);
}

/* ---- in a terminal ---- */

static int on_timer(struct ev_timer *timer)
{
	struct top *t = timer->data;
	int r = update(t);

	if (r == 0)
		r = draw(t);
	if (r == 0 && ev_timer_start(t->loop, timer, t->interval_ms, on_timer, t) < 0)
		r = err_nomem(t->e);
	return r;
}

static int on_key(struct ev_source *s, uint32_t events)
{
	static const char keys[] = {
		[BY_CPU] = 'c', [BY_MEMORY] = 'm', [BY_PIDS] = 'p', [BY_IO] = 'i', [BY_ID] = 'n'
	};
	struct top *t = s->data;
	const char *found;
	char key;

	(void)events; /* end of file and hang-up show when reading */
	if (read(s->fd, &key, 1) != 1 || key == 'q') {
		ev_stop(t->loop, 0);
		return 0;
	}
	found = memchr(keys, key, sizeof(keys));
	if (found)
		t->order = (int)(found - keys);
	return draw(t);
}

/* Ctrl-Z: the shell gets its terminal as it was, and we get ours back when we go on. */
static int suspend(struct top *t)
{
	screen_leave(&t->screen);
	(void)raise(SIGSTOP);
	return screen_enter(&t->screen, t->e);
}

static int on_signal(struct ev_source *s, uint32_t events)
{
	struct top *t = s->data;
	struct signalfd_siginfo info;
	int r = 0;

	(void)events; /* readable is all it can be */
	if (read(s->fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	if (info.ssi_signo == SIGTSTP)
		r = suspend(t);
	else if (info.ssi_signo != SIGWINCH)
		ev_stop(t->loop, 0);
	return r == 0 ? draw(t) : r;
}

static int watch_signals(struct top *t)
{
	static const int ours[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH };
	sigset_t mask;

	sigemptyset(&mask);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		sigaddset(&mask, ours[i]);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	t->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t->signal_fd < 0)
		return err_sys(t->e, errno, "signalfd", "for the terminal");
	return ev_add(t->loop, &t->signals, t->signal_fd, EPOLLIN, on_signal, t);
}

static int run_loop(struct top *t)
{
	int r;

	t->loop = ev_new();
	if (!t->loop)
		return err_nomem(t->e);
	r = watch_signals(t);
	if (r == 0)
		r = screen_enter(&t->screen, t->e);
	if (r == 0 && t->screen.has_keys)
		r = ev_add(t->loop, &t->keys, STDIN_FILENO, EPOLLIN, on_key, t);
	t->timer.data = t;
	if (r == 0)
		r = on_timer(&t->timer);
	return r == 0 ? ev_run(t->loop) : r;
}

static void top_done(struct top *t)
{
	screen_leave(&t->screen);
	ev_timer_stop(&t->timer);
	ev_del(&t->keys);
	ev_del(&t->signals);
	x_close(t->signal_fd);
	if (t->loop)
		ev_free(t->loop);
	for (size_t i = 0; i < t->n; i++)
		container_done(&t->items[i]);
	free(t->items);
}

static int parse_interval(const char *text, int *ret, struct err *e)
{
	int64_t ms = 0;
	int r = num_parse_duration_ms(text, &ms);

	if (r < 0 || ms < MIN_INTERVAL_MS || ms > INT32_MAX)
		return err_bad(e, "", "option --interval: \"%s\" is no duration from 100ms on",
			       text);
	*ret = (int)ms;
	return 0;
}

static int run(const struct call *call, struct err *e)
{
	const struct top_args *a = call->options;
	_cleanup_(top_done) struct top t = {
		.ctx = call->ctx, .order = a->sort, .signal_fd = -EBADF, .e = e
	};
	int r = parse_interval(a->interval ? a->interval : STANDARD_INTERVAL, &t.interval_ms, e);

	if (r < 0)
		return r;
	return isatty(STDOUT_FILENO) ? run_loop(&t) : print_once(&t);
}

const struct command cmd_top = {
	.name = "top",
	.args = "",
	.summary = "show what all running containers use",
	.notes =
		"In a terminal until q is pressed; c, m, p, i and n sort by CPU, memory, pids, I/O\n"
		"and id. Elsewhere the table is printed once.\n",
	.options = options,
	.options_size = sizeof(struct top_args),
	.run = run,
};
