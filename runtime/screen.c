/* SPDX-License-Identifier: Apache-2.0 */
/* The screen: the few control sequences that every terminal of today knows (ECMA-48, xterm). */
#include "screen.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "report.h"

#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_REST "\033[J"

static int put(const char *text)
{
	return fd_write_all(STDOUT_FILENO, text, strlen(text));
}

/* Signals of keys stay: Ctrl-C is SIGINT. */
static int read_keys(struct screen *s, struct err *e)
{
	struct termios mode;

	s->has_keys = tcgetattr(STDIN_FILENO, &s->saved) == 0;
	if (!s->has_keys)
		return 0;
	mode = s->saved;
	mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &mode) == 0)
		return 0;
	s->has_keys = false;
	return err_sys(e, errno, "tcsetattr", "standard input");
}

int screen_enter(struct screen *s, struct err *e)
{
	int r = read_keys(s, e);

	if (r < 0)
		return r;
	s->entered = true;
	r = put(ENTER);
	return r < 0 ? err_sys(e, r, "write", "the terminal") : 0;
}

void screen_leave(struct screen *s)
{
	if (!s->entered)
		return;
	(void)put(LEAVE); /* the terminal may be gone */
	if (s->has_keys)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &s->saved);
	s->entered = false;
}

int screen_draw(const struct buf *lines, struct err *e)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	_cleanup_buf_ struct buf out = {};
	const char *line = lines->data ? lines->data : "";

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size); /* else the size of old */
	buf_str(&out, HOME);
	for (unsigned row = 0; *line && row < size.ws_row; row++) {
		size_t len = strcspn(line, "\n");

		if (row)
			buf_str(&out, "\r\n");
		buf_add(&out, line, len < size.ws_col ? len : size.ws_col);
		/* At the end of a full line the cursor still stands on its last character. */
		if (len < size.ws_col)
			buf_str(&out, CLEAR_LINE);
		line += len + (line[len] == '\n');
	}
	buf_str(&out, CLEAR_REST);
	return report_output(&out, e);
}
