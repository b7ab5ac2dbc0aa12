/* SPDX-License-Identifier: Apache-2.0 */
/* What delete does with directories in resctrl, of which the record says whose they are, and with the
 * group of a scope. */
#include <errno.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "cgroup_tree.h"
#include "life/destroy.h"
#include "tempdir.h"

TestSuite(destroy, .init = tempdir_enter, .fini = tempdir_leave);

static struct err error;

/* A container that has ended, whose record was written and is read again. */
static void delete_container_in(const char *cgroup, const struct record *given)
{
	const struct lc_ctx ctx = { .root = "state", .cgroup_root = "." };
	_cleanup_statedir_ struct statedir dir = STATEDIR_EMPTY;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct record rec = *given;

	rec.id = "box";
	rec.bundle = rec.rootfs = "/";
	rec.oci_version = "1.3.0";
	rec.stdio = (struct images_stdio)IMAGES_NO_STDIO;
	assert_ok(statedir_create(ctx.root, rec.id, &dir, &error), &error);
	if (cgroup)
		cr_assert_eq(symlinkat(cgroup, dir.dir_fd, STATEDIR_CGROUP), 0);
	assert_ok(record_stamp(&rec, arena, &error), &error);
	assert_ok(record_write(&dir, &rec, &error), &error);
	assert_ok(record_read(&dir, "box", arena, &rec, &error), &error);
	assert_ok(destroy(&ctx, &dir, &rec, &error), &error);
	cr_assert_lt(access("state/box", F_OK), 0);
}

static void delete_container(const struct record *given)
{
	delete_container_in(NULL, given);
}

static void make_dirs(void)
{
	cr_assert_eq(mkdir("gold", 0755), 0);
	cr_assert_eq(mkdir("gold/mon_groups", 0755), 0);
	cr_assert_eq(mkdir("gold/mon_groups/box", 0755), 0);
}

Test(destroy, class_of_somebody_else_stays_and_our_monitoring_group_goes)
{
	make_dirs();
	delete_container(
		&(struct record){ .rdt_group = "gold", .rdt_monitor = "gold/mon_groups/box" });
	cr_expect_eq(access("gold", F_OK), 0);
	cr_expect_lt(access("gold/mon_groups/box", F_OK), 0);
}

Test(destroy, class_that_we_made_goes)
{
	cr_assert_eq(mkdir("gold", 0755), 0);
	delete_container(&(struct record){ .rdt_group = "gold", .rdt_made = true });
	cr_expect_lt(access("gold", F_OK), 0);
}

Test(destroy, class_that_is_gone_is_not_missed)
{
	delete_container(&(struct record){
		.rdt_group = "gold", .rdt_made = true, .rdt_monitor = "gold/mon_groups/box" });
}

/* systemd looked when there was still a group in it. */
Test(destroy, scope_that_systemd_leaves_goes_with_the_group_below_it)
{
	tempdir_program("hull-systemd", "exit 0");
	cr_assert_eq(mkdir("box.scope", 0755), 0);
	cr_assert_eq(mkdir("box.scope/a", 0755), 0);
	delete_container_in("/box.scope/a", &(struct record){ .unit = "box.scope" });
	cr_expect_lt(access("box.scope", F_OK), 0);
}
