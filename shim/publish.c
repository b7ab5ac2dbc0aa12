/* SPDX-License-Identifier: Apache-2.0 */
/* Events to containerd. The head of the queue is under way or waits to be tried again; the others
 * wait for it. It leaves the queue when containerd has answered, so a containerd that is away or
 * stopped loses nothing. One duplicate cannot be ruled out: a connection that ends without an
 * answer may have ended before the request was read or after it was obeyed, and nothing tells which;
 * the event is sent again then, because a lost exit is worse than one told twice. For the same
 * reason a live connection is given long to answer: asking again would tell it twice for sure. What
 * comes again and again by itself while containerd is away (out of memory) is told once, so that the
 * queue is as long as the list of what clients have done and of what has ended. */
#include "publish.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "proto.h"
#include "shim/proto/forward.pb-c.h"
#include "ttrpc.h"

#define SERVICE "containerd.services.events.ttrpc.v1.Events"
#define NAMESPACE_KEY "containerd-namespace-ttrpc"
/* The rest of a frame is for the request around it, names and topic included. */
#define EVENT_MAX_BYTES (TTRPC_MAX_LENGTH - 4096)
#define ANSWER_MS 120000
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 1000

struct event {
	struct event *next;
	const char *topic, *type; /* borrowed: constants */
	struct timespec when;
	size_t len;
	uint8_t value[];
};

struct publisher {
	struct ev_loop *loop;
	struct ttrpc_client *client; /* NULL: events are dropped */
	struct event *head, **tail;
	size_t pending;
	bool under_way, waiting; /* the head */
	int backoff_ms;
	struct ev_timer retry;
	struct ev_timer flush_deadline;
	void (*flushed)(void *data); /* NULL: nobody waits */
	void *flush_data;
	char ns[];
};

static void send_head(struct publisher *p);

int publisher_new(struct ev_loop *loop, const char *address, const char *ns, struct publisher **ret,
		  struct err *e)
{
	size_t size = strlen(ns) + 1;
	struct publisher *p = malloc(sizeof(*p) + size);

	if (!p)
		return err_nomem(e);
	*p = (struct publisher){ .loop = loop, .backoff_ms = BACKOFF_MIN_MS };
	memcpy(p->ns, ns, size);
	p->tail = &p->head;
	if (address) {
		p->client = ttrpc_client_new(loop, address);
		if (!p->client) {
			free(p);
			return err_nomem(e);
		}
	}
	*ret = p;
	return 0;
}

static void drop_head(struct publisher *p)
{
	struct event *gone = p->head;

	p->head = gone->next;
	if (!p->head)
		p->tail = &p->head;
	p->pending--;
	free(gone);
}

struct publisher *publisher_free(struct publisher *p)
{
	if (!p)
		return NULL;
	ttrpc_client_free(p->client);
	ev_timer_stop(&p->retry);
	ev_timer_stop(&p->flush_deadline);
	while (p->head)
		drop_head(p);
	free(p);
	return NULL;
}

size_t publisher_pending(const struct publisher *p)
{
	return p->pending;
}

/* ---- sending ---------------------------------------------------------------------------------- */

static int on_retry(struct ev_timer *t)
{
	struct publisher *p = t->data;

	p->waiting = false;
	send_head(p);
	return 0;
}

/* Without a timer the next event tries again. */
static void retry_later(struct publisher *p, const char *why)
{
	if (p->backoff_ms == BACKOFF_MIN_MS)
		log_warning("containerd takes no event, %zu wait: %s", p->pending, why);
	p->waiting = ev_timer_start(p->loop, &p->retry, p->backoff_ms, on_retry, p) == 0;
	p->backoff_ms = p->backoff_ms * 2 < BACKOFF_MAX_MS ? p->backoff_ms * 2 : BACKOFF_MAX_MS;
}

static void end_flush(struct publisher *p)
{
	void (*flushed)(void *data) = take_ptr(p->flushed);

	ev_timer_stop(&p->flush_deadline);
	if (flushed)
		flushed(p->flush_data);
}

