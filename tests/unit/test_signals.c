/* SPDX-License-Identifier: Apache-2.0 */
/* Names and numbers of signals. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "runtime/signals.h"
#include "base/cleanup.h"

Test(signals, numbers_and_names_in_every_spelling)
{
	const struct {
		const char *text;
		int number;
	} rows[] = {
		{ "9", SIGKILL },
		{ "15", SIGTERM },
		{ "KILL", SIGKILL },
		{ "SIGKILL", SIGKILL },
		{ "kill", SIGKILL },
		{ "sigterm", SIGTERM },
		{ "WINCH", SIGWINCH },
		{ "SIGCHLD", SIGCHLD },
		{ "POLL", SIGIO },
		{ "RTMIN", SIGRTMIN },
		{ "SIGRTMIN+3", SIGRTMIN + 3 },
		{ "RTMIN+0", SIGRTMIN },
		{ "SIGRTMAX", SIGRTMAX },
		{ "rtmax-2", SIGRTMAX - 2 },
		{ "64", 64 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err e;

		cr_assert_eq(signals_parse(rows[i].text, &e), rows[i].number, "%s", rows[i].text);
	}
}

Test(signals, what_is_no_signal_is_refused_by_name)
{
	static const char *const rows[] = { "",	       "0",	    "65",     "-9",
					    "9x",      "FOO",	    "SIG",    "RTMIN+31",
					    "RTMIN-1", "RTMAX+1",   "RTMIN+", "RTMAX-31",
					    "RTMINUS", "9999999999" };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err e;

		cr_assert_eq(signals_parse(rows[i], &e), -EINVAL, "%s", rows[i]);
		cr_assert_not_null(strstr(e.msg, "unknown signal \""));
		cr_assert_not_null(strstr(e.msg, rows[i]));
	}
}
