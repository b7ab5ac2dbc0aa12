/* SPDX-License-Identifier: Apache-2.0 */
/* Resources as writes: what is written, in which order, with which controller; and the writing. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cgroup_tree.h"
#include "host/cgroup.h"
#include "spec/spec.h"

#define ALL_CONTROLLERS "cpuset cpu io memory hugetlb pids rdma"

static struct arena *arena;
static struct cgroup_tree tree;

static void make_arena(void)
{
	arena = arena_new();
	cr_assert_not_null(arena);
}

static void free_arena(void)
{
	arena = arena_free(arena);
}

static void make_tree(void)
{
	make_arena();
	tree_make(&tree, ALL_CONTROLLERS);
	tree_mkdir(&tree, "box");
}

static void drop_tree(void)
{
	tree_drop(&tree);
	free_arena();
}

static const struct spec_resources *parse(const char *json)
{
	struct spec_resources *r;
	struct err e;

	assert_ok(spec_parse_resources(json, strlen(json), arena, &r, &e), &e);
	return r;
}

static struct plan_cgroup plan_of(const char *json)
{
	struct plan_cgroup cg = { .path = "/box" };
	struct err e;

	assert_ok(cgroup_limits_plan(parse(json), "linux.resources", &cg, arena, &e), &e);
	return cg;
}

/* One write a line: "file=value", "?" for optional, "|" for instead of a missing one. */
static const char *dump(const struct plan_cgroup *cg)
{
	struct buf b = { 0 };
	const char *text;

	for (size_t i = 0; i < cg->n_writes; i++) {
		const struct plan_cgroup_write *w = &cg->writes[i];

		buf_fmt(&b, "%s%s%s%s=%s", i ? "\n" : "", w->optional ? "?" : "",
			w->otherwise ? "|" : "", w->file, w->value);
	}
	text = arena_strdup(arena, b.data ? b.data : "");
	buf_done(&b);
	return text;
}

struct conversion {
	char json[320], writes[320];
};

