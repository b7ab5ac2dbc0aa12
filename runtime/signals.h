/* SPDX-License-Identifier: Apache-2.0 */
/* Signals as people write them. */
#pragma once

#include "base/err.h"

/* "9", "KILL", "SIGKILL", "kill", "RTMIN+3", "SIGRTMAX-1" -> number; 0 is no signal. */
int signals_parse(const char *text, struct err *e);
