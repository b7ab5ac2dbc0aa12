/* SPDX-License-Identifier: Apache-2.0 */
/* An interpreter of the classic BPF that seccomp accepts, and the comparison of two filters. */
#include "seccomp_vm.h"

#include <linux/audit.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"

#define N_ARGS 6
#define ROUNDS 96 /* random mixes of interesting values, for each call whose arguments matter */
#define MAX_VALUES 2048

struct machine {
	const struct sock_fprog *prog;
	const struct seccomp_data *data;
	struct seccomp_vm_result *ret;
	uint32_t acc;
	unsigned pc;
};

static bool machine_load(struct machine *m, uint32_t offset)
{
	if (offset % 4 != 0 || offset + 4 > sizeof(*m->data))
		return false;
	memcpy(&m->acc, (const char *)m->data + offset, 4);
	if (offset >= offsetof(struct seccomp_data, args))
		m->ret->looked_at_args = true;
	return true;
}

/* 1: goes on, 0: returned, -1: not a program that the kernel accepts. */
static int machine_step(struct machine *m)
{
	const struct sock_filter *f = &m->prog->filter[m->pc++];
	bool yes;

	switch (f->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return machine_load(m, f->k) ? 1 : -1;
	case BPF_ALU | BPF_AND | BPF_K:
		m->acc &= f->k;
		return 1;
	case BPF_RET | BPF_K:
		m->ret->verdict = f->k;
		return 0;
	case BPF_JMP | BPF_JA:
		m->pc += f->k;
		return f->k < BPF_MAXINSNS ? 1 : -1;
	case BPF_JMP | BPF_JEQ | BPF_K:
		yes = m->acc == f->k;
		break;
	case BPF_JMP | BPF_JGE | BPF_K:
		yes = m->acc >= f->k;
		break;
	case BPF_JMP | BPF_JGT | BPF_K:
		yes = m->acc > f->k;
		break;
	default:
		return -1;
	}
	m->pc += yes ? f->jt : f->jf;
	return 1;
}

bool seccomp_vm_run(const struct sock_fprog *prog, const struct seccomp_data *data,
		    struct seccomp_vm_result *ret)
{
	struct machine m = { .prog = prog, .data = data, .ret = ret };
	int r = 1;

	*ret = (struct seccomp_vm_result){ 0 };
	while (r > 0 && m.pc < prog->len) {
		r = machine_step(&m);
		ret->steps++;
	}
	return r == 0;
}

static bool vm_judge(const void *data, const struct seccomp_data *call,
		     struct seccomp_vm_result *ret)
{
	return seccomp_vm_run(data, call, ret);
}

struct seccomp_judge seccomp_vm_judge(const struct sock_fprog *prog)
{
	return (struct seccomp_judge){ vm_judge, prog };
}

struct duel {
	struct seccomp_judge a, b;
	struct seccomp_data data;
	bool args_matter;
	uint64_t random;
	uint64_t values[MAX_VALUES];
	size_t n_values;
};

static uint64_t duel_random(struct duel *d)
{
	d->random ^= d->random << 13;
	d->random ^= d->random >> 7;
	d->random ^= d->random << 17;
	return d->random;
}

static bool duel_once(struct duel *d)
{
	struct seccomp_vm_result a = { 0 }, b = { 0 };
	bool fine = d->a.judge(d->a.data, &d->data, &a) && d->b.judge(d->b.data, &d->data, &b);

	d->args_matter = fine && (a.looked_at_args || b.looked_at_args);
	return fine && (a.undecided || b.undecided || a.verdict == b.verdict);
}

static bool duel_args(struct duel *d)
{
	for (size_t i = 0; i < d->n_values; i++) {
		for (int k = 0; k < N_ARGS; k++)
			d->data.args[k] = d->values[i];
		if (!duel_once(d))
			return false;
	}
	for (size_t i = 0; i < ROUNDS + 2 * d->n_values; i++) {
		for (int k = 0; k < N_ARGS; k++)
			d->data.args[k] = d->values[duel_random(d) % d->n_values];
		if (!duel_once(d))
			return false;
	}
	return true;
}

static bool duel_numbers(struct duel *d, uint32_t first, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		d->data.nr = (int)(first + i);
		memset(d->data.args, 0, sizeof(d->data.args));
		if (!duel_once(d))
			return false;
		if (d->args_matter && !duel_args(d))
			return false;
	}
	return true;
}

static void duel_value(struct duel *d, uint64_t v)
{
	const uint64_t around[] = { v,
				    v - 1,
				    v + 1,
				    v ^ (1ULL << 32),
				    (uint32_t)v,
				    v | 0xffffffff00000000,
				    v ^ 0x8000000080000000,
				    ~v };

	for (size_t i = 0; i < ARRAY_SIZE(around) && d->n_values < MAX_VALUES; i++)
		d->values[d->n_values++] = around[i];
}

static void duel_values(struct duel *d, const struct spec_seccomp *s)
{
	duel_value(d, 0);
	for (uint64_t call = 1; call <= 24; call++) /* of socketcall and ipc */
		d->values[d->n_values++] = call;
	for (size_t i = 0; i < s->syscalls.n; i++) {
		const struct spec_syscall *c = &s->syscalls.items[i];

		for (size_t k = 0; k < c->args.n; k++) {
			duel_value(d, c->args.items[k].value);
			duel_value(d, c->args.items[k].value_two);
			duel_value(d, c->args.items[k].value & c->args.items[k].value_two);
		}
	}
}

bool seccomp_vm_agree(struct seccomp_judge a, struct seccomp_judge b,
		      const struct spec_seccomp *profile, unsigned seed, struct seccomp_data *ret)
{
	static const uint32_t arches[] = { AUDIT_ARCH_X86_64,
					   AUDIT_ARCH_I386,
					   AUDIT_ARCH_AARCH64,
					   AUDIT_ARCH_ARM,
					   AUDIT_ARCH_RISCV64,
					   AUDIT_ARCH_S390X,
					   0,
					   UINT32_MAX };
	static const struct {
		uint32_t first, n;
	} numbers[] = { { UINT32_MAX, 1026 },	 { 0xf0000 - 2, 40 },	   { 0x3ffffffe, 1026 },
			{ 0x400f0000, 8 },	 { 0x7fffffff, 2 },	   { 0xbfffffff, 1026 },
			{ (uint32_t)-300, 298 }, { (uint32_t)-10300, 300 } };
	struct duel d = { .a = a, .b = b, .random = seed * 0x9e3779b97f4a7c15ULL + 1 };
	bool agree = true;

	duel_values(&d, profile);
	for (size_t i = 0; agree && i < ARRAY_SIZE(arches); i++) {
		d.data.arch = arches[i];
		for (size_t k = 0; agree && k < ARRAY_SIZE(numbers); k++)
			agree = duel_numbers(&d, numbers[k].first, numbers[k].n);
	}
	*ret = d.data;
	return agree;
}
