/* SPDX-License-Identifier: Apache-2.0 */
/* Options and messages of file systems in the making. */
#include "plan/fs_context.h"

#include <string.h>

#include "sys/sys.h"

/* A kernel's record is at most this long, with the "e " that marks errors (fs/fs_context.c). */
#define MESSAGE_SIZE 256

/* The kernel explains in the log of the context what errno cannot say. */
int fs_context_error(int fs, int errnum, const char *op, const char *what, struct err *e)
{
	char text[MESSAGE_SIZE];
	ssize_t n = sys_read(fs, text, sizeof(text) - 1);
	const char *message = text;

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (strncmp(message, "e ", 2) == 0)
		message += 2;
	return err_sys(e, errnum, op, "%s%s%s", what, *message ? ": " : "", message);
}

int fs_context_set(int fs, const char *key, const char *value, struct err *e)
{
	int r = sys_fsconfig(fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0);

	return r < 0 ? fs_context_error(fs, r, "fsconfig", key, e) : 0;
}
