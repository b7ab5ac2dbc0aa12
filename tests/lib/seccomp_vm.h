/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp filters as data: an interpreter of classic BPF, and the search for a system call on which
 * two programs disagree. */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "spec/spec.h"

struct seccomp_vm_result {
	uint32_t verdict;
	bool looked_at_args;
	unsigned steps;
};

/* False when the program leaves its own bounds, or does what the kernel would not accept. */
bool seccomp_vm_run(const struct sock_fprog *prog, const struct seccomp_data *data,
		    struct seccomp_vm_result *ret);

/* Tries every number of a system call that any architecture has, unlisted architectures, and for
 * calls whose arguments matter the values around each constant of the profile. True when a and b
 * agree everywhere; else *ret is a call on which they do not (or on which one fails to run). */
bool seccomp_vm_agree(const struct sock_fprog *a, const struct sock_fprog *b,
		      const struct spec_seccomp *profile, unsigned seed, struct seccomp_data *ret);
