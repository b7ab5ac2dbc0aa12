/* SPDX-License-Identifier: Apache-2.0 */
/* Signals as people write them. */
#include "signals.h"

#include <signal.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/map.h"
#include "base/num.h"

static const struct name_value names[] = {
	{ "HUP", SIGHUP },	 { "INT", SIGINT },	  { "QUIT", SIGQUIT },
	{ "ILL", SIGILL },	 { "TRAP", SIGTRAP },	  { "ABRT", SIGABRT },
	{ "IOT", SIGIOT },	 { "BUS", SIGBUS },	  { "FPE", SIGFPE },
	{ "KILL", SIGKILL },	 { "USR1", SIGUSR1 },	  { "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },	 { "PIPE", SIGPIPE },	  { "ALRM", SIGALRM },
	{ "TERM", SIGTERM },	 { "STKFLT", SIGSTKFLT }, { "CHLD", SIGCHLD },
	{ "CLD", SIGCHLD },	 { "CONT", SIGCONT },	  { "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP },	 { "TTIN", SIGTTIN },	  { "TTOU", SIGTTOU },
	{ "URG", SIGURG },	 { "XCPU", SIGXCPU },	  { "XFSZ", SIGXFSZ },
	{ "VTALRM", SIGVTALRM }, { "PROF", SIGPROF },	  { "WINCH", SIGWINCH },
	{ "IO", SIGIO },	 { "POLL", SIGPOLL },	  { "PWR", SIGPWR },
	{ "SYS", SIGSYS },
};

static int find_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(names[i].name, name) == 0)
			return (int)names[i].value;
	return 0;
}

/* "RTMIN", "RTMIN+n" (sign '+') or "RTMAX", "RTMAX-n" (sign '-'); 0 when it is neither. */
static int find_realtime(const char *name, const char *base, int number, char sign)
{
	uint32_t distance = 0;

	if (strncasecmp(name, base, 5) != 0)
		return 0;
	if (name[5] != '\0' && (name[5] != sign || num_parse_u32(name + 6, &distance) < 0))
		return 0;
	if (distance > (uint32_t)(SIGRTMAX - SIGRTMIN))
		return 0;
	return sign == '+' ? number + (int)distance : number - (int)distance;
}

int signals_parse(const char *text, struct err *e)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	int number = find_name(name);

	if (number == 0)
		number = find_realtime(name, "RTMIN", SIGRTMIN, '+');
	if (number == 0)
		number = find_realtime(name, "RTMAX", SIGRTMAX, '-');
	if (number == 0)
		num_parse_int(text, &number);
	if (number < 1 || number > SIGRTMAX)
		return err_bad(e, "", "unknown signal \"%s\"", text);
	return number;
}
