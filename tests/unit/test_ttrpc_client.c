/* SPDX-License-Identifier: Apache-2.0 */
/* The calling end of ttrpc. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "fake_containerd.h"
#include "shim/ttrpc.h"
#include "tempdir.h"

static struct ev_loop *loop;
static struct fake_containerd fake;
static struct ttrpc_client *client;

static struct outcome {
	int calls;
	enum ttrpc_status status;
	char message[128];
} outcome;

static void set_up(void)
{
	tempdir_enter();
	loop = ev_new();
	fake = (struct fake_containerd){ .loop = loop, .path = "containerd.sock" };
	client = ttrpc_client_new(loop, "containerd.sock");
	cr_assert(client);
	outcome = (struct outcome){ .calls = 0 };
}

static void tear_down(void)
{
	ttrpc_client_free(client);
	fake_done(&fake);
	ev_free(loop);
	tempdir_leave();
}

TestSuite(ttrpc_client, .init = set_up, .fini = tear_down, .timeout = 20);

static void done(void *data, enum ttrpc_status status, const char *message)
{
	struct outcome *o = data;

	o->calls++;
	o->status = status;
	snprintf(o->message, sizeof(o->message), "%s", message ? message : "(none)");
	ev_stop(loop, 0);
}

static int start_call(const char *payload, const char *const *metadata, int timeout_ms)
{
	struct err e = {};

	return ttrpc_client_call(client, "a.Service", "Method", payload, strlen(payload), metadata,
				 timeout_ms, done, &outcome, &e);
}

static void call(void)
{
	cr_assert_eq(start_call("hello", NULL, 5000), 0);
	cr_assert_eq(ev_run(loop), 0);
}

Test(ttrpc_client, a_call_carries_all_that_it_was_given)
{
	static const char *const metadata[] = { "key", "one", "other", "two", NULL };
	const Ttrpc__Request *request;

	fake_listen(&fake);
	cr_assert_eq(start_call("hello", metadata, 5000), 0);
	cr_assert_eq(outcome.calls, 0, "done is called from the loop only");
	ev_run(loop);
	cr_assert_eq(outcome.calls, 1);
	cr_assert_eq(outcome.status, TTRPC_OK);
	cr_assert_str_eq(outcome.message, "(none)");

	request = fake.requests[0];
	cr_assert_str_eq(request->service, "a.Service");
	cr_assert_str_eq(request->method, "Method");
	cr_assert_eq(request->payload.len, 5);
	cr_assert_eq(memcmp(request->payload.data, "hello", 5), 0);
	cr_assert_eq(request->timeout_nano, INT64_C(5000000000));
	cr_assert_eq(request->n_metadata, 2);
	cr_assert_str_eq(request->metadata[1]->key, "other");
	cr_assert_str_eq(request->metadata[1]->value, "two");
}

Test(ttrpc_client, streams_are_odd_and_grow_on_one_connection)
{
	fake_listen(&fake);
	for (uint32_t i = 0; i < 5; i++) {
		call();
		cr_assert_eq(fake.streams[i], 2 * i + 1);
	}
	cr_assert_eq(fake.n_connections, 1);
}

Test(ttrpc_client, a_status_is_passed_on_with_its_text)
{
	fake.mode = FAKE_REFUSE;
	fake.status = TTRPC_NOT_FOUND;
	fake.message = "no such thing";
	fake_listen(&fake);
	call();
	cr_assert_eq(outcome.status, TTRPC_NOT_FOUND);
	cr_assert_str_eq(outcome.message, "no such thing");
}

Test(ttrpc_client, the_address_may_be_a_uri)
{
	ttrpc_client_free(client);
	client = ttrpc_client_new(loop, "unix://containerd.sock");
	fake_listen(&fake);
	call();
	cr_assert_eq(outcome.status, TTRPC_OK);
}

Test(ttrpc_client, nobody_there_is_an_error_at_once)
{
	cr_assert_eq(start_call("x", NULL, 0), -ENOENT);
	fake_listen(&fake);
	fake_die(&fake);
	cr_assert_eq(start_call("x", NULL, 0), -ECONNREFUSED);
	fake_listen(&fake);
	call();
	cr_assert_eq(outcome.calls, 1, "only the call that could be made ends");
	cr_assert_eq(outcome.status, TTRPC_OK);
}

Test(ttrpc_client, a_path_that_fits_no_socket_is_refused)
{
	char path[200];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ttrpc_client_free(client);
	client = ttrpc_client_new(loop, path);
	cr_assert_eq(start_call("x", NULL, 0), -EINVAL);
}

Test(ttrpc_client, one_call_at_a_time)
{
	fake.mode = FAKE_SILENT;
	fake_listen(&fake);
	cr_assert_eq(start_call("x", NULL, 0), 0);
	cr_assert_eq(start_call("y", NULL, 0), -EBUSY);
}

Test(ttrpc_client, what_is_longer_than_a_frame_is_refused_and_nothing_is_sent)
{
	size_t size = TTRPC_MAX_LENGTH + 1;
	char *text = malloc(size);

	memset(text, 'x', size - 1);
	text[size - 1] = '\0';
	fake_listen(&fake);
	cr_assert_eq(start_call(text, NULL, 1000), -EMSGSIZE);
	call();
	cr_assert_eq(outcome.status, TTRPC_OK);
	cr_assert_eq(fake.n_requests, 1);
	free(text);
}

/* How an end of the connection shows, and the next call on a new one. */
static void check_reconnects(enum fake_mode mode)
{
	fake.mode = mode;
	fake.only = 1;
	fake_listen(&fake);
	call();
	cr_assert_eq(outcome.status, TTRPC_UNAVAILABLE);
	call();
	cr_assert_eq(outcome.status, TTRPC_OK);
	cr_assert_eq(fake.n_connections, 2);
	cr_assert_eq(fake.streams[1], 1, "a new connection begins with stream 1");
}

