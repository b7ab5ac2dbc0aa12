/* SPDX-License-Identifier: Apache-2.0 */
/* Messages, against what containerd and the runc shim really said to each other. */
#include <criterion/criterion.h>
#include <string.h>

#include "frames.h"
#include "shim/proto.h"
#include "shim/proto/events.pb-c.h"
#include "shim/proto/forward.pb-c.h"
#include "shim/proto/runc_options.pb-c.h"
#include "shim/proto/task.pb-c.h"
#include "shim/proto/ttrpc.pb-c.h"
#include "base/cleanup.h"

static struct arena *arena;

static void set_up(void)
{
	arena = arena_new();
	cr_assert(arena);
}

static void tear_down(void)
{
	arena_free(arena);
}

TestSuite(proto, .init = set_up, .fini = tear_down);

/* Decodes, and encodes again to the same bytes: no field is unknown, lost or changed. */
static void *decode_exactly(const ProtobufCMessageDescriptor *d, const void *data, size_t len)
{
	_cleanup_buf_ struct buf again = {};
	ProtobufCMessage *msg = proto_decode(d, data, len, arena);

	cr_assert(msg, "%s", d->name);
	cr_assert_eq(msg->n_unknown_fields, 0, "%s", d->name);
	cr_assert_eq(proto_encode(msg, &again), 0);
	cr_assert_eq(again.len, len, "%s", d->name);
	cr_assert(len == 0 || memcmp(again.data, data, len) == 0, "%s", d->name);
	return msg;
}

/* ---- requests and their answers --------------------------------------------------------------- */

struct row {
	const char *method;
	const ProtobufCMessageDescriptor *request, *response;
};

static const struct row rows[] = {
	{ "Create", &task__create_request__descriptor, &task__create_response__descriptor },
	{ "Connect", &task__connect_request__descriptor, &task__connect_response__descriptor },
	{ "Start", &task__start_request__descriptor, &task__start_response__descriptor },
	{ "Wait", &task__wait_request__descriptor, &task__wait_response__descriptor },
	{ "State", &task__state_request__descriptor, &task__state_response__descriptor },
	{ "Delete", &task__delete_request__descriptor, &task__delete_response__descriptor },
	{ "Shutdown", &task__shutdown_request__descriptor, &google__protobuf__empty__descriptor },
	{ "Forward", &forward__forward_request__descriptor, &google__protobuf__empty__descriptor },
};

static const ProtobufCMessageDescriptor *const events[] = {
	&containerd__events__task_create__descriptor,
	&containerd__events__task_start__descriptor,
	&containerd__events__task_exit__descriptor,
	&containerd__events__task_delete__descriptor,
};

static const struct row *calls[2][64]; /* under way: by connection, api or ev, and stream */
static size_t seen[ARRAY_SIZE(rows)], seen_events[ARRAY_SIZE(events)];

static const struct row **call_of(const struct recorded_frame *f)
{
	cr_assert_lt(f->frame.stream / 2, 64);
	return &calls[f->dir[0] == 'e'][f->frame.stream / 2];
}

static void check_event(const Forward__ForwardRequest *request)
{
	const Google__Protobuf__Any *event = request->envelope->event;

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		if (!proto_type_is(event->type_url, events[i]->name))
			continue;
		decode_exactly(events[i], event->value.data, event->value.len);
		seen_events[i]++;
		return;
	}
	cr_assert_fail("event %s", event->type_url);
}

static void check_request(const struct recorded_frame *f)
{
	const Ttrpc__Request *request =
		decode_exactly(&ttrpc__request__descriptor, f->frame.data, f->frame.length);
	void *payload;

	for (const struct row *row = rows; row < rows + ARRAY_SIZE(rows); row++) {
		if (strcmp(row->method, request->method) != 0)
			continue;
		payload = decode_exactly(row->request, request->payload.data, request->payload.len);
		if (row->request == &forward__forward_request__descriptor)
			check_event(payload);
		*call_of(f) = row;
		seen[row - rows]++;
		return;
	}
	cr_assert_fail("method %s", request->method);
}

