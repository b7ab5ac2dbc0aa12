/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hull-systemd: one request to systemd, as plan/systemd_request.h says.
 *
 * It asks as little of the bus as it can: one match for the end of its own job, no Subscribe, no
 * look-ups of what can be computed. Without a bus it speaks to systemd's private socket, as systemctl
 * does. All of it has one deadline, which is shorter than that of hull, so that hull has more to tell
 * than that a program was killed. It does not outlive the one who asked.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "plan/systemd_request.h"
#include "unit.h"

#define DEADLINE_SECONDS 25

static const struct {
	const char *name;
	int (*run)(struct bus *b, const char *unit, struct words *w, struct err *e);
} verbs[] = {
	{ REQUEST_START, unit_start },
	{ REQUEST_SET, unit_set },
	{ REQUEST_STOP, unit_stop },
	{ REQUEST_ATTACH, unit_attach },
};

static int read_request(struct buf *ret, struct err *e)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0)
		buf_add(ret, chunk, (size_t)n);
	if (buf_ok(ret) < 0)
		return err_nomem(e);
	if (n < 0 || ret->len == 0 || ret->data[ret->len - 1] != '\0')
		return err_bad(e, "", "no request on standard input: hull executes this program");
	return 0;
}

static int serve(const struct buf *request, struct err *e)
{
	struct words w = { .at = request->data, .end = request->data + request->len };
	const char *verb = words_next(&w), *manager = words_next(&w), *unit = words_next(&w);
	struct bus b;
	int r;

	for (size_t i = 0; unit && i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, verb) != 0)
			continue;
		r = bus_open(strcmp(manager, "user") == 0, DEADLINE_SECONDS, &b, e);
		if (r < 0)
			return r;
		r = verbs[i].run(&b, unit, &w, e);
		bus_close(&b);
		return r;
	}
	return err_bad(e, "", "no such request: hull and hull-systemd are of different versions");
}

static enum request_status fail(const struct err *e)
{
	char text[640];

	err_text(e, text, sizeof(text));
	printf("%s\n", text);
	switch (e->kind) {
	case ERR_EXISTS:
		return REQUEST_EXISTS;
	case ERR_TIMEOUT:
		return REQUEST_TIMED_OUT;
	default:
		return REQUEST_FAILED;
	}
}

int main(void)
{
	_cleanup_buf_ struct buf request = {};
	struct err e;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* at worst the deadline ends us */
	if (read_request(&request, &e) < 0 || serve(&request, &e) < 0)
		return (int)fail(&e);
	return fflush(stdout) == 0 ? REQUEST_OK : REQUEST_FAILED;
}
