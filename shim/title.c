/* SPDX-License-Identifier: Apache-2.0 */
#include "title.h"

#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/fmt.h"

/* One stretch of memory, which the kernel shows. Before title_prepare there is none. */
static char *start;
static size_t room;

void title_prepare(int argc, char **argv)
{
	start = argv[0];
	room = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) - start);
}

void title_set(const char *name, const char *words)
{
	char text[1024];
	size_t n = fmt_str(text, sizeof(text), "%s\n%s", name, words);

	(void)prctl(PR_SET_NAME, name); /* a name is no reason to fail */
	if (n > room)
		n = room;
	for (size_t i = 0; i < room; i++)
		start[i] = i < n && text[i] != '\n' ? text[i] : '\0';
}
