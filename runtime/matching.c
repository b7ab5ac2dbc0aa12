/* SPDX-License-Identifier: Apache-2.0 */
/* Containers chosen by a regular expression. */
#include "matching.h"

#include <regex.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "report.h"

static int compile(const char *text, regex_t *ret, struct err *e)
{
	char why[200];
	int r = regcomp(ret, text, REG_EXTENDED | REG_NOSUB);

	if (r == 0)
		return 0;
	regerror(r, ret, why, sizeof(why));
	return err_bad(e, "", "regular expression \"%s\": %s", text, why);
}

int matching_each(const struct call *call,
		  int (*fn)(const struct call *call, const char *id, struct err *e), struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(regfree) regex_t regex = {};
	const char *const *ids;
	int status = EXIT_SUCCESS, r = compile(call->args[0], &regex, e);

	if (r == 0)
		r = arena ? lc_ids(call->ctx, arena, &ids, e) : err_nomem(e);
	for (; r == 0 && *ids; ids++) {
		struct err one;

		if (regexec(&regex, *ids, 0, NULL, 0) != 0 || fn(call, *ids, &one) == 0)
			continue;
		report_error(call->command->name, *ids, &one);
		status = EXIT_FAILURE;
	}
	return r < 0 ? r : status;
}
