/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics in one line, as `events` and `top` show them to people. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "libcontainer.h"

/* What rates are made of. Zeroed: nothing was measured yet. */
struct sample {
	int64_t at; /* fd_now_ms() */
	uint64_t cpu_usec, read, written;
};

struct figures {
	bool has_rates;		/* two samples were there: */
	uint64_t cpu;		/* hundredths of a percent of one CPU */
	uint64_t read, written; /* bytes a second */
	struct lc_usage memory, pids;
	uint32_t cpu_pressure, memory_pressure, io_pressure; /* hundredths of a percent */
};

/* now: fd_now_ms(). *last becomes the sample that the next call compares with. */
void figures_make(const struct lc_stats *s, int64_t now, struct sample *last, struct figures *ret);
/* The titles of the columns, and a line of them, without newline. */
void figures_title(struct buf *out);
void figures_line(const struct figures *f, struct buf *out);

/* "812B", "1.5M", "max" (LC_UNLIMITED): at most 8 bytes with the terminator. */
#define FIGURES_AMOUNT 8
const char *figures_bytes(uint64_t n, char text[FIGURES_AMOUNT]);