static struct conversion conversions[] = {
	/* what docker writes for "no limits" */
	{ "{\"memory\":{},\"cpu\":{\"shares\":0},\"blockIO\":{\"weight\":0}}", "" },
	{ "{\"memory\":{\"limit\":0,\"reservation\":0,\"kernel\":0,\"swap\":0}}", "" },
	{ "{}", "" },
	/* memory */
	{ "{\"memory\":{\"limit\":67108864}}", "memory.max=67108864" },
	{ "{\"memory\":{\"limit\":-1}}", "?memory.max=max\n?memory.swap.max=max" },
	{ "{\"memory\":{\"reservation\":33554432}}", "memory.low=33554432" },
	{ "{\"memory\":{\"limit\":67108864,\"swap\":134217728}}",
	  "memory.max=67108864\nmemory.swap.max=67108864" },
	{ "{\"memory\":{\"limit\":67108864,\"swap\":67108864}}",
	  "memory.max=67108864\n?memory.swap.max=0" },
	{ "{\"memory\":{\"limit\":67108864,\"swap\":-1}}",
	  "memory.max=67108864\n?memory.swap.max=max" },
	{ "{\"memory\":{\"disableOOMKiller\":false,\"useHierarchy\":true}}", "" },
	{ "{\"memory\":{\"kernel\":1000000,\"kernelTCP\":1000000}}", "" },
	/* cpu */
	{ "{\"cpu\":{\"shares\":1024}}", "?cpu.weight=100" },
	{ "{\"cpu\":{\"shares\":2}}", "cpu.weight=1" },
	{ "{\"cpu\":{\"shares\":262144}}", "cpu.weight=10000" },
	{ "{\"cpu\":{\"quota\":50000,\"period\":200000}}", "cpu.max=50000 200000" },
	{ "{\"cpu\":{\"quota\":50000}}", "cpu.max=50000 100000" },
	{ "{\"cpu\":{\"period\":50000}}", "?cpu.max=max 50000" },
	{ "{\"cpu\":{\"quota\":-1,\"period\":100000}}", "?cpu.max=max 100000" },
	{ "{\"cpu\":{\"quota\":50000,\"burst\":10000}}",
	  "cpu.max=50000 100000\ncpu.max.burst=10000" },
	{ "{\"cpu\":{\"idle\":1}}", "cpu.idle=1" },
	{ "{\"cpu\":{\"idle\":0}}", "?cpu.idle=0" },
	{ "{\"cpu\":{\"idle\":0,\"shares\":2}}", "?cpu.idle=0\ncpu.weight=1" },
	{ "{\"cpu\":{\"idle\":1,\"shares\":2}}", "cpu.weight=1\ncpu.idle=1" },
	{ "{\"cpu\":{\"cpus\":\"0-1,3\",\"mems\":\"0\"}}", "cpuset.cpus=0-1,3\ncpuset.mems=0" },
	{ "{\"cpu\":{\"cpus\":\"\",\"mems\":\"\"}}", "" },
	/* block devices */
	{ "{\"blockIO\":{\"weight\":10}}", "?io.bfq.weight=10\n|io.weight=1" },
	{ "{\"blockIO\":{\"weight\":1000}}", "?io.bfq.weight=1000\n|io.weight=10000" },
	{ "{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":16,\"weight\":500}]}}",
	  "?io.bfq.weight=8:16 500\n|io.weight=8:16 4950" },
	{ "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":254,\"minor\":0,\"rate\":1048576}],"
	  "\"throttleWriteBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":2}],"
	  "\"throttleReadIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":3}],"
	  "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":0}]}}",
	  "io.max=254:0 rbps=1048576\nio.max=8:0 wbps=2\nio.max=8:0 riops=3\n?io.max=8:0 wiops=max" },
	/* pids */
	{ "{\"pids\":{\"limit\":2048}}", "pids.max=2048" },
	{ "{\"pids\":{\"limit\":-1}}", "?pids.max=max" },
	{ "{\"pids\":{\"limit\":0}}", "pids.max=1" },
	/* huge pages */
	{ "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0},"
	  "{\"pageSize\":\"1GB\",\"limit\":1073741824}]}",
	  "hugetlb.2MB.max=0\n?hugetlb.2MB.rsvd.max=0\n"
	  "hugetlb.1GB.max=1073741824\n?hugetlb.1GB.rsvd.max=1073741824" },
	/* rdma */
	{ "{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000},"
	  "\"mlx4_0\":{\"hcaObjects\":0}}}",
	  "rdma.max=mlx5_1 hca_handle=3 hca_object=10000\nrdma.max=mlx4_0 hca_object=0" },
	/* v2's own words */
	{ "{\"memory\":{\"limit\":4096},\"unified\":{\"memory.max\":\"8192\","
	  "\"cgroup.max.depth\":\"3\"}}",
	  "memory.max=4096\nmemory.max=8192\ncgroup.max.depth=3" },
	{ "{\"unified\":{\"io.max\":\"8:0 rbps=1\\n\\n8:16 wbps=2\\n\"}}",
	  "io.max=8:0 rbps=1\nio.max=8:16 wbps=2" },
};

ParameterizedTestParameters(cgroup_limits, resources_become_writes)
{
	return cr_make_param_array(struct conversion, conversions,
				   sizeof(conversions) / sizeof(conversions[0]));
}

ParameterizedTest(struct conversion *c, cgroup_limits, resources_become_writes, .init = make_arena,
		  .fini = free_arena)
{
	struct plan_cgroup cg = plan_of(c->json);

	cr_assert_str_eq(dump(&cg), c->writes, "%s gives\n%s", c->json, dump(&cg));
}

Test(cgroup_limits, what_v2_cannot_do_is_refused_by_name, .init = make_arena, .fini = free_arena)
{
	static const char *const wheres[] = { "linux.resources.memory.swappiness",
					      "linux.resources.memory.disableOOMKiller" };
	static const char *const jsons[] = { "{\"memory\":{\"swappiness\":10}}",
					     "{\"memory\":{\"disableOOMKiller\":true}}" };

	for (size_t i = 0; i < 2; i++) {
		struct plan_cgroup cg = { .path = "/box" };
		struct err e = { 0 };

		cr_assert_lt(cgroup_limits_plan(parse(jsons[i]), "linux.resources", &cg, arena, &e),
			     0);
		cr_assert_eq(e.kind, ERR_UNSUPPORTED);
		cr_assert_str_eq(e.where, wheres[i]);
	}
}

struct asker {
	char json[128], where[80], controller[16];
};

