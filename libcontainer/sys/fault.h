/* SPDX-License-Identifier: Apache-2.0 */
/* Fault injection for tests (configure --enable-fault-injection): every sys_* call and every arena
 * growth asks here first. In production builds FAULT_POINT expands to nothing.
 *
 * Armed by the environment when a program starts, or by fault_arm() in a test; inherited by fork,
 * so calls of init count on in the same sequence (the counter lives in shared memory). ERRNO is a
 * number.
 *	HULL_FAULT=N[:ERRNO][:kill]	the Nth call fails with ERRNO (default EIO), or SIGKILLs itself
 *	HULL_FAULT=NAME[:ERRNO]		every call of that name fails
 *	HULL_FAULT_LOG=FILE		the names of calls made are appended, one a line */
#pragma once

#ifdef HULL_FAULT
/* 0, or -errno that the call at this point has to return. */
int fault_point(const char *name);
/* spec as in HULL_FAULT; NULL disarms. Returns 0 or -errno. */
int fault_arm(const char *spec);
/* Calls counted since arming; whether the armed fault was reached. */
unsigned long fault_count(void);
int fault_hit(void);
/* close_range(2) around the descriptor of the log, so that init is heard as well. */
int fault_close_range(unsigned first, unsigned last, unsigned flags);
#define FAULT_POINT(name)                    \
	do {                                 \
		int _r = fault_point(#name); \
		if (_r < 0)                  \
			return _r;           \
	} while (0)
#else
#define fault_close_range(first, last, flags) syscall(SYS_close_range, (first), (last), (flags))
#define FAULT_POINT(name) \
	do {              \
	} while (0)
#endif
