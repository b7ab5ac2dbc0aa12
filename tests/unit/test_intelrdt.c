/* SPDX-License-Identifier: Apache-2.0 */
/* Classes of service: compiled and carried out in a directory that stands for resctrl. What the
 * kernel would put into a new directory, the test does. */
#include "cgroup_tree.h"
#include "host/intelrdt.h"
#include "plans.h"

static struct cgroup_tree tree;
static const char *text_of_root = "    L3:0=00fff;1=00fff\n    MB:0=100;1=  70\n";

static void put_class(const char *name, const char *schemata)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/schemata", name);
	tree_put(&tree, path, schemata);
	snprintf(path, sizeof(path), "%s/tasks", name);
	tree_put(&tree, path, "");
}

static void enter(void)
{
	plans_enter();
	tree_make(&tree, "");
	host.resctrl_root = tree.root;
	tree_mkdir(&tree, "mon_groups");
	put_class(".", text_of_root);
}

static void leave(void)
{
	tree_drop(&tree);
	plans_leave();
}

TestSuite(intelrdt, .init = enter, .fini = leave);

static int plan_of(const struct spec_intel_rdt *rdt)
{
	const struct spec s = { .linux_.intel_rdt = (struct spec_intel_rdt *)rdt };

	return intelrdt_plan(&host, &s, &plan, &error);
}

static const char *below_root(const char *path)
{
	size_t len = strlen(tree.root);

	cr_assert_eq(strncmp(path, tree.root, len), 0, "%s", path);
	return path + len;
}

Test(intelrdt, what_is_not_asked_for_is_not_touched)
{
	assert_ok(plan_of(NULL), &error);
	cr_assert_null(plan.rdt.clos);
	assert_ok(intelrdt_make(&plan.rdt, &error), &error);
	assert_ok(intelrdt_apply(&plan.rdt, getpid(), &error), &error);
}

Test(intelrdt, class_is_called_like_the_container)
{
	assert_ok(plan_of(&(struct spec_intel_rdt){ 0 }), &error);
	cr_assert_str_eq(below_root(plan.rdt.clos), "/box");
	cr_assert(plan.rdt.make);
	assert_ok(intelrdt_make(&plan.rdt, &error), &error);
	cr_assert(plan.rdt.made);
	cr_assert(tree_has(&tree, "box"));
	put_class("box", "L3:0=fff\n");
	assert_ok(intelrdt_apply(&plan.rdt, 4711, &error), &error);
	cr_assert_str_eq(tree_get(&tree, "box/tasks"), "4711");
	cr_assert_str_eq(tree_get(&tree, "box/schemata"), "L3:0=fff");
}

Test(intelrdt, l3_then_bandwidth_then_schemata)
{
	const struct spec_intel_rdt rdt = {
		.l3_cache_schema = "L3:0=f;1=f\nMB:0=90\nL3CODE:0=1",
		.mem_bw_schema = "MB:0=20;1=70",
		.schemata = SPEC_STRINGS("L2:0=3", "MB:1=10"),
	};

	assert_ok(plan_of(&rdt), &error);
	assert_ok(intelrdt_make(&plan.rdt, &error), &error);
	put_class("box", "");
	assert_ok(intelrdt_apply(&plan.rdt, 1, &error), &error);
	cr_assert_str_eq(tree_get(&tree, "box/schemata"),
			 "L3:0=f;1=f\nL3CODE:0=1\nMB:0=20;1=70\nL2:0=3\nMB:1=10");
}

Test(intelrdt, bandwidth_among_the_cache_lines_stays_when_it_is_not_given_apart)
{
	const struct spec_intel_rdt rdt = { .l3_cache_schema = "L3:0=f\nMB:0=90\n" };

	assert_ok(plan_of(&rdt), &error);
	cr_assert_eq(plan.rdt.n_schemata, 2);
	cr_assert_str_eq(plan.rdt.schemata[1], "MB:0=90");
}

Test(intelrdt, named_class_that_is_there_is_joined_and_not_ours)
{
	const struct spec_intel_rdt rdt = { .clos_id = "gold" };

	tree_mkdir(&tree, "gold");
	put_class("gold", "L3:0=3\n");
	assert_ok(plan_of(&rdt), &error);
	assert_ok(intelrdt_make(&plan.rdt, &error), &error);
	assert_ok(intelrdt_apply(&plan.rdt, 4711, &error), &error);
	cr_assert_not(plan.rdt.made);
	cr_assert_str_eq(tree_get(&tree, "gold/tasks"), "4711");
	cr_assert_str_eq(tree_get(&tree, "gold/schemata"), "L3:0=3");
}

Test(intelrdt, slash_is_the_class_of_the_host)
{
	const struct spec_intel_rdt rdt = { .clos_id = "/", .enable_monitoring = true };

	assert_ok(plan_of(&rdt), &error);
	cr_assert_str_eq(below_root(plan.rdt.clos), "");
	cr_assert_str_eq(below_root(plan.rdt.monitor), "/mon_groups/box");
	cr_assert_not(plan.rdt.make);
}

