/* SPDX-License-Identifier: Apache-2.0 */
/* The way to a systemd: its manager's bus, or its private socket where there is no bus. Everything
 * ends within the deadline that bus_open() sets. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "base/err.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER SYSTEMD ".Manager"

struct bus {
	sd_bus *sd;
	bool direct; /* to the private socket: nobody but systemd is there */
	uint64_t deadline;
};

/* user: the manager of the user that we are, or that owns XDG_RUNTIME_DIR. */
int bus_open(bool user, unsigned seconds, struct bus *ret, struct err *e);
void bus_close(struct bus *b);
/* Calls a method of the manager; *ret_reply (may be NULL) is the caller's. error as in sd-bus: the
 * caller frees it. Returns -errno without filling any struct err: bus_error() does. */
int bus_call(struct bus *b, sd_bus_message *m, sd_bus_error *error, sd_bus_message **ret_reply);
/* Works off what has come, or waits for something to come. 0 or -errno. */
int bus_wait(struct bus *b);
/* What r and error of a failed call mean. op: in one word. */
int bus_error(int r, const sd_bus_error *error, const char *op, const char *unit, struct err *e);
