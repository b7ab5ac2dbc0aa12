/* SPDX-License-Identifier: Apache-2.0 */
/* Our filters judge every call as libseccomp's do, and as the profile says. libseccomp's compiler is
 * itself wrong for some profiles (2.5.4): where several rules with comparisons meet in one call it
 * may compare the wrong word or never end, and an i386 part that starts with a multiplexed call
 * compares the architecture. So equality with it is asked of real profiles, and of random ones with
 * one such rule for a call or with rules of one comparison each; equality with the plain meaning of
 * the rules is asked of all. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <string.h>

#include "fixtures.h"
#include "host/seccomp.h"
#include "seccomp_model.h"
#include "seccomp_vm.h"

#define N_RANDOM 1500

static struct arena *arena;
static struct err e;
static size_t n_compared;

static void set_up(void)
{
	arena = arena_new();
	e = (struct err){ 0 };
}

static void tear_down(void)
{
	arena = arena_free(arena);
}

TestSuite(seccomp_diff, .init = set_up, .fini = tear_down, .timeout = 120);

static bool model_judge(const void *data, const struct seccomp_data *call,
			struct seccomp_vm_result *ret)
{
	ret->undecided = !seccomp_model_run(data, call, &ret->verdict);
	return true;
}

static struct seccomp_judge model_of(const struct seccomp_profile *p)
{
	return (struct seccomp_judge){ model_judge, seccomp_model_new(p, arena) };
}

static struct sock_fprog lib_program(const struct seccomp_profile *p, bool tree)
{
	struct sock_fprog prog;

	cr_assert_eq(seccomp_lib_compile(p, tree, arena, &prog, &e), 0, "%s", e.msg);
	return prog;
}

/* -EINVAL: refused. */
static int our_program(const struct seccomp_profile *p, struct sock_fprog *ret)
{
	struct seccomp_tables tables;
	int r = seccomp_rules_compile(p, arena, &tables, &e);

	cr_assert_neq(r, 0, "left to libseccomp");
	return r < 0 ? r : seccomp_bpf_compile(&tables, p->default_verdict, arena, ret, &e);
}

static void assert_agree(const char *what, unsigned seed, const struct seccomp_profile *p,
			 struct seccomp_judge ours, struct seccomp_judge other)
{
	struct seccomp_data d;

	cr_assert(seccomp_vm_agree(ours, other, p->spec, seed, &d),
		  "%s, seed %u: arch %x call %d (%llx %llx %llx)", what, seed, d.arch, d.nr,
		  (unsigned long long)d.args[0], (unsigned long long)d.args[1],
		  (unsigned long long)d.args[2]);
	n_compared++;
}

static const struct spec_seccomp *load_profile(const char *path)
{
	struct spec *s;

	cr_assert_eq(spec_load_config(AT_FDCWD, path, arena, &s, NULL, &e), 0, "%s: %s %s", path,
		     e.where, e.msg);
	return s->linux_.seccomp;
}

/* Recorded configurations repeat a few profiles: each is compared once. */
static bool is_new(const struct seccomp_profile *p, const struct sock_fprog *prog)
{
	static struct sock_fprog seen[64];
	static size_t n_seen;

	for (size_t i = 0; i < n_seen; i++)
		if (seen[i].len == prog->len &&
		    memcmp(seen[i].filter, prog->filter, prog->len * sizeof(*prog->filter)) == 0)
			return false;
	cr_assert_lt(n_seen, 64, "%zu rules", p->spec->syscalls.n);
	seen[n_seen++] = *prog;
	return true;
}

static void compare_fixture(const char *path)
{
	const struct spec_seccomp *s = load_profile(path);
	struct sock_fprog prog, lib;
	struct seccomp_profile p;

	if (!s)
		return;
	cr_assert_eq(seccomp_profile_init(s, arena, &p, &e), 0);
	cr_assert_eq(our_program(&p, &prog), 0, "%s", path);
	if (!is_new(&p, &prog))
		return;
	lib = lib_program(&p, false);
	assert_agree(path, 0, &p, seccomp_vm_judge(&prog), seccomp_vm_judge(&lib));
	lib = lib_program(&p, true);
	assert_agree(path, 1, &p, seccomp_vm_judge(&prog), seccomp_vm_judge(&lib));
	assert_agree(path, 2, &p, seccomp_vm_judge(&prog), model_of(&p));
	cr_expect_lt(prog.len * 3, lib.len, "%s: %u instructions, libseccomp %u", path, prog.len,
		     lib.len);
}

Test(seccomp_diff, profiles_of_clients_judge_as_libseccomp_and_as_written)
{
	fixtures_each("config.json", compare_fixture);
	cr_assert_geq(n_compared, 3 * 4);
}