static void check_response(const struct recorded_frame *f)
{
	const Ttrpc__Response *response =
		decode_exactly(&ttrpc__response__descriptor, f->frame.data, f->frame.length);
	const struct row *row = *call_of(f);

	cr_assert(row, "an answer to nothing");
	if (!response->status)
		decode_exactly(row->response, response->payload.data, response->payload.len);
	*call_of(f) = NULL;
}

static void begin(void)
{
	memset(calls, 0, sizeof(calls));
}

static void check(const struct recorded_frame *f)
{
	if (f->frame.type == TTRPC_REQUEST)
		check_request(f);
	else
		check_response(f);
}

Test(proto, recorded_conversations_are_understood_to_the_last_byte)
{
	cr_assert_geq(frames_each(begin, check), 400);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_assert_gt(seen[i], 0, "no %s was recorded", rows[i].method);
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		cr_assert_gt(seen_events[i], 0, "no %s was recorded", events[i]->name);
}

/* ---- single messages -------------------------------------------------------------------------- */

Test(proto, the_answer_of_delete_is_as_containerd_read_it)
{
	static const uint8_t recorded[] = { 0x08, 0xe2, 0x81, 0x01, 0x10, 0x89, 0x01,
					    0x1a, 0x0c, 0x08, 0xd8, 0xf2, 0x83, 0xd8,
					    0x06, 0x10, 0xd2, 0xff, 0xf7, 0xb8, 0x01 };
	const Task__DeleteResponse *msg =
		decode_exactly(&task__delete_response__descriptor, recorded, sizeof(recorded));

	cr_assert_eq(msg->pid, 16610);
	cr_assert_eq(msg->exit_status, 137);
	cr_assert_eq(msg->exited_at->seconds, 1795225944);
}

Test(proto, missing_strings_are_empty)
{
	const Task__CreateRequest *msg =
		proto_decode(&task__create_request__descriptor, NULL, 0, arena);

	cr_assert(msg);
	cr_assert_str_eq(msg->id, "");
	cr_assert_str_eq(msg->stdin_path, "");
	cr_assert_null(msg->options);
}

Test(proto, runc_options_have_the_numbers_that_containerd_sends)
{
	static const uint8_t sent[] = "\x32\x0e/usr/sbin/runc\x48\x01";
	const Containerd__Runc__V1__Options *msg =
		decode_exactly(&containerd__runc__v1__options__descriptor, sent, sizeof(sent) - 1);

	cr_assert_str_eq(msg->binary_name, "/usr/sbin/runc");
	cr_assert(msg->systemd_cgroup);
	cr_assert_str_eq(msg->base.descriptor->name, "containerd.runc.v1.Options");
}

Test(proto, malformed_messages_are_refused)
{
	static const struct {
		const char *data;
		size_t len;
	} malformed[] = {
		{ "\x0a", 1 },				   /* a tag and nothing */
		{ "\x0a\x05m1", 4 },			   /* less than said */
		{ "\x0a\xff\xff\xff\xff\x0f", 6 },	   /* far less than said */
		{ "\x08\xff\xff\xff\xff\xff\xff\xff", 8 }, /* a number without end */
		{ "\x0f", 1 },				   /* no such wire type */
		{ "\x1a\x02\x0a\x09", 4 },		   /* wrong within */
		{ "\x80\x80\x00\x00", 4 },		   /* the field number 0 */
		{ "\x1a\x03\x80\x00\x00", 5 },		   /* the same in a list */
		{ "\x52\x03\x80\x00\x00", 5 },		   /* the same within */
	};

	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++)
		cr_assert_null(proto_decode(&task__create_request__descriptor, malformed[i].data,
					    malformed[i].len, arena),
			       "row %zu", i);
}

Test(proto, a_type_is_named_with_or_without_a_prefix)
{
	cr_assert(proto_type_is("containerd.events.TaskExit", "containerd.events.TaskExit"));
	cr_assert(proto_type_is("type.googleapis.com/containerd.events.TaskExit",
				"containerd.events.TaskExit"));
	cr_assert_not(proto_type_is("containerd.events.TaskExitX", "containerd.events.TaskExit"));
	cr_assert_not(proto_type_is("", "containerd.events.TaskExit"));
}
