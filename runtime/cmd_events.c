/* SPDX-License-Identifier: Apache-2.0 */
/* hull events: statistics at intervals, and what happens, until the container ends. Programs get
 * JSON lines, people a table. */
#include <errno.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "figures.h"
#include "report.h"
#include "sheet.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/num.h"

#define TITLE_EVERY 20 /* lines */

enum { AUTOMATIC, TABLE, JSON };

struct events_args {
	const char *interval;
	int format;
	bool stats;
};

static const struct name_value formats[] = {
	{ "table", TABLE },
	{ "json", JSON },
};

static const struct opt options[] = {
	OPT(events_args, interval, OPT_STRING, "interval", .value = "DURATION", .standard = "5s",
	    .help = "how often statistics are shown"),
	OPT(events_args, stats, OPT_FLAG, "stats", .help = "show statistics once"),
	OPT(events_args, format, OPT_CHOICE, "format", .letter = 'f',
	    .help = "how to print (default: table on a terminal, else json)", OPT_NAMES(formats)),
	{},
};

struct events {
	const char *id;
	bool json;
	int interval_ms;
	struct lc_watch watch;
	struct ev_loop *loop;
	struct lc_oom_watch oom_watch;
	struct ev_source end;
	struct ev_timer timer;
	struct sample last;
	unsigned lines;
	struct err *e;
};

/* ---- printing ---- */

static int print_json(struct events *v, const struct lc_stats *s, struct buf *out)
{
	int r = lc_stats_write(v->id, s, out, v->e);

	buf_str(out, "\n");
	return r;
}

static void add_time(struct buf *out)
{
	char text[16];
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	buf_str(out, text);
}

static int print_line(struct events *v, const struct lc_stats *s, struct buf *out)
{
	struct figures f;

	if (v->lines++ % TITLE_EVERY == 0) {
		buf_str(out, "TIME    ");
		figures_title(out);
		buf_str(out, "\n");
	}
	figures_make(s, fd_now_ms(), &v->last, &f);
	add_time(out);
	figures_line(&f, out);
	buf_str(out, "\n");
	return 0;
}

static int print_sheet(struct events *v, const struct lc_stats *s, struct buf *out)
{
	(void)v;
	sheet_write(s, out);
	return 0;
}

static int show(struct events *v,
		int (*print)(struct events *, const struct lc_stats *, struct buf *))
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_buf_ struct buf out = {};
	struct lc_stats s;
	int r;

	if (!arena)
		return err_nomem(v->e);
	r = lc_watch_stats(&v->watch, LC_ALL, arena, &s, v->e);
	if (r == 0)
		r = print(v, &s, &out);
	return r < 0 ? r : report_output(&out, v->e);
}

/* The group may be gone before its process is reaped. */
static int show_next(struct events *v)
{
	int r = show(v, v->json ? print_json : print_line);

	if (r < 0 && v->e->kind == ERR_NOTFOUND)
		ev_stop(v->loop, 0);
	else if (r < 0)
		return r;
	return 0;
}

static void on_oom(struct lc_oom_watch *w)
{
	struct events *v = container_of(w, struct events, oom_watch);
	_cleanup_buf_ struct buf out = {};

	if (v->json) {
		buf_fmt(&out, "{\"type\":\"oom\",\"id\":\"%s\"}\n", v->id);
	} else {
		add_time(&out);
		buf_str(&out, "  out of memory: the kernel has killed a process\n");
	}
	if (report_output(&out, v->e) < 0)
		ev_stop(v->loop, err_errno(v->e));
}

/* ---- the loop ---- */

static int on_timer(struct ev_timer *t)
{
	struct events *v = t->data;
	int r = show_next(v);

	if (r == 0 && ev_timer_start(v->loop, t, v->interval_ms, on_timer, v) < 0)
		return err_nomem(v->e);
	return r;
}

static int on_end(struct ev_source *s, uint32_t events)
{
	struct events *v = s->data;

	(void)events; /* readable is all a pidfd can be */
	lc_oom_check(&v->oom_watch);
	ev_stop(v->loop, 0);
	return 0;
}

static int follow(struct events *v)
{
	int r;

	v->loop = ev_new();
	if (!v->loop)
		return err_nomem(v->e);
	lc_oom_add(v->loop, &v->oom_watch, v->watch.cgroup, on_oom);
	r = ev_add(v->loop, &v->end, v->watch.pidfd, EPOLLIN, on_end, v);
	if (r < 0)
		return err_sys(v->e, r, "epoll_ctl", "process %d", (int)v->watch.pid);
	v->timer.data = v;
	r = on_timer(&v->timer);
	return r == 0 ? ev_run(v->loop) : r;
}

static void events_done(struct events *v)
{
	ev_timer_stop(&v->timer);
	ev_del(&v->end);
	lc_oom_remove(&v->oom_watch);
	if (v->loop)
		ev_free(v->loop);
	lc_watch_close(&v->watch);
}

static int parse_interval(const char *text, int *ret, struct err *e)
{
	int64_t ms = 0;
	int r = num_parse_duration_ms(text ? text : "5s", &ms);

	if (r < 0 || ms <= 0 || ms > INT32_MAX)
		return err_bad(e, "",
			       "option --interval: \"%s\" is no duration above 0, such as 5s",
			       text);
	*ret = (int)ms;
	return 0;
}

static int run(const struct call *call, struct err *e)
{
	const struct events_args *a = call->options;
	_cleanup_(events_done) struct events v = {
		.id = call->args[0],
		.json = a->format ? a->format == JSON : !isatty(STDOUT_FILENO),
		.watch = LC_WATCH_NONE,
		.e = e,
	};
	int r = parse_interval(a->interval, &v.interval_ms, e);

	if (r == 0)
		r = lc_watch_open(call->ctx, v.id, &v.watch, e);
	if (r < 0)
		return r;
	if (a->stats)
		return show(&v, v.json ? print_json : print_sheet);
	return follow(&v);
}

const struct command cmd_events = {
	.name = "events",
	.args = "<container-id>",
	.summary = "show statistics and events of a container",
	.notes =
		"Until the container ends, or once with --stats. Programs get a JSON object a line.\n",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.options_size = sizeof(struct events_args),
	.run = run,
};