static struct asker askers[] = {
	{ "{\"memory\":{\"limit\":1}}", "linux.resources.memory.limit", "memory" },
	{ "{\"memory\":{\"reservation\":1}}", "linux.resources.memory.reservation", "memory" },
	{ "{\"cpu\":{\"shares\":2}}", "linux.resources.cpu.shares", "cpu" },
	{ "{\"cpu\":{\"quota\":2}}", "linux.resources.cpu.quota", "cpu" },
	{ "{\"cpu\":{\"cpus\":\"0\"}}", "linux.resources.cpu.cpus", "cpuset" },
	{ "{\"cpu\":{\"mems\":\"0\"}}", "linux.resources.cpu.mems", "cpuset" },
	{ "{\"pids\":{\"limit\":1}}", "linux.resources.pids.limit", "pids" },
	{ "{\"blockIO\":{\"weight\":10}}", "linux.resources.blockIO.weight", "io" },
	{ "{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":1,\"weight\":10}]}}",
	  "linux.resources.blockIO.weightDevice[0]", "io" },
	{ "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":1,\"rate\":9}]}}",
	  "linux.resources.blockIO.throttleReadBpsDevice[0]", "io" },
	{ "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0}]}",
	  "linux.resources.hugepageLimits[0]", "hugetlb" },
	{ "{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3}}}", "linux.resources.rdma.mlx5_1", "rdma" },
	{ "{\"unified\":{\"memory.high\":\"1\"}}", "linux.resources.unified.memory.high",
	  "memory" },
	{ "{\"unified\":{\"misc.max\":\"res_a 1\"}}", "linux.resources.unified.misc.max", "misc" },
};

ParameterizedTestParameters(cgroup_limits, a_missing_controller_is_named_with_the_limit)
{
	return cr_make_param_array(struct asker, askers, sizeof(askers) / sizeof(askers[0]));
}

ParameterizedTest(struct asker *a, cgroup_limits, a_missing_controller_is_named_with_the_limit,
		  .init = make_arena, .fini = free_arena)
{
	struct plan_cgroup cg = plan_of(a->json);
	struct err e = { 0 };

	/* "cpusets" and "iox" must not be taken for "cpuset", "cpu" or "io". */
	tree_make(&tree, "cpusets iox");
	cr_assert_lt(cgroup_create(tree.root, &cg, &e), 0);
	cr_assert_eq(e.kind, ERR_UNSUPPORTED, "%s", e.msg);
	cr_assert_str_eq(e.where, a->where);
	cr_assert_not_null(strstr(e.msg, a->controller));
	cr_assert_not_null(strstr(e.msg, tree.root));
	cr_assert_not(tree_has(&tree, "box"), "nothing may be made before the check");
	tree_drop(&tree);
}

Test(cgroup_limits, defaults_need_no_controller, .init = make_arena, .fini = free_arena)
{
	struct plan_cgroup cg =
		plan_of("{\"memory\":{\"limit\":-1,\"swap\":-1},\"pids\":{\"limit\":-1},"
			"\"cpu\":{\"shares\":1024,\"quota\":-1,\"idle\":0}}");
	struct err e;
	int fd;

	tree_make(&tree, "");
	fd = cgroup_create(tree.root, &cg, &e);
	assert_ok(fd, &e);
	assert_ok(cgroup_apply(fd, &cg, &e), &e);
	close(fd);
	tree_drop(&tree);
}

/* Applies json to the group "box", whose files the test has put there. */
static int apply(const char *json, struct err *e)
{
	struct plan_cgroup cg = plan_of(json);
	int fd = cgroup_create(tree.root, &cg, e), r;

	if (fd < 0)
		return fd;
	r = cgroup_apply(fd, &cg, e);
	close(fd);
	return r;
}

struct written {
	char json[200], file[40], text[64];
};

