/* SPDX-License-Identifier: Apache-2.0 */
/* Events: in order, each until containerd has taken it, none twice. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/fd.h"
#include "fake_containerd.h"
#include "shim/proto/forward.pb-c.h"
#include "shim/publish.h"
#include "shim/ttrpc.h"
#include "tempdir.h"

static struct ev_loop *loop;
static struct fake_containerd fake;
static struct publisher *publisher;
static struct err e;

static void set_up(void)
{
	tempdir_enter();
	loop = ev_new();
	fake = (struct fake_containerd){ .loop = loop, .path = "containerd.sock" };
	cr_assert_eq(publisher_new(loop, "containerd.sock", "space", &publisher, &e), 0);
}

static void tear_down(void)
{
	publisher_free(publisher);
	fake_done(&fake);
	ev_free(loop);
	tempdir_leave();
}

TestSuite(publish, .init = set_up, .fini = tear_down, .timeout = 30);

static void publish_number(int i)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", i);
	cr_assert_eq(
		publish(publisher, "/tasks/test", "containerd.events.Test", text, strlen(text)), 0);
}

static void stop(void *data)
{
	ev_stop(loop, 0);
	if (data)
		++*(int *)data;
}

/* Runs the loop until all events are taken, or for so long. */
static void run(int ms)
{
	publisher_flush(publisher, ms, stop, NULL);
	ev_run(loop);
}

static const Forward__Envelope *envelope(size_t i)
{
	const Ttrpc__Request *request = fake.requests[i];
	const Forward__ForwardRequest *forward =
		proto_decode(&forward__forward_request__descriptor, request->payload.data,
			     request->payload.len, fake.arena);

	cr_assert(forward);
	return forward->envelope;
}

static int number(size_t i)
{
	const ProtobufCBinaryData *value = &envelope(i)->event->value;

	return atoi(strndupa((const char *)value->data, value->len));
}

static void assert_in_order(size_t n)
{
	cr_assert_eq(publisher_pending(publisher), 0);
	cr_assert_eq(fake.n_requests, n, "%zu requests", fake.n_requests);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(number(i), (int)i);
}

Test(publish, an_event_arrives_as_containerd_expects_it)
{
	const Ttrpc__Request *request;
	const Forward__Envelope *env;

	fake_listen(&fake);
	publish_number(7);
	cr_assert_eq(publisher_pending(publisher), 1);
	run(5000);
	cr_assert_eq(publisher_pending(publisher), 0);

	request = fake.requests[0];
	cr_assert_str_eq(request->service, "containerd.services.events.ttrpc.v1.Events");
	cr_assert_str_eq(request->method, "Forward");
	cr_assert_eq(request->n_metadata, 1);
	cr_assert_str_eq(request->metadata[0]->key, "containerd-namespace-ttrpc");
	cr_assert_str_eq(request->metadata[0]->value, "space");
	env = envelope(0);
	cr_assert_str_eq(env->namespace_, "space");
	cr_assert_str_eq(env->topic, "/tasks/test");
	cr_assert_str_eq(env->event->type_url, "containerd.events.Test");
	cr_assert_leq(llabs(env->timestamp->seconds - time(NULL)), 2);
	cr_assert_eq(number(0), 7);
}

Test(publish, many_events_arrive_in_order_over_one_connection)
{
	fake_listen(&fake);
	for (int i = 0; i < 200; i++)
		publish_number(i);
	run(10000);
	assert_in_order(200);
	cr_assert_eq(fake.n_connections, 1);
}

static int listen_now(struct ev_timer *t)
{
	(void)t;
	fake_listen(&fake);
	return 0;
}

Test(publish, events_wait_for_a_containerd_that_is_away)
{
	struct ev_timer later = { .fn = NULL };

	for (int i = 0; i < 10; i++)
		publish_number(i);
	cr_assert_eq(ev_timer_start(loop, &later, 700, listen_now, NULL), 0);
	run(10000);
	assert_in_order(10);
}

static int restart(struct ev_timer *t)
{
	(void)t;
	fake_die(&fake);
	fake_listen(&fake);
	fake.mode = FAKE_ANSWER;
	return 0;
}

Test(publish, an_event_that_was_not_answered_is_sent_again_first)
{
	fake.mode = FAKE_HANG_UP;
	fake.only = 3;
	fake_listen(&fake);
	for (int i = 0; i < 5; i++)
		publish_number(i);
	run(10000);
	cr_assert_eq(publisher_pending(publisher), 0);
	cr_assert_eq(fake.n_requests, 8);
	for (size_t i = 0; i < 8; i++)
		cr_assert_eq(number(i), i < 3 ? 0 : (int)i - 3);
}

Test(publish, an_event_under_way_is_sent_again_after_a_restart)
{
	struct ev_timer later = { .fn = NULL };

	fake.mode = FAKE_SILENT;
	fake_listen(&fake);
	publish_number(0);
	publish_number(1);
	cr_assert_eq(ev_timer_start(loop, &later, 300, restart, NULL), 0);
	run(10000);
	cr_assert_eq(publisher_pending(publisher), 0);
	cr_assert_eq(fake.n_requests, 3);
	cr_assert_eq(number(0), 0);
	cr_assert_eq(number(1), 0);
	cr_assert_eq(number(2), 1);
}

