/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/ev.h"
#include "base/fd.h"

static struct ev_loop *loop;

static void set_up(void)
{
	loop = ev_new();
	cr_assert(loop);
}

TestSuite(ev, .init = set_up, .timeout = 10);

/* A pipe with one byte in it: readable at once. */
static int readable(void)
{
	int p[2];

	cr_assert_eq(pipe(p), 0);
	cr_assert_eq(write(p[1], "x", 1), 1);
	return p[0];
}

static int stop_with_data(struct ev_source *s, uint32_t events)
{
	cr_assert(events & EPOLLIN);
	ev_stop(s->loop, *(int *)s->data);
	return 0;
}

static int fail(struct ev_source *s, uint32_t events)
{
	(void)s, (void)events; /* the result is what counts */
	return -EPIPE;
}

static int never(struct ev_source *s, uint32_t events)
{
	(void)s;
	cr_assert_fail("called for events 0x%x", events);
	return 0;
}

Test(ev, runs_until_stopped_and_returns_the_value)
{
	struct ev_source s;
	int value = 42;

	cr_assert_eq(ev_add(loop, &s, readable(), EPOLLIN, stop_with_data, &value), 0);
	cr_assert_eq(ev_run(loop), 42);
	ev_del(&s);
	cr_assert_null(ev_free(loop));
}

Test(ev, a_loop_can_run_again_after_a_stop)
{
	struct ev_source s;
	int value = 1;

	ev_add(loop, &s, readable(), EPOLLIN, stop_with_data, &value);
	cr_assert_eq(ev_run(loop), 1);
	value = 2;
	cr_assert_eq(ev_run(loop), 2);
}

Test(ev, a_failing_callback_ends_the_run_with_its_value)
{
	struct ev_source s;

	ev_add(loop, &s, readable(), EPOLLIN, fail, NULL);
	cr_assert_eq(ev_run(loop), -EPIPE);
}

Test(ev, what_cannot_be_polled_is_refused_and_not_added)
{
	struct ev_source s = { .loop = NULL };
	int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	cr_assert_eq(ev_add(loop, &s, file, EPOLLIN, never, NULL), -EPERM);
	cr_assert_eq(ev_add(loop, &s, -1, EPOLLIN, never, NULL), -EBADF);
	ev_del(&s);
	cr_assert_null(ev_free(loop), "no source is left");
}

/* Frees its own source and the other one, whichever comes first. Both are readable, so the other's
 * event is in the same batch. */
static int free_both(struct ev_source *s, uint32_t events)
{
	struct ev_source **pair = s->data;

	(void)events; /* readable is all it can be */
	for (int i = 0; i < 2; i++) {
		cr_assert(pair[i], "a freed source was called");
		ev_del(pair[i]);
		free(pair[i]);
		pair[i] = NULL;
	}
	return 0;
}

Test(ev, a_callback_may_free_sources_whose_events_are_pending)
{
	struct ev_source *pair[2], last;
	int value = 1;

	for (int i = 0; i < 2; i++) {
		pair[i] = malloc(sizeof(*pair[i]));
		ev_add(loop, pair[i], readable(), EPOLLIN, free_both, pair);
	}
	ev_add(loop, &last, readable(), EPOLLIN, stop_with_data, &value);
	cr_assert_eq(ev_run(loop), 1);
	cr_assert(!pair[0] && !pair[1]);
	ev_del(&last);
	ev_free(loop);
}

Test(ev, changed_interest_takes_effect)
{
	struct ev_source quiet, loud;
	int value = 3;

	ev_add(loop, &quiet, readable(), EPOLLIN, never, NULL);
	cr_assert_eq(ev_mod(&quiet, 0), 0);
	ev_add(loop, &loud, readable(), EPOLLIN, stop_with_data, &value);
	cr_assert_eq(ev_run(loop), 3);
}

static int count_to_a_hundred(struct ev_source *s, uint32_t events)
{
	int *count = s->data;

	(void)events; /* readable is all it can be */
	if (++*count == 100)
		ev_stop(s->loop, 0);
	return 0;
}

Test(ev, more_sources_than_one_batch_are_all_served)
{
	static struct ev_source sources[100];
	int count = 0;

	for (int i = 0; i < 100; i++)
		cr_assert_eq(ev_add(loop, &sources[i], readable(), EPOLLIN | EPOLLONESHOT,
				    count_to_a_hundred, &count),
			     0);
	cr_assert_eq(ev_run(loop), 0);
	cr_assert_eq(count, 100);
}

Test(ev, removing_twice_is_fine)
{
	struct ev_source s;

	ev_add(loop, &s, readable(), EPOLLIN, never, NULL);
	ev_del(&s);
	ev_del(&s);
	ev_free(loop);
}

Test(ev, freeing_a_loop_with_sources_is_a_bug, .signal = SIGABRT)
{
	struct ev_source s;

	ev_add(loop, &s, readable(), EPOLLIN, never, NULL);
	ev_free(loop);
}

static int stop_from_timer(struct ev_timer *t)
{
	cr_assert_null(t->source.loop, "it has stopped before it calls");
	ev_stop(loop, *(int *)t->data);
	return 0;
}

Test(ev, a_timer_calls_once_after_its_time)
{
	struct ev_timer t = { .fn = NULL };
	int value = 5;
	int64_t start = fd_now_ms();

	cr_assert_eq(ev_timer_start(loop, &t, 30, stop_from_timer, &value), 0);
	cr_assert_eq(ev_run(loop), 5);
	cr_assert_geq(fd_now_ms() - start, 30);
	cr_assert_null(ev_free(loop), "a timer that has called is no source any more");
}

Test(ev, a_timer_of_no_time_calls_from_the_loop)
{
	struct ev_timer t = { .fn = NULL };
	int value = 6;

	cr_assert_eq(ev_timer_start(loop, &t, 0, stop_from_timer, &value), 0);
	cr_assert_eq(ev_run(loop), 6);
}

static int quiet_calls;

static void note_quiet(void)
{
	quiet_calls++;
}

Test(ev, quiet_is_told_once_before_each_sleep)
{
	struct ev_timer t = { .fn = NULL };
	int value = 7;

	ev_when_quiet(loop, 10, note_quiet);
	for (int i = 1; i <= 2; i++) {
		cr_assert_eq(ev_timer_start(loop, &t, 100, stop_from_timer, &value), 0);
		cr_assert_eq(ev_run(loop), 7);
		cr_assert_eq(quiet_calls, i);
	}
}

Test(ev, a_stopped_timer_does_not_call)
{
	struct ev_timer stopped = { .fn = NULL }, later = { .fn = NULL };
	int wrong = 1, right = 2;

	ev_timer_start(loop, &stopped, 10, stop_from_timer, &wrong);
	ev_timer_start(loop, &later, 40, stop_from_timer, &right);
	ev_timer_stop(&stopped);
	ev_timer_stop(&stopped);
	cr_assert_eq(ev_run(loop), 2);
}

Test(ev, a_timer_started_again_counts_from_then)
{
	struct ev_timer again = { .fn = NULL }, other = { .fn = NULL };
	int late = 1, early = 2;

	ev_timer_start(loop, &again, 10, stop_from_timer, &late);
	ev_timer_start(loop, &other, 40, stop_from_timer, &early);
	ev_timer_start(loop, &again, 200, stop_from_timer, &late);
	cr_assert_eq(ev_run(loop), 2);
	cr_assert_eq(ev_run(loop), 1);
}
