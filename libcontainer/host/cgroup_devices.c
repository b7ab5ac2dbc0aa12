/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules as a BPF program of the group. The last rule that speaks of an access decides, each
 * letter of r, w and m on its own. So the program tries the rules from the last to the first and
 * keeps in a register which letters nobody has granted yet: a matching allow rule strikes out its
 * letters (none left: allowed), a matching deny rule that names one of those left ends it. What
 * remains after the first rule is denied, as in a new group of cgroup v1. */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "host/cgroup.h"
#include "sys/sys.h"

#define ANY (-1)
#define ACC_ALL (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define TYPE_ALL (BPF_DEVCG_DEV_BLOCK | BPF_DEVCG_DEV_CHAR)
#define PROG_NAME "hull_devices"
#define MINOR_BITS 20
/* What prologue and verdicts take, and one rule at most. */
#define FRAME_INSNS 13
#define RULE_INSNS 4
/* The offset of a jump has 16 bits. */
#define RULES_MAX 8000

struct device_rule {
	bool allow;
	unsigned types, access;
	int64_t major, minor;
};

#define ALLOW(t, a, maj, min)                                                              \
	{                                                                                  \
		.allow = true, .types = (t), .access = (a), .major = (maj), .minor = (min) \
	}

/* What every container may use (F7, F8): any node may be made, these may be opened. */
static const struct device_rule defaults[] = {
	ALLOW(TYPE_ALL, BPF_DEVCG_ACC_MKNOD, ANY, ANY),
	ALLOW(BPF_DEVCG_DEV_CHAR, ACC_ALL, 1, 3),     /* null */
	ALLOW(BPF_DEVCG_DEV_CHAR, ACC_ALL, 1, 5),     /* zero */
	ALLOW(BPF_DEVCG_DEV_CHAR, ACC_ALL, 1, 7),     /* full */
	ALLOW(BPF_DEVCG_DEV_CHAR, ACC_ALL, 1, 8),     /* random */
	ALLOW(BPF_DEVCG_DEV_CHAR, ACC_ALL, 1, 9),     /* urandom */
	ALLOW(BPF_DEVCG_DEV_CHAR, ACC_ALL, 5, 0),     /* tty */
	ALLOW(BPF_DEVCG_DEV_CHAR, ACC_ALL, 5, 1),     /* console */
	ALLOW(BPF_DEVCG_DEV_CHAR, ACC_ALL, 5, 2),     /* ptmx */
	ALLOW(BPF_DEVCG_DEV_CHAR, ACC_ALL, 136, ANY), /* pts */
};

static unsigned types_of(const char *type)
{
	if (!type || !type[0] || type[0] == 'a')
		return TYPE_ALL;
	return type[0] == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
}

static unsigned access_of(const char *letters)
{
	if (!letters || !letters[0])
		return ACC_ALL;
	return (strchr(letters, 'r') ? BPF_DEVCG_ACC_READ : 0u) |
	       (strchr(letters, 'w') ? BPF_DEVCG_ACC_WRITE : 0u) |
	       (strchr(letters, 'm') ? BPF_DEVCG_ACC_MKNOD : 0u);
}

static struct device_rule rule_of(const struct spec_device_rule *d)
{
	return (struct device_rule){
		.allow = d->allow,
		.types = types_of(d->type),
		.access = access_of(d->access),
		.major = d->has_major ? d->major : ANY,
		.minor = d->has_minor ? d->minor : ANY,
	};
}

static bool speaks_of_all(const struct device_rule *r)
{
	return r->types == TYPE_ALL && r->access == ACC_ALL && r->major == ANY && r->minor == ANY;
}

/* In the order of precedence, weakest first: the devices that are made for the container, the rules,
 * the defaults. Rules before one that speaks of everything have no say and are left out. */
static size_t collect(const struct spec_linux *l, struct device_rule *rules)
{
	size_t n = 0;

	for (size_t i = 0; i < l->devices.n; i++) {
		const struct spec_device *d = &l->devices.items[i];

		if (d->type[0] != 'p')
			rules[n++] = (struct device_rule)ALLOW(types_of(d->type), ACC_ALL, d->major,
							       d->minor);
	}
	for (size_t i = 0; l->resources && i < l->resources->devices.n; i++) {
		struct device_rule rule = rule_of(&l->resources->devices.items[i]);

		if (speaks_of_all(&rule))
			n = 0;
		rules[n++] = rule;
	}
	memcpy(rules + n, defaults, sizeof(defaults));
	return n + ARRAY_SIZE(defaults);
}