static int answer_now(struct ev_timer *t)
{
	(void)t;
	fake.mode = FAKE_ANSWER;
	fake_answer(&fake);
	return 0;
}

Test(publish, a_slow_containerd_is_not_told_twice)
{
	struct ev_timer later = { .fn = NULL };

	fake.mode = FAKE_SILENT;
	fake_listen(&fake);
	publish_number(0);
	publish_number(1);
	cr_assert_eq(ev_timer_start(loop, &later, 3000, answer_now, NULL), 0);
	run(10000);
	assert_in_order(2);
}

Test(publish, an_error_of_containerd_is_tried_again_with_pauses)
{
	fake.mode = FAKE_REFUSE;
	fake.status = TTRPC_UNKNOWN;
	fake.message = "database is locked";
	fake_listen(&fake);
	publish_number(0);
	run(1200);
	/* at 0, 0.1, 0.3, 0.7 seconds */
	cr_assert_eq(publisher_pending(publisher), 1);
	cr_assert_geq(fake.n_requests, 3);
	cr_assert_leq(fake.n_requests, 5);
	fake.mode = FAKE_ANSWER;
	run(5000);
	cr_assert_eq(publisher_pending(publisher), 0);
}

Test(publish, the_pauses_grow_to_a_second_and_no_further)
{
	int64_t start;

	publish_number(0);
	run(3000);
	start = fd_now_ms();
	fake_listen(&fake);
	run(5000);
	cr_assert_eq(publisher_pending(publisher), 0);
	cr_assert_leq(fd_now_ms() - start, 1500);
}

Test(publish, an_event_that_containerd_rejects_lets_the_others_pass)
{
	fake.mode = FAKE_REFUSE;
	fake.status = TTRPC_INVALID_ARGUMENT;
	fake.message = "topic";
	fake.only = 1;
	fake_listen(&fake);
	for (int i = 0; i < 3; i++)
		publish_number(i);
	run(5000);
	assert_in_order(3);
}

Test(publish, an_event_that_fits_no_frame_lets_the_others_pass)
{
	char *event = calloc(1, TTRPC_MAX_LENGTH);

	fake_listen(&fake);
	cr_assert_eq(publish(publisher, "/tasks/test", "t", event, TTRPC_MAX_LENGTH), 0);
	publish_number(0);
	run(5000);
	assert_in_order(1);
	free(event);
}

Test(publish, a_flush_of_nothing_ends_from_the_loop)
{
	int n = 0;

	publisher_flush(publisher, 5000, stop, &n);
	cr_assert_eq(n, 0);
	ev_run(loop);
	cr_assert_eq(n, 1);
}

Test(publish, a_flush_ends_at_its_deadline)
{
	int64_t start = fd_now_ms();

	publish_number(0);
	run(300);
	cr_assert_geq(fd_now_ms() - start, 300);
	cr_assert_leq(fd_now_ms() - start, 1000);
	cr_assert_eq(publisher_pending(publisher), 1);
}

Test(publish, without_an_address_events_are_dropped)
{
	publisher_free(publisher);
	cr_assert_eq(publisher_new(loop, NULL, "space", &publisher, &e), 0);
	publish_number(0);
	cr_assert_eq(publisher_pending(publisher), 0);
	run(5000);
}

static void publish_oom(const char *id)
{
	cr_assert_eq(
		publish_once(publisher, "/tasks/oom", "containerd.events.TaskOOM", id, strlen(id)),
		0);
}

Test(publish, what_repeats_while_containerd_is_away_is_told_once)
{
	publish_number(0);
	for (int i = 0; i < 10000; i++) {
		publish_oom("1");
		publish_oom("2");
	}
	publish_number(3);
	cr_assert_eq(publisher_pending(publisher), 4);
	fake_listen(&fake);
	run(5000);
	assert_in_order(4);
}

Test(publish, what_repeats_is_told_again_when_the_first_is_under_way)
{
	struct ev_timer later = { .fn = NULL };

	fake.mode = FAKE_SILENT;
	fake_listen(&fake);
	for (int i = 0; i < 100; i++)
		publish_oom("0");
	cr_assert_eq(publisher_pending(publisher), 2);
	cr_assert_eq(ev_timer_start(loop, &later, 300, answer_now, NULL), 0);
	run(5000);
	cr_assert_eq(publisher_pending(publisher), 0);
	cr_assert_eq(fake.n_requests, 2);
}

Test(publish, only_the_very_same_event_is_merged)
{
	publish_oom("0");
	cr_assert_eq(publish_once(publisher, "/tasks/oom", "containerd.events.TaskOOM", "00", 2),
		     0);
	cr_assert_eq(publish_once(publisher, "/tasks/test", "containerd.events.Test", "0", 1), 0);
	publish_number(0);
	publish_number(0);
	cr_assert_eq(publisher_pending(publisher), 5);
}
