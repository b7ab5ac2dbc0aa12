/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts, made from the same tables that are parsed. */
#pragma once

#include "base/buf.h"
#include "command.h"

void help_program(const struct command *const *commands, size_t n, const struct opt *globals,
		  struct buf *out);
void help_command(const struct command *command, struct buf *out);