static struct seccomp_profile random_profile(enum seccomp_random_kind kind, unsigned seed)
{
	struct seccomp_profile p;

	cr_assert_eq(seccomp_profile_init(seccomp_random(kind, seed, arena), arena, &p, &e), 0);
	return p;
}

static void compare_with_lib(unsigned seed, const struct seccomp_profile *p)
{
	struct sock_fprog prog, lib = lib_program(p, seed % 2);

	cr_assert_eq(our_program(p, &prog), 0, "seed %u", seed);
	assert_agree("libseccomp", seed, p, seccomp_vm_judge(&prog), seccomp_vm_judge(&lib));
}

Test(seccomp_diff, random_profiles_with_one_rule_for_a_call_judge_as_libseccomp)
{
	for (unsigned seed = 0; seed < N_RANDOM; seed++, tear_down(), set_up()) {
		struct seccomp_profile p = random_profile(SECCOMP_RANDOM_ONE, seed);

		compare_with_lib(seed, &p);
	}
}

Test(seccomp_diff, random_rules_of_one_comparison_are_tried_in_the_order_of_libseccomp)
{
	for (unsigned seed = 0; seed < N_RANDOM; seed++, tear_down(), set_up()) {
		struct seccomp_profile p = random_profile(SECCOMP_RANDOM_ORDER, seed);
		struct sock_fprog prog;

		/* it also refuses some that we can tell apart */
		if (seccomp_lib_compile(&p, false, arena, &prog, &e) >= 0)
			compare_with_lib(seed, &p);
	}
	cr_assert_geq(n_compared, N_RANDOM / 2);
}

Test(seccomp_diff, other_architectures_judge_as_libseccomp)
{
	static const uint32_t arches[] = { AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM, AUDIT_ARCH_RISCV64 };

	for (unsigned seed = 0; seed < N_RANDOM / 5; seed++, tear_down(), set_up()) {
		struct seccomp_profile p = random_profile(SECCOMP_RANDOM_ONE, seed);

		for (size_t i = 0; i < 3; i++)
			p.arches[p.n_arches++] = arches[i];
		compare_with_lib(seed, &p);
	}
}

Test(seccomp_diff, long_programs_judge_as_libseccomp)
{
	struct seccomp_profile p;
	struct sock_fprog prog, lib;

	cr_assert_eq(seccomp_profile_init(seccomp_long(arena), arena, &p, &e), 0);
	p.arches[p.n_arches++] = AUDIT_ARCH_ARM;
	cr_assert_eq(our_program(&p, &prog), 0);
	cr_assert_gt(prog.len, 2000);
	lib = lib_program(&p, true);
	assert_agree("libseccomp", 0, &p, seccomp_vm_judge(&prog), seccomp_vm_judge(&lib));
	assert_agree("model", 0, &p, seccomp_vm_judge(&prog), model_of(&p));
}

static void compare_with_model(enum seccomp_random_kind kind)
{
	for (unsigned seed = 0; seed < N_RANDOM; seed++, tear_down(), set_up()) {
		struct seccomp_profile p = random_profile(kind, seed);
		struct sock_fprog prog;

		if (our_program(&p, &prog) == 0)
			assert_agree("model", seed, &p, seccomp_vm_judge(&prog), model_of(&p));
	}
}

Test(seccomp_diff, random_rules_without_arguments_judge_as_written)
{
	compare_with_model(SECCOMP_RANDOM_PLAIN);
	cr_assert_geq(n_compared, N_RANDOM * 9 / 10);
}

Test(seccomp_diff, random_rules_of_one_action_judge_as_written)
{
	compare_with_model(SECCOMP_RANDOM_SAME_ACTION);
	cr_assert_eq(n_compared, N_RANDOM);
}

Test(seccomp_diff, random_rules_of_any_action_judge_as_written)
{
	compare_with_model(SECCOMP_RANDOM_ANY);
	cr_assert_geq(n_compared, N_RANDOM * 9 / 10);
}

Test(seccomp_diff, the_path_of_a_call_is_short)
{
	struct seccomp_data d = { .arch = AUDIT_ARCH_X86_64 };
	struct seccomp_vm_result result;
	struct seccomp_profile p;
	struct sock_fprog prog;

	cr_assert_eq(seccomp_profile_init(load_profile(fixture_path(
						  "clients/podman/shm/001-create/config.json")),
					  arena, &p, &e),
		     0);
	cr_assert_eq(our_program(&p, &prog), 0);
	for (d.nr = 0; d.nr < 450; d.nr++) {
		cr_assert(seccomp_vm_run(&prog, &d, &result));
		cr_assert_leq(result.steps, 24, "call %d: %u steps", d.nr, result.steps);
	}
}
