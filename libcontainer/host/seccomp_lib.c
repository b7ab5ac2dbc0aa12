/* SPDX-License-Identifier: Apache-2.0 */
/* libseccomp: numbers of system calls by name and architecture, and its compiler of filters. */
#include <errno.h>
#include <seccomp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "host/seccomp.h"
#include "sys/sys.h"

#define TEXT(x) #x
#define VERSION(major, minor, micro) TEXT(major) "." TEXT(minor) "." TEXT(micro)

#define OPTIMIZE_TREE 2 /* of SCMP_FLTATR_CTL_OPTIMIZE */

const char *seccomp_library_version(void)
{
	return VERSION(SCMP_VER_MAJOR, SCMP_VER_MINOR, SCMP_VER_MICRO);
}

uint32_t seccomp_lib_version(void)
{
	const struct scmp_version *v = seccomp_version();

	return v->major << 20 | v->minor << 10 | v->micro;
}

uint32_t seccomp_lib_native(void)
{
	return seccomp_arch_native();
}

int seccomp_lib_number(uint32_t arch, const char *name)
{
	return seccomp_syscall_resolve_name_arch(arch, name);
}

static void seccomp_releasep(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

static struct scmp_arg_cmp comparison(const struct spec_seccomp_arg *a)
{
	static const enum scmp_compare ops[] = {
		[SECCOMP_NE] = SCMP_CMP_NE,
		[SECCOMP_LT] = SCMP_CMP_LT,
		[SECCOMP_LE] = SCMP_CMP_LE,
		[SECCOMP_EQ] = SCMP_CMP_EQ,
		[SECCOMP_GE] = SCMP_CMP_GE,
		[SECCOMP_GT] = SCMP_CMP_GT,
		[SECCOMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};

	return (struct scmp_arg_cmp){ a->index, ops[a->op], a->value, a->value_two };
}

static int add_name(scmp_filter_ctx ctx, const struct spec_syscall *c, const char *name,
		    uint32_t verdict)
{
	struct scmp_arg_cmp args[SECCOMP_ARGS];
	int number = seccomp_syscall_resolve_name(name);
	bool apart = seccomp_args_repeat(c);
	int r = 0;

	if (number == __NR_SCMP_ERROR)
		return 0;
	for (size_t i = 0; r == 0 && apart && i < c->args.n; i++) {
		args[0] = comparison(&c->args.items[i]);
		r = seccomp_rule_add_array(ctx, verdict, number, 1, args);
	}
	if (apart)
		return r;
	for (size_t i = 0; i < c->args.n; i++)
		args[i] = comparison(&c->args.items[i]);
	return seccomp_rule_add_array(ctx, verdict, number, (unsigned)c->args.n, args);
}

static int add_rules(scmp_filter_ctx ctx, const struct seccomp_profile *p, struct err *e)
{
	for (size_t i = 0; i < p->spec->syscalls.n; i++) {
		const struct spec_syscall *c = &p->spec->syscalls.items[i];

		if (p->verdicts[i] == p->default_verdict)
			continue;
		for (size_t k = 0; k < c->names.n; k++) {
			int r = add_name(ctx, c, c->names.items[k], p->verdicts[i]);

			if (r == 0)
				continue;
			err_sys(e, r, "seccomp_rule_add", "%s", c->names.items[k]);
			return err_at(e, "linux.seccomp.syscalls[%zu]", i);
		}
	}
	return 0;
}

/* libseccomp writes its program to a descriptor only. */
static int export_program(scmp_filter_ctx ctx, struct arena *arena, struct sock_fprog *ret,
			  struct err *e)
{
	_cleanup_close_ int fd = sys_memfd_create("seccomp", 0);
	struct sock_filter *filter;
	struct stat st;
	int r = fd;

	if (r >= 0)
		r = seccomp_export_bpf(ctx, fd);
	if (r >= 0)
		r = sys_fstat(fd, &st);
	if (r < 0)
		return err_sys(e, r, "seccomp_export_bpf", "libseccomp's program");
	filter = arena_alloc(arena, (size_t)st.st_size);
	if (!filter)
		return err_nomem(e);
	if (pread(fd, filter, (size_t)st.st_size, 0) != st.st_size)
		return err_sys(e, EIO, "read", "libseccomp's program");
	if ((size_t)st.st_size / sizeof(*filter) > BPF_MAXINSNS)
		return err_bad(e, "linux.seccomp.syscalls",
			       "needs more than %u instructions of BPF", BPF_MAXINSNS);
	ret->len = (unsigned short)((size_t)st.st_size / sizeof(*filter));
	ret->filter = filter;
	return 0;
}

int seccomp_lib_compile(const struct seccomp_profile *p, bool tree, struct arena *arena,
			struct sock_fprog *ret, struct err *e)
{
	_cleanup_(seccomp_releasep) scmp_filter_ctx ctx = seccomp_init(p->default_verdict);
	int r = 0;

	if (!ctx)
		return err_kind(e, ERR_UNSUPPORTED, "libseccomp: defaultAction 0x%x",
				p->default_verdict);
	for (size_t i = 1; r == 0 && i < p->n_arches; i++)
		r = seccomp_arch_add(ctx, p->arches[i]);
	if (r == 0 && tree)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, OPTIMIZE_TREE);
	if (r < 0)
		return err_sys(e, r, "libseccomp", "setting up a filter");
	r = add_rules(ctx, p, e);
	if (r < 0)
		return r;
	return export_program(ctx, arena, ret, e);
}
