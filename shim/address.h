/* SPDX-License-Identifier: Apache-2.0 */
/* Where a shim listens: unix://DIR/DIGEST, the same for all containers of one group. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define ADDRESS_DIR "/run/containerd/s"
#define ADDRESS_SCHEME "unix://"
/* The longest path that containerd dials, and the room for an address of one. */
#define ADDRESS_PATH_MAX 106
#define ADDRESS_SIZE (sizeof(ADDRESS_SCHEME) + ADDRESS_PATH_MAX)

/* DIR and the digest of containerd's own socket, the namespace and the group. */
int address_make(const char *dir, const char *containerd, const char *ns, const char *group,
		 char ret[ADDRESS_SIZE], struct err *e);
/* The path in an address. */
const char *address_path(const char *address);
/* Binds and listens (0600; directories 0700 are made). A socket nobody answers on is replaced; when
 * a shim of the group answers, *ret is -EBADF. Returns 0 with an owned descriptor in *ret. */
int address_listen(const char *address, int *ret, struct err *e);
/* Whether a shim serves there. Waits for a second at most. */
bool address_answers(const char *address);
/* Makes every missing directory of a path. */
int address_make_dirs(const char *path, unsigned mode, struct err *e);