static void on_answer(void *data, enum ttrpc_status status, const char *message)
{
	struct publisher *p = data;

	p->under_way = false;
	if (status != TTRPC_OK && status != TTRPC_INVALID_ARGUMENT)
		return retry_later(p, message);
	if (status == TTRPC_INVALID_ARGUMENT) /* it never will be taken: let the others pass */
		log_error("containerd rejects an event: %s", message);
	p->backoff_ms = BACKOFF_MIN_MS;
	drop_head(p);
	send_head(p);
	if (!p->head)
		end_flush(p);
}

static int encode(struct buf *out, const char *ns, const struct event *event)
{
	Google__Protobuf__Timestamp when = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
	Forward__Envelope envelope = FORWARD__ENVELOPE__INIT;
	Forward__ForwardRequest request = FORWARD__FORWARD_REQUEST__INIT;

	when.seconds = event->when.tv_sec;
	when.nanos = (int32_t)event->when.tv_nsec;
	any.type_url = (char *)event->type;
	any.value = (ProtobufCBinaryData){ .data = (uint8_t *)event->value, .len = event->len };
	envelope.timestamp = &when;
	envelope.namespace_ = (char *)ns;
	envelope.topic = (char *)event->topic;
	envelope.event = &any;
	request.envelope = &envelope;
	return proto_encode(&request.base, out);
}

static int forward(struct publisher *p, struct err *e)
{
	const char *metadata[] = { NAMESPACE_KEY, p->ns, NULL };
	_cleanup_buf_ struct buf request = {};

	if (encode(&request, p->ns, p->head) < 0)
		return err_nomem(e);
	return ttrpc_client_call(p->client, SERVICE, "Forward", request.data, request.len, metadata,
				 ANSWER_MS, on_answer, p, e);
}

static void send_head(struct publisher *p)
{
	char text[640];
	struct err e;

	if (!p->head || p->under_way || p->waiting)
		return;
	p->under_way = forward(p, &e) == 0;
	if (p->under_way)
		return;
	err_text(&e, text, sizeof(text));
	retry_later(p, text);
}

/* ---- the queue -------------------------------------------------------------------------------- */

int publish(struct publisher *p, const char *topic, const char *type, const void *value, size_t len)
{
	struct event *added;

	if (!p->client)
		return 0;
	if (len > EVENT_MAX_BYTES) {
		log_error("an event %s of %zu bytes cannot be sent", topic, len);
		return 0;
	}
	added = malloc(sizeof(*added) + len);
	if (!added)
		return -ENOMEM;
	*added = (struct event){ .topic = topic, .type = type, .len = len };
	memcpy(added->value, value, len);
	clock_gettime(CLOCK_REALTIME, &added->when);
	*p->tail = added;
	p->tail = &added->next;
	p->pending++;
	send_head(p);
	return 0;
}

static bool is_same(const struct event *event, const char *topic, const void *value, size_t len)
{
	return strcmp(event->topic, topic) == 0 && event->len == len &&
	       memcmp(event->value, value, len) == 0;
}

int publish_once(struct publisher *p, const char *topic, const char *type, const void *value,
		 size_t len)
{
	const struct event *waiting = p->under_way ? p->head->next : p->head;

	while (waiting && !is_same(waiting, topic, value, len))
		waiting = waiting->next;
	return waiting ? 0 : publish(p, topic, type, value, len);
}

static int on_flush_deadline(struct ev_timer *t)
{
	end_flush(t->data);
	return 0;
}

void publisher_flush(struct publisher *p, int deadline_ms, void (*done)(void *data), void *data)
{
	int ms = p->head ? deadline_ms : 0;

	p->flushed = done;
	p->flush_data = data;
	if (ev_timer_start(p->loop, &p->flush_deadline, ms, on_flush_deadline, p) < 0)
		end_flush(p); /* better early than never */
}