static struct written writes[] = {
	{ "{\"memory\":{\"limit\":67108864}}", "memory.max", "67108864" },
	{ "{\"memory\":{\"limit\":67108864,\"swap\":67108865}}", "memory.swap.max", "1" },
	{ "{\"memory\":{\"limit\":-1}}", "memory.max", "max" },
	{ "{\"memory\":{\"reservation\":5}}", "memory.low", "5" },
	{ "{\"cpu\":{\"shares\":512}}", "cpu.weight", "59" },
	{ "{\"cpu\":{\"shares\":1024}}", "cpu.weight", "100" },
	{ "{\"cpu\":{\"quota\":50000,\"period\":200000}}", "cpu.max", "50000 200000" },
	{ "{\"cpu\":{\"burst\":100}}", "cpu.max.burst", "100" },
	{ "{\"cpu\":{\"idle\":1}}", "cpu.idle", "1" },
	{ "{\"cpu\":{\"cpus\":\"0\"}}", "cpuset.cpus", "0" },
	{ "{\"cpu\":{\"mems\":\"0\"}}", "cpuset.mems", "0" },
	{ "{\"pids\":{\"limit\":7}}", "pids.max", "7" },
	{ "{\"blockIO\":{\"weight\":200}}", "io.weight", "1920" },
	{ "{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":1,\"weight\":10}]}}", "io.weight",
	  "8:1 1" },
	{ "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":1,\"rate\":9}]}}",
	  "io.max", "8:1 rbps=9" },
	{ "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":2097152}]}", "hugetlb.2MB.max",
	  "2097152" },
	{ "{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3}}}", "rdma.max", "mlx5_1 hca_handle=3" },
	{ "{\"unified\":{\"memory.high\":\"60000000\"}}", "memory.high", "60000000" },
	{ "{\"unified\":{\"cgroup.max.descendants\":\"5\"}}", "cgroup.max.descendants", "5" },
};

ParameterizedTestParameters(cgroup_limits, the_file_of_the_group_gets_the_value)
{
	return cr_make_param_array(struct written, writes, sizeof(writes) / sizeof(writes[0]));
}

ParameterizedTest(struct written *w, cgroup_limits, the_file_of_the_group_gets_the_value,
		  .init = make_tree, .fini = drop_tree)
{
	static const char *const beside[] = { "cpu.max", "memory.max", "memory.swap.max" };
	char path[64];
	struct err e;

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "box/%s", beside[i]);
		tree_put(&tree, path, "");
	}
	snprintf(path, sizeof(path), "box/%s", w->file);
	tree_put(&tree, path, "what was there before and is longer than what is written");
	assert_ok(apply(w->json, &e), &e);
	cr_assert_str_eq(tree_get(&tree, path), w->text);
}

Test(cgroup_limits, bfq_takes_the_weight_when_it_is_there, .init = make_tree, .fini = drop_tree)
{
	struct err e;

	tree_put(&tree, "box/io.bfq.weight", "");
	tree_put(&tree, "box/io.weight", "untouched");
	assert_ok(apply("{\"blockIO\":{\"weight\":200}}", &e), &e);
	cr_assert_str_eq(tree_get(&tree, "box/io.bfq.weight"), "200");
	cr_assert_str_eq(tree_get(&tree, "box/io.weight"), "untouched");
}

Test(cgroup_limits, the_reservation_limit_of_huge_pages_is_set_where_it_exists, .init = make_tree,
     .fini = drop_tree)
{
	struct err e;

	tree_put(&tree, "box/hugetlb.2MB.max", "");
	tree_put(&tree, "box/hugetlb.2MB.rsvd.max", "");
	assert_ok(apply("{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4096}]}", &e), &e);
	cr_assert_str_eq(tree_get(&tree, "box/hugetlb.2MB.max"), "4096");
	cr_assert_str_eq(tree_get(&tree, "box/hugetlb.2MB.rsvd.max"), "4096");
}

Test(cgroup_limits, no_swap_is_fine_where_swap_is_not_counted, .init = make_tree, .fini = drop_tree)
{
	struct err e;

	tree_put(&tree, "box/memory.max", "");
	assert_ok(apply("{\"memory\":{\"limit\":4096,\"swap\":4096}}", &e), &e);
	cr_assert_str_eq(tree_get(&tree, "box/memory.max"), "4096");
}

Test(cgroup_limits, some_swap_is_refused_where_swap_is_not_counted, .init = make_tree,
     .fini = drop_tree)
{
	struct err e = { 0 };

	tree_put(&tree, "box/memory.max", "");
	cr_assert_lt(apply("{\"memory\":{\"limit\":4096,\"swap\":8192}}", &e), 0);
	cr_assert_eq(e.kind, ERR_UNSUPPORTED);
	cr_assert_str_eq(e.where, "linux.resources.memory.swap");
	cr_assert_not_null(strstr(e.msg, "memory.swap.max"));
}

