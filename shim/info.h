/* SPDX-License-Identifier: Apache-2.0 */
/* -info and -v: what containerd and people may want to know before they use it. */
#pragma once

#include "base/err.h"

/* RuntimeInfo, with the features of the runtime that the options on standard input choose, on standard
 * output. */
int info_print(struct err *e);
int info_print_version(struct err *e);
