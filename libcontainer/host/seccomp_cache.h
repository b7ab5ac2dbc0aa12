/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled filters kept in a directory. Found by a hash, taken only when all of what they were made
 * from is the same, byte by byte. Nothing here can fail a start: what cannot be read is compiled,
 * what cannot be written is compiled again the next time. */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "spec/spec.h"

/* All that a filter depends on, and its hash. Zero-initialise. */
struct seccomp_cache_key {
	struct buf bytes;
	uint64_t hash;
};

/* False: this profile is not cached. Notification listeners are no part of the key. */
bool seccomp_cache_key(const struct spec_seccomp *s, struct seccomp_cache_key *ret);
void seccomp_cache_key_done(struct seccomp_cache_key *k);
/* The filter in the directory that was made from the key; false when there is none. */
bool seccomp_cache_read(const char *dir, const struct seccomp_cache_key *k, struct arena *arena,
			struct sock_fprog *ret);
/* Puts it there, making the directory when its parent is there. */
void seccomp_cache_write(const char *dir, const struct seccomp_cache_key *k,
			 const struct sock_fprog *prog);
