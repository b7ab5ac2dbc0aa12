/* SPDX-License-Identifier: Apache-2.0 */
/* What an exec runs, as an OCI process object. */
#pragma once

#include "libcontainer.h"
#include "spec/spec.h"

/* From o->process_file, or the container's own process with the options of the command line laid
 * over it. The result lives in the arena; s is changed. */
int exec_process(const struct lc_exec_opts *o, struct spec *s, struct arena *arena,
		 struct spec_process **ret, struct err *e);
