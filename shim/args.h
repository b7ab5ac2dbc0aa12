/* SPDX-License-Identifier: Apache-2.0 */
/* The command line that containerd gives a shim, in the syntax of Go's flag package. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct args {
	const char *ns, *id, *bundle;
	const char *address; /* of containerd's GRPC socket */
	const char *publish_binary, *socket;
	bool debug, version, info;
	const char *action; /* the first word that is no flag, or NULL */
};

/* -x, --x, -x=v, -x v; a switch may be -x=true or -x=false. Words after the action are ignored. The
 * strings are borrowed from argv. */
int args_parse(int argc, char *const argv[], struct args *ret, struct err *e);