/* Only the first of the collected rules can speak of everything. */
static bool allows_everything(const struct device_rule *rules, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (!rules[i].allow)
			return false;
	return rules[0].allow && speaks_of_all(&rules[0]);
}

/* Registers; r0 is the verdict, r1 the context. */
enum { TYPE = BPF_REG_2, LETTERS, MAJOR, MINOR, NUMBER };

/* Where a jump leads; kept in its unused source register until the place is known. */
enum label { TO_NEXT = 1, TO_OTHER_TYPE, TO_ALLOW, TO_DENY };

struct code {
	struct bpf_insn *insns;
	size_t n;
};

static void emit(struct code *c, unsigned op, unsigned dst, unsigned src, unsigned off, int64_t imm)
{
	c->insns[c->n++] = (struct bpf_insn){
		.code = (__u8)op,
		.dst_reg = dst & 0xf,
		.src_reg = src & 0xf,
		.off = (__s16)off,
		.imm = (__s32)imm,
	};
}

static void load(struct code *c, unsigned dst, unsigned offset)
{
	emit(c, BPF_LDX | BPF_MEM | BPF_W, dst, BPF_REG_1, offset, 0);
}

static void alu(struct code *c, unsigned op, unsigned dst, int64_t imm)
{
	emit(c, BPF_ALU | op | BPF_K, dst, 0, 0, imm);
}

static void alu_reg(struct code *c, unsigned op, unsigned dst, unsigned src)
{
	emit(c, BPF_ALU | op | BPF_X, dst, src, 0, 0);
}

static void jump(struct code *c, unsigned op, unsigned reg, int64_t imm, enum label to)
{
	emit(c, BPF_JMP32 | op | BPF_K, reg, to, 0, imm);
}

/* The jumps since `from` to that label lead to what comes next. */
static void land(struct code *c, size_t from, enum label label)
{
	for (size_t i = from; i < c->n; i++) {
		struct bpf_insn *insn = &c->insns[i];

		if (BPF_CLASS(insn->code) != BPF_JMP32 || insn->src_reg != label)
			continue;
		insn->src_reg = 0;
		insn->off = (__s16)(c->n - i - 1);
	}
}

