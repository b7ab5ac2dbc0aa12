/* SPDX-License-Identifier: Apache-2.0 */
/* What hull says: results on stdout, one line per error on stderr and in the log. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

/* Opens the log. Until then errors go to stderr, in plain words. */
int report_open(const struct log_config *config, struct err *e);
/* command and subject (a container id) say what was asked for; either may be NULL. Clients read
 * the first chunk of stderr as the message, so it is one write of one line. */
void report_error(const char *command, const char *subject, const struct err *e);
/* Writes all of out to stdout. */
int report_output(const struct buf *out, struct err *e);