Test(intelrdt, same_schemata_may_be_spelled_differently)
{
	static const char *const same[] = { "L3:0=fff;1=fff", "L3:1=0xFFF", " MB:1=70;0=100",
					    "MB:0=0100" };

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		plan.rdt = (struct plan_rdt){ 0 };
		assert_ok(plan_of(&(struct spec_intel_rdt){ .clos_id = "/",
							    .l3_cache_schema = same[i] }),
			  &error);
	}
}

Test(intelrdt, class_with_another_schemata_is_an_error)
{
	static const char *const other[] = { "L3:0=ff;1=fff", "L3:2=fff", "L2:0=fff",
					     "MB:0=10",	      "L3:0",	  "nonsense" };

	for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
		plan.rdt = (struct plan_rdt){ 0 };
		cr_assert_eq(plan_of(&(struct spec_intel_rdt){ .clos_id = "/",
							       .l3_cache_schema = other[i] }),
			     -EEXIST, "%s", other[i]);
		cr_assert_str_eq(error.where, "linux.intelRdt");
	}
}

Test(intelrdt, missing_class_without_schemata_is_an_error)
{
	cr_assert_eq(plan_of(&(struct spec_intel_rdt){ .clos_id = "gold" }), -ENOENT);
	cr_assert(strstr(error.msg, "gold"));
}

Test(intelrdt, names_of_the_kernel_are_no_classes)
{
	cr_assert_eq(plan_of(&(struct spec_intel_rdt){ .clos_id = "mon_groups" }), -EINVAL);
	cr_assert_str_eq(error.where, "linux.intelRdt.closID");
}

Test(intelrdt, monitoring_has_a_group_of_its_own)
{
	const struct spec_intel_rdt rdt = { .clos_id = "/", .enable_monitoring = true };

	assert_ok(plan_of(&rdt), &error);
	assert_ok(intelrdt_make(&plan.rdt, &error), &error);
	cr_assert(plan.rdt.monitored);
	tree_put(&tree, "mon_groups/box/tasks", "");
	assert_ok(intelrdt_apply(&plan.rdt, 4711, &error), &error);
	cr_assert_str_eq(tree_get(&tree, "mon_groups/box/tasks"), "4711");
	cr_assert_str_eq(tree_get(&tree, "tasks"), "4711");
}

Test(intelrdt, whoever_is_faster_makes_the_class)
{
	const struct spec_intel_rdt rdt = { .clos_id = "gold", .l3_cache_schema = "L3:0=f" };

	assert_ok(plan_of(&rdt), &error);
	cr_assert(plan.rdt.make);
	tree_mkdir(&tree, "gold");
	put_class("gold", "L3:0=f\n");
	assert_ok(intelrdt_make(&plan.rdt, &error), &error);
	cr_assert_not(plan.rdt.made);
	put_class("gold", "L3:0=7\n");
	cr_assert_eq(intelrdt_make(&plan.rdt, &error), -EEXIST);
}

Test(intelrdt, process_of_exec_enters_class_and_monitoring_group)
{
	assert_ok(intelrdt_enter(NULL, NULL, 4711, &error), &error);
	tree_mkdir(&tree, "mon_groups/box");
	tree_put(&tree, "mon_groups/box/tasks", "");
	assert_ok(plan_of(&(struct spec_intel_rdt){ .clos_id = "/", .enable_monitoring = true }),
		  &error);
	assert_ok(intelrdt_enter(plan.rdt.clos, plan.rdt.monitor, 4711, &error), &error);
	cr_assert_str_eq(tree_get(&tree, "tasks"), "4711");
	cr_assert_str_eq(tree_get(&tree, "mon_groups/box/tasks"), "4711");
	cr_assert_eq(intelrdt_enter("/nosuch", NULL, 4711, &error), -ENOENT);
}

Test(intelrdt, update_writes_what_is_given)
{
	tree_mkdir(&tree, "box");
	put_class("box", "");
	assert_ok(plan_of(&(struct spec_intel_rdt){ 0 }), &error);
	assert_ok(intelrdt_update(plan.rdt.clos, "L3:0=7", NULL, &error), &error);
	cr_assert_str_eq(tree_get(&tree, "box/schemata"), "L3:0=7");
	assert_ok(intelrdt_update(plan.rdt.clos, NULL, "MB:0=10", &error), &error);
	cr_assert_str_eq(tree_get(&tree, "box/schemata"), "MB:0=10");
}

Test(intelrdt, removal_takes_the_directory_and_does_not_miss_it)
{
	assert_ok(plan_of(&(struct spec_intel_rdt){ 0 }), &error);
	assert_ok(intelrdt_make(&plan.rdt, &error), &error);
	assert_ok(intelrdt_remove(plan.rdt.clos, &error), &error);
	cr_assert_not(tree_has(&tree, "box"));
	assert_ok(intelrdt_remove(plan.rdt.clos, &error), &error);
}

Test(intelrdt, host_without_resctrl_is_an_error)
{
	struct err e;

	host.resctrl_root = NULL;
	if (access("/sys/fs/resctrl/schemata", F_OK) == 0)
		cr_skip_test("this host has resctrl");
	cr_assert_lt(
		intelrdt_plan(&host,
			      &(struct spec){ .linux_.intel_rdt = &(struct spec_intel_rdt){ 0 } },
			      &plan, &e),
		0);
	cr_assert_eq(e.kind, ERR_UNSUPPORTED);
	cr_assert(strstr(e.msg, "resctrl"));
}
