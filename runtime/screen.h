/* SPDX-License-Identifier: Apache-2.0 */
/* A terminal whose screen is ours for a while: what was on it, and its mode, come back. */
#pragma once

#include <stdbool.h>
#include <termios.h>

#include "base/buf.h"
#include "base/err.h"

struct screen {
	bool entered;
	bool has_keys;	      /* standard input is a terminal: keys arrive there one by one */
	struct termios saved; /* its mode before */
};

/* Shows an empty screen without a cursor. Standard output is a terminal. */
int screen_enter(struct screen *s, struct err *e);
/* Gives it back; fine when it was not entered. */
void screen_leave(struct screen *s);
/* Draws lines (each ending in a newline) from the top, cut to the size that the terminal has now. */
int screen_draw(const struct buf *lines, struct err *e);
