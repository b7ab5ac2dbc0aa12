/* SPDX-License-Identifier: Apache-2.0 */
/* `delete`: containerd runs it after every container, and when the shim has died. */
#pragma once

#include "args.h"

/* Needs nothing but the bundle, may be repeated, never asks containerd or a shim. Prints a
 * DeleteResponse: how the container ended, as the shim has noted it, else killed and now. */
int delete_container(const struct args *a, struct err *e);
