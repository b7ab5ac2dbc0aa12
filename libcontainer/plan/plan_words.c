/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan_words.h"

#include <ctype.h>
#include <stdbool.h>

static bool is_plain(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (!isgraph((unsigned char)*s) || *s == '"' || *s == '\\')
			return false;
	return true;
}

void plan_word(struct buf *out, const char *s)
{
	if (is_plain(s)) {
		buf_str(out, s);
		return;
	}
	buf_str(out, "\"");
	for (; *s; s++) {
		if (*s == '\n')
			buf_str(out, "\\n");
		else if (*s == '"' || *s == '\\')
			buf_fmt(out, "\\%c", *s);
		else if (iscntrl((unsigned char)*s))
			buf_fmt(out, "\\x%x%x", (unsigned char)*s >> 4, *s & 15);
		else
			buf_add(out, s, 1);
	}
	buf_str(out, "\"");
}

void plan_words(struct buf *out, const char *const *list)
{
	for (; *list; list++) {
		buf_str(out, " ");
		plan_word(out, *list);
	}
}
