/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to a unit: one function for each verb of plan/systemd_request.h. */
#pragma once

#include <stdint.h>

#include "bus.h"

/* The rest of a request: words between at and end, each terminated. */
struct words {
	const char *at, *end;
};
/* The next word, NULL when there is none. */
const char *words_next(struct words *w);

int unit_start(struct bus *b, const char *unit, struct words *w, struct err *e);
int unit_set(struct bus *b, const char *unit, struct words *w, struct err *e);
int unit_stop(struct bus *b, const char *unit, struct words *w, struct err *e);
int unit_attach(struct bus *b, const char *unit, struct words *w, struct err *e);

/* property.c: appends the properties that the words tell, as a(sv), to a message; pid: with the
 * property PIDs, 0: without. */
int property_append_all(struct bus *b, sd_bus_message *m, uint32_t pid, struct words *w,
			struct err *e);
