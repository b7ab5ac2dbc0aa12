/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hull-systemd is asked, on its standard input: words that each end with NUL.
 *
 *	VERB MANAGER UNIT [PID] [SUBGROUP] [OWNER] [PROPERTY...]
 *
 * MANAGER is "system" or "user". PID is there for start and attach, SUBGROUP ("" for none) for attach,
 * OWNER ("" for whoever) for stop, properties for start and set:
 * NAME SINCE TYPE COUNT VALUE..., where TYPE is a D-Bus signature of one letter, or of 'a' and one
 * letter, and the property is left out when systemd is older than version SINCE.
 *
 * The answer, on standard output, is the path of the unit's control group (start) or nothing, and
 * the exit status 0; or else what went wrong, in one line, and one of these.
 */
#pragma once

#define REQUEST_START "start" /* makes the scope with the process in it */
#define REQUEST_SET "set"     /* sets properties until the machine is shut down */
/* Stops the unit, when OWNER is part of its documentation, and forgets that it failed. */
#define REQUEST_STOP "stop"
#define REQUEST_ATTACH "attach" /* moves the process into the unit */

enum request_status {
	REQUEST_OK,
	REQUEST_FAILED,
	REQUEST_EXISTS,	   /* start: there is such a unit, and it has not failed */
	REQUEST_TIMED_OUT, /* systemd did not answer in time */
};
