/* SPDX-License-Identifier: Apache-2.0 */
/* The recorded conversations of tests/fixtures/ttrpc, for suites that run over all of them. */
#pragma once

#include <stddef.h>

#include "shim/ttrpc_frame.h"

struct recorded_frame {
	char dir[5]; /* api> api< ev> ev< */
	struct ttrpc_frame frame;
};

/* Calls fn for every recorded frame, conversation by conversation (begin, unless NULL, before
 * each); returns how many frames there are. */
size_t frames_each(void (*begin)(void), void (*fn)(const struct recorded_frame *f));
