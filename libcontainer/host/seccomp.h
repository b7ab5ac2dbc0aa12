/* SPDX-License-Identifier: Apache-2.0 */
/* How a seccomp profile becomes a filter: seccomp.c puts it in the kernel's terms (a profile),
 * seccomp_rules.c in tables (architecture -> ranges of system call numbers -> what happens),
 * seccomp_bpf.c in a program. seccomp_lib.c is all that knows libseccomp: names of system calls, and
 * its own, much slower compiler for the architectures that seccomp_rules.c leaves to it. */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "spec/spec.h"

#define SECCOMP_ARGS 6
#define SECCOMP_MAX_ARCHES 24 /* as many as there are names in spec_seccomp_arch_names */
#define SECCOMP_BAD_ARCH SECCOMP_RET_KILL_THREAD /* what calls of other architectures get */

struct seccomp_profile {
	const struct spec_seccomp *spec;
	uint32_t default_verdict;
	uint32_t *verdicts;		     /* of each of spec->syscalls: SECCOMP_RET_* | data */
	uint32_t arches[SECCOMP_MAX_ARCHES]; /* libseccomp's tokens, none twice, the native first */
	size_t n_arches;
};

/* A comparison of one argument: (arg & mask) op value, its outcome turned round by `negate`. On
 * architectures of 32 bits the kernel's upper half is not looked at. */
enum seccomp_compare { SECCOMP_IS, SECCOMP_ABOVE, SECCOMP_NOT_BELOW };

struct seccomp_cond {
	uint64_t mask, value;
	enum seccomp_compare compare;
	bool negate;
};

/* All comparisons that are in use hold -> verdict. used[wide] is a bit mask of arguments; none: it
 * always holds. */
struct seccomp_match {
	size_t rule; /* of spec->syscalls */
	uint32_t verdict;
	uint8_t used[2];
	struct seccomp_cond conds[SECCOMP_ARGS];
};

/* Rules that apply to a system call, newest first; one without comparisons is alone. */
struct seccomp_node {
	const struct seccomp_match *match;
	const struct seccomp_node *next;
};

/* Where system calls of an architecture have their numbers, and what applies to each. */
#define SECCOMP_WINDOW 1024

struct seccomp_window {
	uint32_t arch, audit_arch, first;
	bool wide, multiplexed;
	const struct seccomp_node **nodes; /* SECCOMP_WINDOW of them */
};

/* From `first` to the next range: the verdict, or with matches the first that holds, or the default
 * when none does. */
struct seccomp_range {
	uint32_t first;
	uint32_t verdict;
	bool wide; /* 64 bits: the upper half of arguments counts */
	const struct seccomp_match **matches;
	size_t n_matches;
};

struct seccomp_table {
	uint32_t audit_arch;	      /* of struct seccomp_data */
	struct seccomp_range *ranges; /* ascending, the first from 0, neighbours differ */
	size_t n_ranges, cap_ranges;
};

struct seccomp_tables {
	struct arena *arena; /* holds them, and whatever is needed to compile them */
	struct seccomp_table items[SECCOMP_MAX_ARCHES];
	size_t n;
};

/* seccomp.c: puts s in the kernel's terms; the arena holds the result. */
int seccomp_profile_init(const struct spec_seccomp *s, struct arena *arena,
			 struct seccomp_profile *ret, struct err *e);
/* Two comparisons of the same argument in one rule: as in every other runtime each comparison is
 * then a rule of its own. */
bool seccomp_args_repeat(const struct spec_syscall *c);
/* What seccomp_plan makes of a profile. */
int seccomp_compile(const struct seccomp_profile *p, struct arena *arena, struct sock_fprog *ret,
		    struct err *e);

/* seccomp_rules.c: 1 when done; 0 when there is an architecture without row in our tables, whose
 * filters are left to libseccomp. ERR_INVALID: rules that contradict each other. */
int seccomp_rules_compile(const struct seccomp_profile *p, struct arena *arena,
			  struct seccomp_tables *ret, struct err *e);

/* seccomp_tables.c: adds the numbers of a window. */
int seccomp_table_add(struct seccomp_table *t, const struct seccomp_window *w,
		      uint32_t default_verdict, struct arena *arena, struct err *e);
/* Adds the range from `first` on. */
int seccomp_table_end(struct seccomp_table *t, uint32_t first, uint32_t verdict,
		      struct arena *arena, struct err *e);
bool seccomp_match_is_plain(const struct seccomp_match *m, bool wide);
/* The same outcome, whatever the arguments. */
bool seccomp_ranges_equal(const struct seccomp_range *a, const struct seccomp_range *b);

/* seccomp_bpf.c. ERR_INVALID: the program would be longer than BPF_MAXINSNS. */
int seccomp_bpf_compile(const struct seccomp_tables *t, uint32_t default_verdict,
			struct arena *arena, struct sock_fprog *ret, struct err *e);

/* seccomp_lib.c */
uint32_t seccomp_lib_version(void); /* at run time; shared, it may not be its header's */
uint32_t seccomp_lib_native(void);
/* The number of a system call; -1: no architecture has that name; below: this one does not have it,
 * or multiplexes it, -100 - n: socketcall's n, -200 - n: ipc's n. */
int seccomp_lib_number(uint32_t arch, const char *name);
/* libseccomp's own program for a profile; tree asks for its binary tree. Also the reference that our
 * programs are tested against. */
int seccomp_lib_compile(const struct seccomp_profile *p, bool tree, struct arena *arena,
			struct sock_fprog *ret, struct err *e);