/* Type and letters come in one word. NUMBER is major and minor in one, as the kernel packs them. */
static void prologue(struct code *c)
{
	load(c, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	alu_reg(c, BPF_MOV, LETTERS, TYPE);
	alu(c, BPF_RSH, LETTERS, 16);
	alu(c, BPF_AND, TYPE, 0xffff);
	load(c, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	load(c, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	alu_reg(c, BPF_MOV, NUMBER, MAJOR);
	alu(c, BPF_LSH, NUMBER, MINOR_BITS);
	alu_reg(c, BPF_OR, NUMBER, MINOR);
}

/* Jumps when the numbers do (BPF_JEQ) or do not (BPF_JNE) match; one comparison at most. A rule for
 * every number compares the type, known already, since code after a plain jump is refused. */
static void compare(struct code *c, unsigned op, const struct device_rule *r, enum label to)
{
	if (r->major != ANY && r->minor != ANY)
		jump(c, op, NUMBER, r->major << MINOR_BITS | r->minor, to);
	else if (r->major != ANY)
		jump(c, op, MAJOR, r->major, to);
	else if (r->minor != ANY)
		jump(c, op, MINOR, r->minor, to);
	else if (r->types != TYPE_ALL)
		jump(c, op, TYPE, r->types, to);
}

static void rule_code(struct code *c, const struct device_rule *r)
{
	enum label verdict = r->allow ? TO_ALLOW : TO_DENY;
	size_t start = c->n;

	if (r->access == ACC_ALL) {
		compare(c, BPF_JEQ, r, verdict);
		return;
	}
	compare(c, BPF_JNE, r, TO_NEXT);
	if (r->allow) {
		alu(c, BPF_AND, LETTERS, ACC_ALL & ~r->access);
		jump(c, BPF_JEQ, LETTERS, 0, verdict);
	} else {
		jump(c, BPF_JSET, LETTERS, r->access, verdict);
	}
	land(c, start, TO_NEXT);
}

static void verdict_code(struct code *c, bool allow)
{
	land(c, 0, allow ? TO_ALLOW : TO_DENY);
	alu(c, BPF_MOV, BPF_REG_0, allow);
	emit(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Rules of one type in a row share its test: what a load costs grows with each branch. */
static void program(struct code *c, const struct device_rule *rules, size_t n)
{
	bool otherwise = speaks_of_all(&rules[0]) && rules[0].allow;
	unsigned types = TYPE_ALL;
	size_t run = 0;

	prologue(c);
	for (size_t i = n; i > 0; i--) {
		const struct device_rule *r = &rules[i - 1];

		if (speaks_of_all(r))
			break;
		if (r->types != types) {
			land(c, run, TO_OTHER_TYPE);
			run = c->n;
			types = r->types;
			if (types != TYPE_ALL)
				jump(c, BPF_JNE, TYPE, types, TO_OTHER_TYPE);
		}
		rule_code(c, r);
	}
	land(c, run, TO_OTHER_TYPE);
	verdict_code(c, otherwise);
	verdict_code(c, !otherwise);
}

int cgroup_devices_plan(const struct spec_linux *l, struct plan_cgroup *cg, struct arena *arena,
			struct err *e)
{
	size_t given = l->devices.n + (l->resources ? l->resources->devices.n : 0);
	size_t n = given + ARRAY_SIZE(defaults);
	_cleanup_free_ struct device_rule *rules = NULL;
	struct code code = { 0 };

	if (given > RULES_MAX)
		return err_bad(e, "linux.resources.devices",
			       "%zu rules and devices: at most %d fit", given, RULES_MAX);
	rules = calloc(n, sizeof(*rules));
	if (!rules)
		return err_nomem(e);
	n = collect(l, rules);
	if (allows_everything(rules, n))
		return 0;
	code.insns = arena_calloc(arena, FRAME_INSNS + n * RULE_INSNS, sizeof(*code.insns));
	if (!code.insns)
		return err_nomem(e);
	program(&code, rules, n);
	cg->n_device_insns = code.n;
	cg->device_prog = code.insns;
	return 0;
}

static int load_program(const struct plan_cgroup *cg, struct err *e)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.expected_attach_type = BPF_CGROUP_DEVICE,
		.insns = (uintptr_t)cg->device_prog,
		.insn_cnt = (uint32_t)cg->n_device_insns,
		/* The kernel asks for the GPL only where its helper functions are called. */
		.license = (uintptr_t) "Apache-2.0",
	};
	int fd;

	fmt_str(attr.prog_name, sizeof(attr.prog_name), "%s", PROG_NAME);
	fd = sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	return fd < 0 ? err_sys(e, fd, "bpf", "load the device rules of cgroup %s", cg->path) : fd;
}

/* Is it a program of ours? Others (systemd's) stay beside it. */
static bool is_ours(int prog_fd)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = {
		.info = { .bpf_fd = (uint32_t)prog_fd,
			  .info_len = sizeof(info),
			  .info = (uintptr_t)&info },
	};

	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) >= 0 &&
	       strcmp(info.name, PROG_NAME) == 0;
}

/* The program that an earlier container left on the group: an owned fd, or -errno. */
static int find_old(int dirfd)
{
	uint32_t ids[64] = { 0 }; /* the kernel's own limit for one group (BPF_CGROUP_MAX_PROGS) */
	union bpf_attr attr = {
		.query = { .target_fd = (uint32_t)dirfd,
			   .attach_type = BPF_CGROUP_DEVICE,
			   .prog_ids = (uintptr_t)ids,
			   .prog_cnt = ARRAY_SIZE(ids) },
	};
	int r = sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr));

	for (uint32_t i = 0; r >= 0 && i < attr.query.prog_cnt; i++) {
		union bpf_attr by_id = { .prog_id = ids[i] };
		int fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &by_id, sizeof(by_id));

		if (fd >= 0 && is_ours(fd))
			return fd;
		x_close(fd);
	}
	return r < 0 ? r : -ENOENT;
}

int cgroup_devices_attach(int dirfd, const struct plan_cgroup *cg, struct err *e)
{
	_cleanup_close_ int fd = load_program(cg, e);
	_cleanup_close_ int old = cg->created || fd < 0 ? -EBADF : find_old(dirfd);
	union bpf_attr attr = {
		.target_fd = (uint32_t)dirfd,
		.attach_bpf_fd = (uint32_t)fd,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI | (old >= 0 ? BPF_F_REPLACE : 0u),
		.replace_bpf_fd = old >= 0 ? (uint32_t)old : 0,
	};
	int r;

	if (fd < 0)
		return fd;
	r = sys_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr));
	return r < 0 ? err_sys(e, r, "bpf", "attach the device rules of cgroup %s", cg->path) : 0;
}