Test(ttrpc_client, a_peer_that_hangs_up_makes_the_call_unavailable)
{
	check_reconnects(FAKE_HANG_UP);
}

Test(ttrpc_client, half_an_answer_is_none)
{
	check_reconnects(FAKE_HALF);
}

Test(ttrpc_client, an_idle_connection_that_ends_is_made_anew)
{
	fake_listen(&fake);
	call();
	fake_die(&fake);
	fake_listen(&fake);
	if (start_call("again", NULL, 5000) == 0)
		ev_run(loop);
	if (outcome.status != TTRPC_OK)
		call();
	cr_assert_eq(outcome.status, TTRPC_OK);
	cr_assert_eq(fake.n_connections, 2);
}

Test(ttrpc_client, an_answer_that_is_no_message_is_an_error)
{
	fake.mode = FAKE_GARBAGE;
	fake_listen(&fake);
	call();
	cr_assert_eq(outcome.status, TTRPC_INTERNAL);
}

Test(ttrpc_client, an_answer_that_is_too_long_is_an_error_and_the_connection_lives)
{
	fake.mode = FAKE_TOO_LONG;
	fake.only = 1;
	fake_listen(&fake);
	call();
	cr_assert_eq(outcome.status, TTRPC_RESOURCE_EXHAUSTED);
	call();
	cr_assert_eq(outcome.status, TTRPC_OK);
	cr_assert_eq(fake.n_connections, 1);
}

Test(ttrpc_client, an_answer_to_another_call_is_ignored)
{
	fake.mode = FAKE_OTHER_CALL;
	fake_listen(&fake);
	call();
	cr_assert_eq(outcome.calls, 1);
	cr_assert_eq(outcome.status, TTRPC_OK);
}

Test(ttrpc_client, a_deadline_ends_the_call)
{
	int64_t start = fd_now_ms();

	fake.mode = FAKE_SILENT;
	fake.only = 1;
	fake_listen(&fake);
	cr_assert_eq(start_call("x", NULL, 100), 0);
	ev_run(loop);
	cr_assert_eq(outcome.status, TTRPC_UNAVAILABLE);
	cr_assert_geq(fd_now_ms() - start, 100);
	call();
	cr_assert_eq(outcome.calls, 2);
	cr_assert_eq(outcome.status, TTRPC_OK);
}

static void call_again(void *data, enum ttrpc_status status, const char *message)
{
	(void)status, (void)message; /* of no interest */
	cr_assert_eq(
		ttrpc_client_call(client, "s", "m", NULL, 0, NULL, 0, done, data, &(struct err){}),
		0);
}

Test(ttrpc_client, the_end_of_a_call_may_start_the_next)
{
	fake_listen(&fake);
	cr_assert_eq(ttrpc_client_call(client, "s", "m", NULL, 0, NULL, 0, call_again, &outcome,
				       &(struct err){}),
		     0);
	ev_run(loop);
	cr_assert_eq(outcome.status, TTRPC_OK);
	cr_assert_eq(fake.n_requests, 2);
}

static void free_client(void *data, enum ttrpc_status status, const char *message)
{
	client = ttrpc_client_free(client);
	done(data, status, message);
}

Test(ttrpc_client, the_end_of_a_call_may_free_the_client)
{
	fake_listen(&fake);
	cr_assert_eq(ttrpc_client_call(client, "s", "m", NULL, 0, NULL, 1000, free_client, &outcome,
				       &(struct err){}),
		     0);
	ev_run(loop);
	cr_assert_eq(outcome.status, TTRPC_OK);
}