Test(cgroup_limits, every_file_of_unified_must_exist, .init = make_tree, .fini = drop_tree)
{
	struct err e = { 0 };

	cr_assert_lt(apply("{\"unified\":{\"memory.unheard_of\":\"1\"}}", &e), 0);
	cr_assert_str_eq(e.where, "linux.resources.unified.memory.unheard_of");
}

/* ---- update ---- */

static int update(const char *json, struct err *e)
{
	return cgroup_update(tree.root, "/box", NULL, parse(json), e);
}

Test(cgroup_limits, update_keeps_the_period_when_only_the_quota_is_given, .init = make_tree,
     .fini = drop_tree)
{
	struct err e;

	tree_put(&tree, "box/cpu.max", "10000 50000\n");
	assert_ok(update("{\"cpu\":{\"quota\":20000}}", &e), &e);
	cr_assert_str_eq(tree_get(&tree, "box/cpu.max"), "20000 50000");
}

Test(cgroup_limits, update_keeps_the_quota_when_only_the_period_is_given, .init = make_tree,
     .fini = drop_tree)
{
	struct err e;

	tree_put(&tree, "box/cpu.max", "10000 50000\n");
	assert_ok(update("{\"cpu\":{\"period\":40000}}", &e), &e);
	cr_assert_str_eq(tree_get(&tree, "box/cpu.max"), "10000 40000");
	tree_put(&tree, "box/cpu.max", "max 50000\n");
	assert_ok(update("{\"cpu\":{\"period\":40000}}", &e), &e);
	cr_assert_str_eq(tree_get(&tree, "box/cpu.max"), "max 40000");
}

Test(cgroup_limits, update_lifts_a_limit, .init = make_tree, .fini = drop_tree)
{
	struct err e;

	tree_put(&tree, "box/pids.max", "10\n");
	assert_ok(update("{\"pids\":{\"limit\":-1}}", &e), &e);
	cr_assert_str_eq(tree_get(&tree, "box/pids.max"), "max");
}

Test(cgroup_limits, update_enables_the_controller_it_needs, .init = make_tree, .fini = drop_tree)
{
	struct err e;

	tree_put(&tree, "box/pids.max", "max\n");
	assert_ok(update("{\"pids\":{\"limit\":5}}", &e), &e);
	cr_assert_str_eq(tree_get(&tree, "cgroup.subtree_control"), "+pids");
	cr_assert_str_eq(tree_get(&tree, "box/pids.max"), "5");
}

Test(cgroup_limits, check_before_update_refuses_a_limit_below_usage, .init = make_tree,
     .fini = drop_tree)
{
	struct err e = { 0 };

	tree_put(&tree, "box/memory.max", "max\n");
	tree_put(&tree, "box/memory.current", "5000\n");
	cr_assert_lt(update("{\"memory\":{\"limit\":4096,\"checkBeforeUpdate\":true}}", &e), 0);
	cr_assert_eq(e.kind, ERR_INVALID);
	cr_assert_str_eq(e.where, "memory.limit");
	cr_assert_str_eq(tree_get(&tree, "box/memory.max"), "max");
	assert_ok(update("{\"memory\":{\"limit\":4096}}", &e), &e);
	cr_assert_str_eq(tree_get(&tree, "box/memory.max"), "4096");
}

/* ---- formulas ---- */

Test(cgroup_limits, shares_follow_the_agreed_curve)
{
	for (unsigned shares = 2; shares <= 262144; shares += shares < 5000 ? 1 : 97) {
		double l = log2(shares);
		double want = ceil(pow(10, (l * l + 125 * l) / 612 - 7.0 / 34) - 1e-9);

		cr_assert_eq(cgroup_weight_from_shares(shares), (uint64_t)want,
			     "%u shares: %llu, not %.0f", shares,
			     (unsigned long long)cgroup_weight_from_shares(shares), want);
	}
}

Test(cgroup_limits, shares_out_of_range_take_the_nearest_weight)
{
	cr_assert_eq(cgroup_weight_from_shares(1), 1);
	cr_assert_eq(cgroup_weight_from_shares(UINT64_MAX), 10000);
}

Test(cgroup_limits, io_weights_are_linear)
{
	cr_assert_eq(cgroup_io_weight(10), 1);
	cr_assert_eq(cgroup_io_weight(100), 910);
	cr_assert_eq(cgroup_io_weight(1000), 10000);
}
