/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the daemon: one loop, until Shutdown, a signal, or nobody wants it. */
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

#include "address.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "base/log.h"
#include "service.h"
#include "task.h"
#include "title.h"
#include "trim.h"

#define PROCESS_NAME "containerd-shim-hull-v2"
#define FLUSH_MS 5000
/* Without a running container and without a connection for so long, nobody knows of us. */
#define IDLE_MS (3 * 60 * 1000)
/* Longer than the pauses within what a client does with a container. */
#define QUIET_MS 250

/* ---- becoming one ---- */

static void rename_process(const struct args *a)
{
	char words[1024];

	fmt_str(words, sizeof(words), "-namespace\n%s\n-id\n%s\n-address\n%s", a->ns, a->id,
		a->address);
	title_set(PROCESS_NAME, words);
}

/* containerd reads `log` in the bundle, when it is there to read: nobody waits for it. */
static int leave_stdio(struct err *e)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int log = open("log", O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(log < 0 ? null : log, 2) < 0)
		return err_sys(e, errno, "dup2", "/dev/null");
	x_close(null);
	x_close(log);
	return 0;
}

static int become_daemon(struct err *e)
{
	if (setpgid(0, 0) < 0)
		return err_sys(e, errno, "setpgid", "the shim");
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_sys(e, errno, "prctl", "PR_SET_CHILD_SUBREAPER");
	signal(SIGPIPE, SIG_IGN);
	return leave_stdio(e);
}

/* ---- ending ---- */

static void on_flushed(void *data)
{
	struct shim *s = data;

	s->closing = false;
	if (!s->tasks)
		ev_stop(s->loop, 0);
}

void shim_shut_down(struct shim *s)
{
	if (s->closing)
		return;
	s->closing = true;
	publisher_flush(s->events, FLUSH_MS, on_flushed, s);
}

static bool is_running(const struct shim *s)
{
	for (const struct task *t = s->tasks; t; t = t->next)
		if (t->init.state != PROC_STOPPED)
			return true;
	return false;
}

/* A stopped container whose bundle is gone was cleaned up by `delete`: nobody will ask for it. */
static bool is_wanted(const struct shim *s)
{
	if (ttrpc_server_connections(s->server) || is_running(s))
		return true;
	for (const struct task *t = s->tasks; t; t = t->next)
		if (access(t->bundle, F_OK) == 0)
			return true;
	return false;
}

static int on_idle(struct ev_timer *t)
{
	struct shim *s = t->data;

	if (is_wanted(s))
		shim_changed(s);
	else
		ev_stop(s->loop, 0);
	return 0;
}

/* While something runs no timer does: such a shim sleeps. */
void shim_changed(struct shim *s)
{
	ev_timer_stop(&s->idle);
	if (!is_running(s) && ev_timer_start(s->loop, &s->idle, IDLE_MS, on_idle, s) < 0)
		log_warning("no timer: a shim that nobody wants will stay");
}

/* ---- signals ---- */

struct signals {
	struct ev_source source;
	int fd;
};

static void log_state(const struct shim *s)
{
	log_at(LOG_INFO, "state: %zu connections, %zu events to deliver",
	       ttrpc_server_connections(s->server), publisher_pending(s->events));
	for (const struct task *t = s->tasks; t; t = t->next)
		task_log_state(t);
}

static int on_signal(struct ev_source *source, uint32_t events)
{
	struct shim *s = source->data;
	struct signalfd_siginfo info;

	(void)events; /* readable is all it can be */
	while (read(source->fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo == SIGUSR1)
			log_state(s);
		else
			ev_stop(s->loop, 0);
	return 0;
}

static int watch_signals(struct shim *s, struct signals *g, struct err *e)
{
	sigset_t mask;
	int r;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return err_sys(e, errno, "sigprocmask", "the shim's signals");
	g->fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	r = g->fd < 0 ? -errno : ev_add(s->loop, &g->source, g->fd, EPOLLIN, on_signal, s);
	return r < 0 ? err_sys(e, r, "signalfd", "the shim's signals") : 0;
}

/* ---- the whole ---- */

static int set_up(struct shim *s, struct signals *g, int listener, struct err *e)
{
	int r = become_daemon(e);

	if (r == 0)
		r = (s->loop = ev_new()) ? 0 : err_nomem(e);
	if (r == 0)
		r = watch_signals(s, g, e);
	if (r == 0)
		r = reaper_new(s->loop, &s->reaper, e);
	if (r == 0)
		r = publisher_new(s->loop, getenv("TTRPC_ADDRESS"), s->ns, &s->events, e);
	if (r == 0)
		r = service_start(s, listener, e);
	return r;
}

int serve(const struct args *a, const char *address, int listener_take, int argc, char **argv)
{
	/* copied: argv is about to be overwritten */
	struct shim s = { .ns = strdup(a->ns) };
	struct signals signals = { .fd = -EBADF };
	const struct log_config log = { .level = a->debug ? LOG_DEBUG : LOG_INFO };
	char text[640];
	struct err e;
	int r = s.ns ? set_up(&s, &signals, listener_take, &e) : err_nomem(&e);

	(void)log_open(&log); /* no file, nothing to fail */
	if (r == 0) {
		title_prepare(argc, argv);
		rename_process(a);
		shim_changed(&s);
		trim_prepare();
		ev_when_quiet(s.loop, QUIET_MS, trim);
		r = ev_run(s.loop);
	} else {
		err_text(&e, text, sizeof(text));
		log_error("%s", text);
	}
	(void)unlink(address_path(address)); /* the last thing seen of us */
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
