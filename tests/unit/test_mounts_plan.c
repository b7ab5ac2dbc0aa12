/* SPDX-License-Identifier: Apache-2.0 */
/* From mounts and root of config.json to the orders for init. */
#include <criterion/criterion.h>
#include <string.h>

#include "host/mounts.h"
#include "plans.h"

static void set_up(void)
{
	plans_enter();
	host.dry_run = true;
	host.bundle_fd = -EBADF;
	host.bundle = "/bundle";
}

TestSuite(mounts_plan, .init = set_up, .fini = plans_leave);

static int plan_of(const struct spec *s)
{
	return mounts_plan(&host, s, &plan, &error);
}

static const struct plan_mount *only(struct spec_mount mount)
{
	struct spec s = { .mounts = { .items = &mount, .n = 1 } };

	cr_assert_eq(plan_of(&s), 0, "%s: %s", error.where, error.msg);
	cr_assert_eq(plan.rootfs.n_mounts, 1);
	return &plan.rootfs.mounts[0];
}

static void expect_refused(struct spec_mount mount, const char *where, const char *text)
{
	struct spec s = { .mounts = { .items = &mount, .n = 1 } };

	cr_assert_lt(plan_of(&s), 0);
	cr_expect_str_eq(error.where, where);
	cr_expect(strstr(error.msg, text), "%s", error.msg);
}

