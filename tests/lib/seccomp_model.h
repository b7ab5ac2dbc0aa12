/* SPDX-License-Identifier: Apache-2.0 */
/* What a seccomp profile means, said as plainly as possible and slowly, and profiles made at random
 * to hold programs against it. */
#pragma once

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/seccomp.h"

struct seccomp_model;
const struct seccomp_model *seccomp_model_new(const struct seccomp_profile *p, struct arena *arena);
/* The verdict on one call. False when rules with different actions apply to it: the profile does
 * not say. */
bool seccomp_model_run(const struct seccomp_model *m, const struct seccomp_data *data,
		       uint32_t *ret_verdict);

enum seccomp_random_kind {
	SECCOMP_RANDOM_PLAIN,	    /* no comparisons */
	SECCOMP_RANDOM_ONE,	    /* at most one rule for a call; calls that exist everywhere */
	SECCOMP_RANDOM_ORDER,	    /* several, of one comparison each; the same calls */
	SECCOMP_RANDOM_SAME_ACTION, /* any comparisons of any calls, one action */
	SECCOMP_RANDOM_ANY,
};

const struct spec_seccomp *seccomp_random(enum seccomp_random_kind kind, unsigned seed,
					  struct arena *arena);
/* As many rules as there are calls, each with another verdict: a program of many instructions. */
const struct spec_seccomp *seccomp_long(struct arena *arena);
