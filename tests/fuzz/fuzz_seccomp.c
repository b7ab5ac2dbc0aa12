/* SPDX-License-Identifier: Apache-2.0 */
/* A linux.seccomp object of any content: what is compiled stays within its bounds and judges calls as
 * the profile says; without comparisons, where libseccomp is to be trusted, as its program does. */
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/seccomp.h"
#include "seccomp_model.h"
#include "seccomp_vm.h"
#include "spec/spec_check.h"

#define MAX_LIB_RULES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool model_judge(const void *data, const struct seccomp_data *call,
			struct seccomp_vm_result *ret)
{
	ret->undecided = !seccomp_model_run(data, call, &ret->verdict);
	return true;
}

static void must_agree(const struct seccomp_profile *p, const struct sock_fprog *prog,
		       struct seccomp_judge other)
{
	struct seccomp_data call;

	if (!seccomp_vm_agree(seccomp_vm_judge(prog), other, p->spec, prog->len, &call))
		abort();
}

static bool is_simple(const struct spec_seccomp *s)
{
	for (size_t i = 0; i < s->syscalls.n; i++)
		if (s->syscalls.items[i].args.n > 0 || s->syscalls.items[i].names.n > 8)
			return false;
	return s->syscalls.n <= MAX_LIB_RULES;
}

static void compile(const struct spec_seccomp *s, struct arena *arena)
{
	struct seccomp_profile p;
	struct sock_fprog prog, lib;
	struct err e = { 0 };

	if (seccomp_profile_init(s, arena, &p, &e) < 0 || seccomp_compile(&p, arena, &prog, &e) < 0)
		return;
	must_agree(&p, &prog, (struct seccomp_judge){ model_judge, seccomp_model_new(&p, arena) });
	/* its tree mode does not have the error of the other with multiplexed calls */
	if (is_simple(s) && seccomp_lib_compile(&p, true, arena, &lib, &e) == 0)
		must_agree(&p, &prog, seccomp_vm_judge(&lib));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	char *text = arena_printf(arena,
				  "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},\"linux\":{"
				  "\"namespaces\":[{\"type\":\"mount\"}],\"seccomp\":%.*s}}",
				  (int)size, (const char *)data);
	struct err e = { 0 };
	struct spec *s;

	if (text && spec_parse_config(text, strlen(text), arena, NULL, &s, &e) == 0 &&
	    spec_check(s, NULL, &e) == 0 && s->linux_.seccomp)
		compile(s->linux_.seccomp, arena);
	return 0;
}