Test(mounts_plan, a_new_file_system_has_type_source_and_options)
{
	const struct plan_mount *m = only((struct spec_mount){
		.destination = "dev//pts/",
		.type = "devpts",
		.source = "devpts",
		.options = SPEC_STRINGS("nosuid", "newinstance", "gid=5", "rnoexec") });

	cr_expect_eq(m->kind, PLAN_MOUNT_FS);
	cr_expect_str_eq(m->target, "/dev/pts");
	cr_expect_str_eq(m->fstype, "devpts");
	cr_expect_str_eq(m->source, "devpts");
	cr_expect_eq(m->attr_set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	cr_expect_eq(m->n_options, 2);
	cr_expect_str_eq(m->options[1].key, "gid");
	cr_expect_not(m->inherit_mode);
	cr_expect_lt(m->source_fd, 0);
}

Test(mounts_plan, only_the_option_makes_a_bind_mount)
{
	const struct plan_mount *m =
		only((struct spec_mount){ .destination = "/x",
					  .type = "ext4",
					  .source = "data",
					  .options = SPEC_STRINGS("rbind", "ro") });

	cr_expect_eq(m->kind, PLAN_MOUNT_BIND);
	m = only((struct spec_mount){ .destination = "/x", .type = "bind", .source = "/data" });
	cr_expect_eq(m->kind, PLAN_MOUNT_FS);
}

Test(mounts_plan, remount_beats_bind)
{
	const struct plan_mount *m = only((struct spec_mount){
		.destination = "/x", .options = SPEC_STRINGS("bind", "remount", "ro") });

	cr_expect_eq(m->kind, PLAN_MOUNT_REMOUNT);
	cr_expect_eq(m->attr_set, MOUNT_ATTR_RDONLY);
}

Test(mounts_plan, tmpfs_takes_the_covered_directory_s_mode_unless_told)
{
	const struct plan_mount *m = only((struct spec_mount){
		.destination = "/t", .type = "tmpfs", .options = SPEC_STRINGS("size=1m") });

	cr_expect(m->inherit_mode);
	m = only((struct spec_mount){
		.destination = "/t", .type = "tmpfs", .options = SPEC_STRINGS("mode=700") });
	cr_expect_not(m->inherit_mode);
}

Test(mounts_plan, a_read_only_device_gets_a_read_only_superblock)
{
	const struct plan_mount *m = only((struct spec_mount){ .destination = "/t",
							       .type = "ext4",
							       .source = "/dev/vdz",
							       .options = SPEC_STRINGS("ro") });

	cr_assert_eq(m->n_options, 1);
	cr_expect_str_eq(m->options[0].key, "ro");
	m = only((struct spec_mount){ .destination = "/sys",
				      .type = "sysfs",
				      .source = "sysfs",
				      .options = SPEC_STRINGS("ro") });
	cr_expect_eq(m->n_options, 0);
	cr_expect_eq(m->attr_set, MOUNT_ATTR_RDONLY);
}

static struct spec_mount tmpfs(const char *destination, const char *option)
{
	const char **options = arena_alloc(plan.arena, sizeof(*options));

	options[0] = option;
	return (struct spec_mount){ .destination = destination,
				    .type = "tmpfs",
				    .options = { .items = options, .n = 1 } };
}

Test(mounts_plan, a_read_only_tmpfs_waits_for_what_is_made_in_it)
{
	struct spec s = { .mounts = SPEC_ITEMS(struct spec_mount, tmpfs("/run", "ro"),
					       tmpfs("/run/lock", "ro"), tmpfs("/running", "ro"),
					       tmpfs("/dev", "ro"), tmpfs("/var", "rw"),
					       tmpfs("/var/x", "rw"), tmpfs("/a", "ro"),
					       tmpfs("/a/b", "rw"), tmpfs("/a", "rw")) };
	static const bool late[] = { true, false, false, true, false, false, false, false, false };

	cr_assert_eq(plan_of(&s), 0);
	for (size_t i = 0; i < ARRAY_SIZE(late); i++)
		cr_expect_eq(plan.rootfs.mounts[i].late_readonly, late[i], "%s",
			     plan.rootfs.mounts[i].target);
}

Test(mounts_plan, nothing_but_proc_covers_proc)
{
	expect_refused((struct spec_mount){ .destination = "/x/../proc", .type = "tmpfs" },
		       "mounts[0].type", "only proc");
	cr_expect_eq(only((struct spec_mount){ .destination = "/proc", .type = "proc" })->kind,
		     PLAN_MOUNT_FS);
}

Test(mounts_plan, what_makes_no_sense_is_named)
{
	expect_refused((struct spec_mount){ .destination = "/x" }, "mounts[0].type", "missing");
	expect_refused((struct spec_mount){ .destination = "/x", .options = SPEC_STRINGS("bind") },
		       "mounts[0].source", "source");
	expect_refused((struct spec_mount){ .destination = "/x",
					    .type = "proc",
					    .options = SPEC_STRINGS("tmpcopyup") },
		       "mounts[0].options", "tmpcopyup");
	expect_refused((struct spec_mount){ .destination = "/x",
					    .source = "/y",
					    .options = SPEC_STRINGS("bind", "size=1") },
		       "mounts[0].options[1]", "size");
}

static const struct plan_mount *cgroup_mount(spec_strings options)
{
	return only((struct spec_mount){ .destination = "/sys/fs/cgroup",
					 .type = "cgroup",
					 .source = "cgroup",
					 .options = options });
}

Test(mounts_plan, a_cgroup_namespace_gets_a_cgroup_mount_of_its_own)
{
	const struct plan_mount *m;

	plan.ns.new_flags = CLONE_NEWCGROUP;
	m = cgroup_mount((spec_strings)SPEC_STRINGS("nosuid", "rprivate"));
	cr_expect_eq(m->kind, PLAN_MOUNT_FS);
	cr_expect_str_eq(m->fstype, "cgroup2");
	cr_expect_eq(m->attr_set, MOUNT_ATTR_NOSUID);
}

Test(mounts_plan, without_one_the_container_sees_its_own_group_read_only)
{
	const struct plan_mount *m;

	plan.cgroup.path = "/a/b";
	m = cgroup_mount((spec_strings)SPEC_STRINGS("nosuid"));
	cr_expect_eq(m->kind, PLAN_MOUNT_CGROUP);
	cr_expect_str_eq(m->source, "/sys/fs/cgroup/a/b");
	cr_expect_eq(m->attr_set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_RDONLY);
	m = cgroup_mount((spec_strings)SPEC_STRINGS("rw"));
	cr_expect_eq(m->attr_set, 0);
}

Test(mounts_plan, without_a_group_the_tree_is_read_only_whatever_is_asked)
{
	const struct plan_mount *m = cgroup_mount((spec_strings)SPEC_STRINGS("rw"));

	cr_expect_str_eq(m->source, "/sys/fs/cgroup");
	cr_expect_eq(m->attr_set, MOUNT_ATTR_RDONLY);
}

Test(mounts_plan, mount_label_goes_to_file_systems_that_carry_labels)
{
	struct spec s = { .mounts = SPEC_ITEMS(struct spec_mount, tmpfs("/t", "rw"),
					       { .destination = "/proc", .type = "proc" },
					       tmpfs("/u", "context=x")),
			  .linux_.mount_label = "a:b:c" };
	const struct plan_mount *m;

	cr_assert_eq(plan_of(&s), 0);
	m = plan.rootfs.mounts;
	cr_assert_eq(m[0].n_options, 1);
	cr_expect_str_eq(m[0].options[0].key, "context");
	cr_expect_str_eq(m[0].options[0].value, "a:b:c");
	cr_expect_eq(m[1].n_options, 0);
	cr_expect_eq(m[2].n_options, 1);
	cr_expect_str_eq(m[2].options[0].value, "x");
}

Test(mounts_plan, a_bind_mount_over_dev_is_left_as_it_is)
{
	only((struct spec_mount){ .destination = "/dev", .type = "tmpfs" });
	cr_expect(plan.rootfs.setup_dev);
	only((struct spec_mount){
		.destination = "/dev/", .source = "/dev", .options = SPEC_STRINGS("rbind") });
	cr_expect_not(plan.rootfs.setup_dev);
}

static int plan_root(struct spec_root root, uint64_t propagation)
{
	struct spec s = { .root = root, .linux_.rootfs_propagation = propagation };

	return rootfs_plan(&host, &s, &plan, &error);
}

Test(mounts_plan, the_root_is_relative_to_the_bundle)
{
	plan.ns.new_flags = CLONE_NEWNS;
	cr_assert_eq(plan_root((struct spec_root){ "./root/fs", true }, MS_SHARED | MS_REC), 0);
	cr_expect_str_eq(plan.rootfs.path, "/bundle/root/fs");
	cr_expect(plan.rootfs.readonly);
	cr_expect_eq(plan.rootfs.propagation, MS_SHARED | MS_REC);
	cr_expect_not(plan.rootfs.joined_mount_ns);
	cr_assert_eq(plan_root((struct spec_root){ "/srv/x/", false }, 0), 0);
	cr_expect_str_eq(plan.rootfs.path, "/srv/x");
}

Test(mounts_plan, only_a_mount_namespace_of_its_own_is_pivoted)
{
	plan.ns.new_flags = CLONE_NEWPID;
	cr_assert_eq(plan_root((struct spec_root){ "/srv", false }, 0), 0);
	cr_expect(plan.rootfs.joined_mount_ns);
}

Test(mounts_plan, a_user_namespace_never_shares_mounts_with_the_host)
{
	struct spec s = { .linux_.rootfs_propagation = MS_SHARED };

	cr_expect_eq(rootfs_base_propagation(&s), 0);
	s.linux_.namespaces.items = &(struct spec_namespace){ .type = CLONE_NEWUSER };
	s.linux_.namespaces.n = 1;
	cr_expect_eq(rootfs_base_propagation(&s), MS_SLAVE);
	s.linux_.rootfs_propagation = MS_PRIVATE | MS_REC;
	cr_expect_eq(rootfs_base_propagation(&s), MS_PRIVATE);
	s.linux_.rootfs_propagation = 0;
	cr_expect_eq(rootfs_base_propagation(&s), MS_SLAVE);
}

Test(mounts_plan, a_missing_root_or_source_is_named)
{
	struct spec s = { .mounts = SPEC_ITEMS(struct spec_mount,
					       { .destination = "/x",
						 .source = "no/such/source",
						 .options = SPEC_STRINGS("bind") }) };

	host.dry_run = false;
	host.bundle_fd = AT_FDCWD;
	cr_expect_eq(plan_root((struct spec_root){ "no/such/root", false }, 0), -ENOENT);
	cr_expect_str_eq(error.where, "root.path");
	cr_expect_eq(plan_root((struct spec_root){ "/dev/null", false }, 0), -ENOTDIR);
	if (geteuid() != 0)
		cr_skip_test("cloning a mount needs root");
	cr_expect_eq(plan_of(&s), -ENOENT);
	cr_expect_str_eq(error.where, "mounts[0].source");
}
