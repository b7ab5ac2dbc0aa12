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
	bool undecided; /* a model: any verdict will do */
	unsigned steps;
};

/* False when the program leaves its own bounds, or does what the kernel would not accept. */
bool seccomp_vm_run(const struct sock_fprog *prog, const struct seccomp_data *data,
		    struct seccomp_vm_result *ret);

/* Something that judges system calls: a program or a model. */
struct seccomp_judge {
	bool (*judge)(const void *data, const struct seccomp_data *call,
		      struct seccomp_vm_result *ret);
	const void *data;
};
struct seccomp_judge seccomp_vm_judge(const struct sock_fprog *prog);

/* Tries every number of a system call that any architecture has, unlisted architectures, and for
 * calls whose arguments matter the values around each constant of the profile. True when both
 * judge all of them, and alike; else *ret is the first call on which they do not. */
bool seccomp_vm_agree(struct seccomp_judge a, struct seccomp_judge b,
		      const struct spec_seccomp *profile, unsigned seed, struct seccomp_data *ret);
