/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules: the program is run here, instruction by instruction, and by the kernel when root. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "cgroup_tree.h"
#include "host/cgroup.h"

static struct arena *arena;

static void make_arena(void)
{
	arena = arena_new();
	cr_assert_not_null(arena);
}

static void free_arena(void)
{
	arena = arena_free(arena);
}

/* The instructions that the compiler under test may use; anything else fails the test. */
static uint32_t run(const struct plan_cgroup *cg, const struct bpf_cgroup_dev_ctx *ctx)
{
	uint32_t reg[11] = { 0 };

	for (size_t pc = 0; pc < cg->n_device_insns; pc++) {
		const struct bpf_insn *i = &cg->device_prog[pc];
		uint32_t operand = BPF_SRC(i->code) == BPF_X ? reg[i->src_reg] : (uint32_t)i->imm;
		uint32_t *dst = &reg[i->dst_reg];

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			cr_assert_eq(i->src_reg, BPF_REG_1);
			memcpy(dst, (const char *)ctx + i->off, sizeof(*dst));
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
		case BPF_ALU | BPF_MOV | BPF_K:
			*dst = operand;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			*dst &= operand;
			break;
		case BPF_ALU | BPF_OR | BPF_X:
			*dst |= operand;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			*dst >>= operand;
			break;
		case BPF_ALU | BPF_LSH | BPF_K:
			*dst <<= operand;
			break;
		case BPF_JMP32 | BPF_JSET | BPF_K:
			pc += *dst & operand ? (size_t)i->off : 0;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			pc += *dst != operand ? (size_t)i->off : 0;
			break;
		case BPF_JMP32 | BPF_JEQ | BPF_K:
			pc += *dst == operand ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return reg[0];
		default:
			cr_assert_fail("instruction %zu: code %#x", pc, i->code);
		}
	}
	cr_assert_fail("the program runs over its end");
	return 0;
}

static uint32_t access_bits(const char *letters)
{
	return (strchr(letters, 'r') ? (unsigned)BPF_DEVCG_ACC_READ : 0u) |
	       (strchr(letters, 'w') ? (unsigned)BPF_DEVCG_ACC_WRITE : 0u) |
	       (strchr(letters, 'm') ? (unsigned)BPF_DEVCG_ACC_MKNOD : 0u);
}

static bool allowed(const struct plan_cgroup *cg, char type, uint32_t major_, uint32_t minor_,
		    const char *letters)
{
	struct bpf_cgroup_dev_ctx ctx = {
		.access_type =
			access_bits(letters) << 16 | (type == 'b' ? (unsigned)BPF_DEVCG_DEV_BLOCK
								  : (unsigned)BPF_DEVCG_DEV_CHAR),
		.major = major_,
		.minor = minor_,
	};

	return !cg->device_prog || run(cg, &ctx) == 1;
}

static struct plan_cgroup plan_rules(const char *rules)
{
	struct spec_linux l = { 0 };
	struct plan_cgroup cg = { .path = "/box" };
	char json[1024];
	struct err e;

	if (rules) {
		snprintf(json, sizeof(json), "{\"devices\":[%s]}", rules);
		assert_ok(spec_parse_resources(json, strlen(json), arena, &l.resources, &e), &e);
	}
	assert_ok(cgroup_devices_plan(&l, &cg, arena, &e), &e);
	return cg;
}

#define DENY_ALL "{\"allow\":false,\"access\":\"rwm\"}"
#define ALLOW_ALL "{\"allow\":true,\"access\":\"rwm\"}"
#define RULE(a, type, major, minor, access)                                              \
	"{\"allow\":" #a ",\"type\":\"" type "\",\"major\":" #major ",\"minor\":" #minor \
	",\"access\":\"" access "\"}"

struct verdict {
	char rules[400];
	char type;
	uint32_t major, minor;
	char access[4];
	bool allow;
};

