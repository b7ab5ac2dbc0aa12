/* SPDX-License-Identifier: Apache-2.0 */
/* Which device nodes and symlinks a container gets. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "plans.h"

static void set_up(void)
{
	plans_enter();
	host.dry_run = true;
	plan.rootfs.setup_dev = true;
}

TestSuite(devices_plan, .init = set_up, .fini = plans_leave);

static void plan_of(const struct spec *s)
{
	cr_assert_eq(devices_plan(&host, s, &plan, &error), 0, "%s: %s", error.where, error.msg);
}

static const struct plan_device *find(const char *path)
{
	for (size_t i = 0; i < plan.rootfs.n_devices; i++)
		if (strcmp(plan.rootfs.devices[i].path, path) == 0)
			return &plan.rootfs.devices[i];
	return NULL;
}

Test(devices_plan, every_container_has_the_six_devices_of_the_specification)
{
	const struct {
		const char *path;
		dev_t rdev;
	} rows[] = {
		{ "/dev/null", makedev(1, 3) },	   { "/dev/zero", makedev(1, 5) },
		{ "/dev/full", makedev(1, 7) },	   { "/dev/random", makedev(1, 8) },
		{ "/dev/urandom", makedev(1, 9) }, { "/dev/tty", makedev(5, 0) },
	};

	plan_of(&(struct spec){ 0 });
	cr_expect_eq(plan.rootfs.n_devices, ARRAY_SIZE(rows));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct plan_device *d = find(rows[i].path);

		cr_assert(d, "%s", rows[i].path);
		cr_expect_eq(d->rdev, rows[i].rdev);
		cr_expect_eq(d->mode, S_IFCHR | 0666);
		cr_expect(d->is_default);
		cr_expect_lt(d->bind_fd, 0);
	}
}

Test(devices_plan, dev_has_its_symlinks)
{
	plan_of(&(struct spec){ 0 });
	cr_assert_eq(plan.rootfs.n_symlinks, 6);
	cr_expect_str_eq(plan.rootfs.symlinks[0].path, "/dev/fd");
	cr_expect_str_eq(plan.rootfs.symlinks[0].target, "/proc/self/fd");
	cr_expect_str_eq(plan.rootfs.symlinks[5].path, "/dev/ptmx");
	cr_expect_str_eq(plan.rootfs.symlinks[5].target, "pts/ptmx");
}

Test(devices_plan, types_modes_and_owners_are_taken_over)
{
	struct spec s = { .linux_.devices = SPEC_ITEMS(
				  struct spec_device,
				  { .type = "b",
				    .path = "/dev//disk/x",
				    .major = 8,
				    .minor = 300,
				    .has_file_mode = true,
				    .file_mode = 020640,
				    .uid = 3,
				    .gid = 4 },
				  { .type = "u", .path = "/u", .major = 10, .minor = 200 },
				  { .type = "p",
				    .path = "/run/pipe",
				    .major = 1,
				    .minor = 2,
				    .has_file_mode = true,
				    .file_mode = 0 }) };
	const struct plan_device *d;

	plan_of(&s);
	d = find("/dev/disk/x");
	cr_assert(d);
	cr_expect_eq(d->mode, S_IFBLK | 0640);
	cr_expect_eq(d->rdev, makedev(8, 300));
	cr_expect_eq(d->uid, 3);
	cr_expect_eq(d->gid, 4);
	d = find("/u");
	cr_assert(d);
	cr_expect_eq(d->mode, S_IFCHR | 0666);
	d = find("/run/pipe");
	cr_assert(d);
	cr_expect_eq(d->mode, S_IFIFO);
	cr_expect_eq(d->rdev, 0);
}

Test(devices_plan, a_given_device_replaces_the_default_of_that_path)
{
	struct spec s = { .linux_.devices = SPEC_ITEMS(struct spec_device, { .type = "c",
									     .path = "/dev/./null",
									     .major = 1,
									     .minor = 3,
									     .has_file_mode = true,
									     .file_mode = 0600 }) };

	plan_of(&s);
	cr_expect_eq(plan.rootfs.n_devices, 6);
	cr_expect_eq(find("/dev/null")->mode, S_IFCHR | 0600);
	cr_expect_not(find("/dev/null")->is_default);
}

Test(devices_plan, nothing_is_made_in_a_dev_that_the_user_brings)
{
	struct spec s = { .linux_.devices = SPEC_ITEMS(
				  struct spec_device,
				  { .type = "c", .path = "/dev/fuse", .major = 10, .minor = 229 },
				  { .type = "c", .path = "/devices", .major = 1, .minor = 3 }) };

	plan.rootfs.setup_dev = false;
	plan_of(&s);
	cr_expect_eq(plan.rootfs.n_devices, 1);
	cr_expect(find("/devices"));
	cr_expect_eq(plan.rootfs.n_symlinks, 0);
}

static struct spec_namespace userns = { .type = CLONE_NEWUSER };

Test(devices_plan, a_user_namespace_borrows_the_host_s_nodes)
{
	struct spec s = { .linux_ = { .namespaces = { .items = &userns, .n = 1 },
				      .devices = SPEC_ITEMS(struct spec_device,
							    { .type = "p", .path = "/run/p" }) } };
	struct stat st;

	if (geteuid() != 0)
		cr_skip_test("cloning a mount needs root");
	host.dry_run = false;
	plan_of(&s);
	cr_assert_geq(find("/dev/null")->bind_fd, 0);
	cr_assert_eq(fstat(find("/dev/null")->bind_fd, &st), 0);
	cr_expect_eq(st.st_rdev, makedev(1, 3));
	cr_expect_lt(find("/run/p")->bind_fd, 0);
}

Test(devices_plan, a_node_of_the_host_must_be_the_device_asked_for)
{
	struct spec s = {
		.linux_ = { .namespaces = { .items = &userns, .n = 1 },
			    .devices = SPEC_ITEMS(
				    struct spec_device,
				    { .type = "c", .path = "/dev/null", .major = 1, .minor = 5 }) }
	};

	if (geteuid() != 0)
		cr_skip_test("cloning a mount needs root");
	host.dry_run = false;
	cr_expect_eq(devices_plan(&host, &s, &plan, &error), -EINVAL);
	cr_expect_str_eq(error.where, "linux.devices[0]");
}