static struct verdict verdicts[] = {
	/* defaults */
	{ DENY_ALL, 'c', 1, 3, "rwm", true },
	{ DENY_ALL, 'c', 1, 5, "rw", true },
	{ DENY_ALL, 'c', 1, 7, "rw", true },
	{ DENY_ALL, 'c', 1, 8, "rw", true },
	{ DENY_ALL, 'c', 1, 9, "rw", true },
	{ DENY_ALL, 'c', 5, 0, "rw", true },
	{ DENY_ALL, 'c', 5, 1, "rw", true },
	{ DENY_ALL, 'c', 5, 2, "rw", true },
	{ DENY_ALL, 'c', 136, 0, "rw", true },
	{ DENY_ALL, 'c', 136, 4000, "rwm", true },
	{ DENY_ALL, 'c', 10, 200, "m", true },
	{ DENY_ALL, 'b', 8, 0, "m", true },
	/* everything else */
	{ DENY_ALL, 'b', 8, 0, "r", false },
	{ DENY_ALL, 'b', 1, 3, "r", false },
	{ DENY_ALL, 'c', 1, 1, "r", false },
	{ DENY_ALL, 'c', 10, 200, "rwm", false },
	{ DENY_ALL, 'c', 137, 0, "r", false },
	{ "", 'c', 10, 200, "r", false },
	/* one device */
	{ DENY_ALL "," RULE(true, "c", 10, 229, "rwm"), 'c', 10, 229, "rw", true },
	{ DENY_ALL "," RULE(true, "c", 10, 229, "rwm"), 'c', 10, 228, "rw", false },
	{ DENY_ALL "," RULE(true, "c", 10, 229, "rwm"), 'b', 10, 229, "rw", false },
	{ DENY_ALL "," RULE(true, "a", 10, 229, "rwm"), 'b', 10, 229, "rw", true },
	/* part of the access */
	{ DENY_ALL "," RULE(true, "b", 8, 0, "r"), 'b', 8, 0, "r", true },
	{ DENY_ALL "," RULE(true, "b", 8, 0, "r"), 'b', 8, 0, "w", false },
	{ DENY_ALL "," RULE(true, "b", 8, 0, "r"), 'b', 8, 0, "rw", false },
	{ DENY_ALL "," RULE(true, "b", 8, 0, "r") "," RULE(true, "b", 8, 0, "w"), 'b', 8, 0, "rw",
	  true },
	/* the order decides */
	{ RULE(true, "b", 8, 0, "rwm") "," DENY_ALL, 'b', 8, 0, "r", false },
	{ DENY_ALL "," RULE(true, "c", 10, 229, "rwm") "," RULE(false, "c", 10, 229, "rwm"), 'c',
	  10, 229, "r", false },
	{ DENY_ALL "," RULE(false, "c", 10, 229, "rwm") "," RULE(true, "c", 10, 229, "rwm"), 'c',
	  10, 229, "r", true },
	/* exceptions from everything */
	{ ALLOW_ALL "," RULE(false, "b", 8, 0, "w"), 'b', 8, 0, "r", true },
	{ ALLOW_ALL "," RULE(false, "b", 8, 0, "w"), 'b', 8, 0, "w", false },
	{ ALLOW_ALL "," RULE(false, "b", 8, 0, "w"), 'b', 8, 0, "rw", false },
	{ ALLOW_ALL "," RULE(false, "b", 8, 0, "w"), 'c', 250, 1, "rwm", true },
	{ ALLOW_ALL, 'b', 8, 0, "rwm", true },
	{ DENY_ALL "," ALLOW_ALL, 'b', 8, 0, "rwm", true },
	/* wildcards: numbers, type and access left out */
	{ DENY_ALL ",{\"allow\":true,\"type\":\"c\",\"major\":10}", 'c', 10, 77, "rw", true },
	{ DENY_ALL ",{\"allow\":true,\"type\":\"c\",\"major\":10}", 'c', 11, 77, "rw", false },
	{ DENY_ALL ",{\"allow\":true,\"type\":\"c\",\"minor\":7}", 'c', 99, 7, "rw", true },
	{ DENY_ALL ",{\"allow\":true,\"type\":\"c\",\"minor\":7}", 'c', 99, 8, "rw", false },
	{ DENY_ALL ",{\"allow\":true,\"type\":\"b\"}", 'b', 4095, 1048575, "rw", true },
	{ DENY_ALL ",{\"allow\":true}", 'c', 4095, 1048575, "rwm", true },
};

ParameterizedTestParameters(cgroup_devices, the_last_rule_that_speaks_of_an_access_decides)
{
	return cr_make_param_array(struct verdict, verdicts,
				   sizeof(verdicts) / sizeof(verdicts[0]));
}

ParameterizedTest(struct verdict *v, cgroup_devices, the_last_rule_that_speaks_of_an_access_decides,
		  .init = make_arena, .fini = free_arena)
{
	struct plan_cgroup cg = plan_rules(v->rules);

	cr_assert_eq(allowed(&cg, v->type, v->major, v->minor, v->access), v->allow,
		     "%s: %c %u:%u %s", v->rules, v->type, v->major, v->minor, v->access);
}

Test(cgroup_devices, without_rules_only_the_defaults_may_be_used, .init = make_arena,
     .fini = free_arena)
{
	struct plan_cgroup cg = plan_rules(NULL);

	cr_assert_not_null(cg.device_prog);
	cr_assert(allowed(&cg, 'c', 1, 3, "rw"));
	cr_assert_not(allowed(&cg, 'b', 8, 0, "r"));
}

Test(cgroup_devices, what_is_made_for_the_container_may_be_used, .init = make_arena,
     .fini = free_arena)
{
	struct spec_device fuse = { .type = "c", .path = "/dev/fuse", .major = 10, .minor = 229 };
	struct spec_device fifo = { .type = "p", .path = "/dev/pipe" };
	struct spec_device both[] = { fuse, fifo };
	struct spec_linux l = { .devices = { .items = both, .n = 2 } };
	struct plan_cgroup cg = { .path = "/box" };
	struct err e;

	assert_ok(cgroup_devices_plan(&l, &cg, arena, &e), &e);
	cr_assert(allowed(&cg, 'c', 10, 229, "rwm"));
	cr_assert_not(allowed(&cg, 'c', 10, 228, "rw"));
	cr_assert_not(allowed(&cg, 'c', 0, 0, "rw"), "a fifo is no device 0:0");
}

Test(cgroup_devices, allowing_everything_takes_no_program, .init = make_arena, .fini = free_arena)
{
	cr_assert_null(plan_rules(DENY_ALL "," ALLOW_ALL).device_prog);
	cr_assert_not_null(plan_rules(ALLOW_ALL "," RULE(false, "b", 8, 0, "r")).device_prog);
}

/* ---- the kernel ---- */

static char group[64];

static void remove_group(void)
{
	struct err e;

	if (group[0])
		cgroup_remove(NULL, group, true, 2000, &e);
	free_arena();
}

static int make_group(struct plan_cgroup *cg)
{
	struct err e;
	int fd;

	if (geteuid() != 0)
		cr_skip_test("needs root");
	snprintf(group, sizeof(group), "/hull-test-devices-%d", getpid());
	cg->path = group;
	fd = cgroup_create(NULL, cg, &e);
	assert_ok(fd, &e);
	return fd;
}

/* What becomes of open(2) of a node in the group: 0 or errno. */
static int open_inside(int group_fd, const char *path, int flags)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (file_write_at(group_fd, "cgroup.procs", "0") < 0)
			_exit(255);
		_exit(open(path, flags) < 0 ? errno : 0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

Test(cgroup_devices, the_kernel_takes_and_obeys_the_program, .init = make_arena,
     .fini = remove_group)
{
	struct plan_cgroup cg = plan_rules(DENY_ALL);
	int fd = make_group(&cg);
	struct err e;

	assert_ok(cgroup_devices_attach(fd, &cg, &e), &e);
	cr_assert_eq(open_inside(fd, "/dev/null", O_RDWR), 0);
	cr_assert_eq(open_inside(fd, "/dev/urandom", O_RDONLY), 0);
	cr_assert_eq(open_inside(fd, "/dev/kmsg", O_RDONLY), EPERM);
	close(fd);
}

Test(cgroup_devices, a_second_program_replaces_the_first, .init = make_arena, .fini = remove_group)
{
	struct plan_cgroup strict = plan_rules(DENY_ALL);
	struct plan_cgroup kmsg = plan_rules(DENY_ALL "," RULE(true, "c", 1, 11, "r"));
	struct err e;
	int fd = make_group(&strict);

	strict.created = false;
	kmsg.path = group;
	assert_ok(cgroup_devices_attach(fd, &strict, &e), &e);
	assert_ok(cgroup_devices_attach(fd, &kmsg, &e), &e);
	cr_assert_eq(open_inside(fd, "/dev/kmsg", O_RDONLY), 0);
	cr_assert_eq(open_inside(fd, "/dev/kmsg", O_WRONLY), EPERM);
	close(fd);
}

Test(cgroup_devices, the_kernel_verifies_every_shape_of_rule, .init = make_arena,
     .fini = remove_group)
{
	struct plan_cgroup first = plan_rules(DENY_ALL);
	int fd = make_group(&first);
	struct err e;

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		struct plan_cgroup cg = plan_rules(verdicts[i].rules);

		cg.path = group;
		if (cg.device_prog)
			assert_ok(cgroup_devices_attach(fd, &cg, &e), &e);
	}
	close(fd);
}
