/* SPDX-License-Identifier: Apache-2.0 */
/* Groups as directories: in a plain directory that stands for the tree, and in the real one. */
#include <criterion/criterion.h>
#include <limits.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "cgroup_tree.h"
#include "host/cgroup.h"
#include "host/cgroup_controllers.h"
#include "host/cgroup_fs.h"

/* ---- a plain directory ---- */

static struct cgroup_tree tree;

static void make_tree(void)
{
	tree_make(&tree, "cpu memory pids");
}

static void drop_tree(void)
{
	tree_drop(&tree);
}

static struct plan_cgroup_write memory_and_pids[] = {
	{ .file = "memory.max", .value = "1", .where = "m", .controller = "memory" },
	{ .file = "memory.low", .value = "1", .where = "l", .controller = "memory" },
	{ .file = "pids.max", .value = "1", .where = "p", .controller = "pids" },
	{ .file = "cgroup.max.depth", .value = "1", .where = "d" },
	{ .file = "cpu.weight",
	  .value = "100",
	  .where = "c",
	  .controller = "cpu",
	  .optional = true },
};

Test(cgroup_fs, missing_parents_are_made, .init = make_tree, .fini = drop_tree)
{
	struct plan_cgroup cg = { .path = "/a/b/c" };
	struct err e;
	int fd = cgroup_create(tree.root, &cg, &e);

	assert_ok(fd, &e);
	cr_assert(cg.created);
	cr_assert(tree_has(&tree, "a/b/c"));
	close(fd);
}

Test(cgroup_fs, an_empty_group_that_is_there_is_used, .init = make_tree, .fini = drop_tree)
{
	struct plan_cgroup cg = { .path = "/a" };
	struct err e;
	int fd;

	tree_mkdir(&tree, "a");
	fd = cgroup_create(tree.root, &cg, &e);
	assert_ok(fd, &e);
	cr_assert_not(cg.created);
	close(fd);
}

Test(cgroup_fs, what_was_made_is_unmade_and_no_more, .init = make_tree, .fini = drop_tree)
{
	struct plan_cgroup cg = { .path = "/a/b/c" };
	struct err e;
	int fd;

	tree_mkdir(&tree, "a");
	fd = cgroup_create(tree.root, &cg, &e);
	assert_ok(fd, &e);
	close(fd);
	cgroup_unmake(tree.root, &cg);
	cr_assert_not(tree_has(&tree, "a/b"));
	cr_assert(tree_has(&tree, "a"));
}

Test(cgroup_fs, controllers_are_enabled_on_the_way_down_only, .init = make_tree, .fini = drop_tree)
{
	struct plan_cgroup cg = { .path = "/a/b", .writes = memory_and_pids, .n_writes = 5 };
	struct err e;

	tree_mkdir(&tree, "a");
	tree_put(&tree, "a/cgroup.subtree_control", "cpu pids\n");
	tree_mkdir(&tree, "a/b");
	tree_put(&tree, "a/b/cgroup.subtree_control", "");
	assert_ok(cgroup_controllers_enable(tree.fd, &cg, false, &e), &e);
	cr_assert_str_eq(tree_get(&tree, "cgroup.subtree_control"), "+memory +pids");
	cr_assert_str_eq(tree_get(&tree, "a/cgroup.subtree_control"), "+memory");
	cr_assert_str_eq(tree_get(&tree, "a/b/cgroup.subtree_control"), "");
}

Test(cgroup_fs, what_counts_is_enabled_without_limits, .init = make_tree, .fini = drop_tree)
{
	struct plan_cgroup cg = { .path = "/a" };
	struct err e;
	int fd = cgroup_create(tree.root, &cg, &e);

	assert_ok(fd, &e);
	cr_assert_str_eq(tree_get(&tree, "cgroup.subtree_control"), "+cpu +memory +pids");
	close(fd);
}

Test(cgroup_fs, what_counts_is_enabled_as_far_as_each_group_has_it, .init = make_tree,
     .fini = drop_tree)
{
	struct plan_cgroup cg = { .path = "/a/b", .writes = memory_and_pids, .n_writes = 5 };
	struct err e;
	int fd;

	tree_mkdir(&tree, "a");
	tree_put(&tree, "a/cgroup.controllers", "cpu memory pids\n");
	tree_put(&tree, "a/cgroup.subtree_control", "memory pids\n");
	fd = cgroup_create(tree.root, &cg, &e);
	assert_ok(fd, &e);
	cr_assert_str_eq(tree_get(&tree, "a/cgroup.subtree_control"), "+cpu");
	close(fd);
}

Test(cgroup_fs, controllers_that_are_there_are_not_written_again, .init = make_tree,
     .fini = drop_tree)
{
	struct plan_cgroup cg = { .path = "/a", .writes = memory_and_pids, .n_writes = 5 };
	struct err e;
	int fd;

	tree_put(&tree, "cgroup.subtree_control", "pids cpu memory\n");
	fd = cgroup_create(tree.root, &cg, &e);
	assert_ok(fd, &e);
	cr_assert_str_eq(tree_get(&tree, "cgroup.subtree_control"), "pids cpu memory");
	close(fd);
}

Test(cgroup_fs, without_limits_no_control_file_is_needed, .init = make_tree, .fini = drop_tree)
{
	struct plan_cgroup cg = { .path = "/a" };
	struct err e;
	int fd;

	unlinkat(tree.fd, "cgroup.controllers", 0);
	unlinkat(tree.fd, "cgroup.subtree_control", 0);
	fd = cgroup_create(tree.root, &cg, &e);
	assert_ok(fd, &e);
	close(fd);
}

Test(cgroup_fs, a_failed_create_removes_what_it_made, .init = make_tree, .fini = drop_tree)
{
	struct plan_cgroup cg = { .path = "/kept/x/y", .writes = memory_and_pids, .n_writes = 5 };
	struct err e = { 0 };

	/* "kept" has no cgroup.subtree_control, so enabling fails below the root. */
	tree_mkdir(&tree, "kept");
	cr_assert_lt(cgroup_create(tree.root, &cg, &e), 0);
	cr_assert_not_null(strstr(e.msg, "/kept"));
	cr_assert(tree_has(&tree, "kept"));
	cr_assert_not(tree_has(&tree, "kept/x"));
}

Test(cgroup_fs, symlinks_are_not_followed, .init = make_tree, .fini = drop_tree)
{
	struct plan_cgroup cg = { .path = "/link" };
	struct err e = { 0 };

	cr_assert_eq(symlinkat("/tmp", tree.fd, "link"), 0);
	cr_assert_lt(cgroup_create(tree.root, &cg, &e), 0);
	cr_assert_lt(cgroup_open(tree.root, "/link", &e), 0);
}

Test(cgroup_fs, a_populated_group_is_refused, .init = make_tree, .fini = drop_tree)
{
	struct plan_cgroup cg = { .path = "/a" };
	struct err e = { 0 };

	tree_mkdir(&tree, "a");
	tree_put(&tree, "a/cgroup.events", "populated 1\nfrozen 0\n");
	cr_assert_lt(cgroup_create(tree.root, &cg, &e), 0);
	cr_assert_eq(e.kind, ERR_BUSY);
	cr_assert_not_null(strstr(e.msg, "/a"));
}

Test(cgroup_fs, the_frozen_group_is_named, .init = make_tree, .fini = drop_tree)
{
	struct err e = { 0 };

	tree_mkdir(&tree, "a");
	tree_mkdir(&tree, "a/b");
	tree_put(&tree, "a/cgroup.freeze", "0\n");
	tree_put(&tree, "a/b/cgroup.freeze", "0\n");
	assert_ok(cgroup_check_thawed(tree.root, "/a/b/missing/c", &e), &e);
	tree_put(&tree, "a/cgroup.freeze", "1\n");
	cr_assert_lt(cgroup_check_thawed(tree.root, "/a/b/missing/c", &e), 0);
	cr_assert_eq(e.kind, ERR_BUSY);
	cr_assert_str_eq(e.msg, "cgroup /a is frozen: thaw it first");
	assert_ok(cgroup_check_thawed(tree.root, "/ab", &e), &e);
}

Test(cgroup_fs, pids_of_sub_groups_are_listed_too, .init = make_tree, .fini = drop_tree)
{
	pid_t *pids;
	struct err e;
	size_t n;

	tree_mkdir(&tree, "a");
	tree_mkdir(&tree, "a/b");
	tree_put(&tree, "a/cgroup.procs", "10\n11\n0\n");
	tree_put(&tree, "a/b/cgroup.procs", "12\n");
	assert_ok(cgroup_pids(tree.root, "/a", &pids, &n, &e), &e);
	cr_assert_eq(n, 3);
	cr_assert_eq(pids[0] + pids[1] + pids[2], 33);
	free(pids);
}

Test(cgroup_fs, removing_what_is_not_there_is_fine, .init = make_tree, .fini = drop_tree)
{
	struct err e;

	assert_ok(cgroup_remove(tree.root, "/never/was", true, 100, &e), &e);
}

Test(cgroup_fs, sub_groups_are_removed_first_however_deep, .init = make_tree, .fini = drop_tree)
{
	char name[64];
	struct err e;
	int dir;

	tree_mkdir(&tree, "a");
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "a/side%d", i);
		tree_mkdir(&tree, name);
	}
	dir = openat(tree.fd, "a", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 1500; i++) {
		int sub;

		cr_assert_eq(mkdirat(dir, "deeper", 0755), 0);
		sub = openat(dir, "deeper", O_RDONLY | O_DIRECTORY);
		cr_assert_geq(sub, 0);
		close(dir);
		dir = sub;
	}
	close(dir);
	assert_ok(cgroup_remove(tree.root, "/a", false, 5000, &e), &e);
	cr_assert_not(tree_has(&tree, "a"));
}

Test(cgroup_fs, files_that_go_meanwhile_do_not_stop_the_removal, .init = make_tree,
     .fini = drop_tree)
{
	struct err e;

	/* no cgroup.kill, as in a group that systemd removes at this moment */
	tree_mkdir(&tree, "a");
	tree_mkdir(&tree, "a/b");
	assert_ok(cgroup_remove(tree.root, "/a", true, 100, &e), &e);
	cr_assert_not(tree_has(&tree, "a"));
}

Test(cgroup_fs, a_group_that_stays_busy_ends_in_a_timeout, .init = make_tree, .fini = drop_tree)
{
	struct err e = { 0 };
	int64_t start = fd_now_ms();

	/* A file in the directory keeps it from being removed, as a process would. */
	tree_mkdir(&tree, "a");
	tree_mkdir(&tree, "a/b");
	tree_put(&tree, "a/b/keeps", "");
	cr_assert_lt(cgroup_remove(tree.root, "/a", false, 100, &e), 0);
	cr_assert_eq(e.kind, ERR_TIMEOUT);
	cr_assert_leq(fd_now_ms() - start, 2000);
}

/* ---- the kernel's tree ---- */

static char group[64], sub[80], sub_sub[96];
static pid_t children[4];

static void real_init(void)
{
	if (geteuid() != 0)
		return;
	snprintf(group, sizeof(group), "/hull-test-fs-%d", getpid());
	snprintf(sub, sizeof(sub), "%s/sub", group);
	snprintf(sub_sub, sizeof(sub_sub), "%s/sub", sub);
}

static void real_fini(void)
{
	struct err e;

	for (size_t i = 0; i < 4; i++)
		if (children[i] > 0) {
			kill(children[i], SIGKILL);
			waitpid(children[i], NULL, 0);
		}
	if (group[0])
		cgroup_remove(NULL, group, true, 5000, &e);
}

static int make_real(const char *path)
{
	struct plan_cgroup cg = { .path = path };
	struct err e;
	int fd;

	if (!group[0])
		cr_skip_test("needs root");
	fd = cgroup_create(NULL, &cg, &e);
	assert_ok(fd, &e);
	cr_assert(cg.created);
	return fd;
}

/* A process in the group that sleeps until it is killed. */
static pid_t populate(int group_fd, size_t slot)
{
	int ready[2];
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (file_write_at(group_fd, "cgroup.procs", "0") < 0)
			_exit(1);
		close(ready[0]);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	cr_assert_eq(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	children[slot] = pid;
	return pid;
}

static bool exists(const char *path)
{
	struct err e;
	int fd = cgroup_open(NULL, path, &e);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int death_signal(size_t slot)
{
	int status;

	cr_assert_eq(waitpid(children[slot], &status, 0), children[slot]);
	children[slot] = 0;
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

Test(cgroup_fs_kernel, an_empty_group_is_made_and_removed, .init = real_init, .fini = real_fini)
{
	struct err e;

	close(make_real(group));
	assert_ok(cgroup_remove(NULL, group, false, 0, &e), &e);
	cr_assert_not(exists(group));
}

Test(cgroup_fs_kernel, a_populated_group_is_refused_and_not_removed, .init = real_init,
     .fini = real_fini)
{
	struct plan_cgroup again = { .path = group };
	struct err e = { 0 };
	int fd = make_real(group);

	populate(fd, 0);
	cr_assert_lt(cgroup_create(NULL, &again, &e), 0);
	cr_assert_eq(e.kind, ERR_BUSY);
	cr_assert_lt(cgroup_remove(NULL, group, false, 1000, &e), 0);
	cr_assert_eq(e.kind, ERR_BUSY);
	cr_assert(exists(group));
	close(fd);
}

Test(cgroup_fs_kernel, remove_kills_everything_below, .init = real_init, .fini = real_fini)
{
	struct err e;
	int fds[3] = { make_real(group), make_real(sub), make_real(sub_sub) };

	for (size_t i = 0; i < 3; i++)
		populate(fds[i], i);
	assert_ok(cgroup_remove(NULL, group, true, 5000, &e), &e);
	cr_assert_not(exists(group));
	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(death_signal(i), SIGKILL);
		close(fds[i]);
	}
}

Test(cgroup_fs_kernel, a_frozen_group_is_killed_and_removed, .init = real_init, .fini = real_fini)
{
	struct err e;
	int fd = make_real(group);
	int64_t start;

	populate(fd, 0);
	assert_ok(cgroup_freeze(NULL, group, true, &e), &e);
	start = fd_now_ms();
	assert_ok(cgroup_remove(NULL, group, true, 5000, &e), &e);
	cr_assert_leq(fd_now_ms() - start, 1000);
	cr_assert_eq(death_signal(0), SIGKILL);
	close(fd);
}

Test(cgroup_fs_kernel, freezing_stops_and_thawing_continues, .init = real_init, .fini = real_fini)
{
	struct err e;
	int fd = make_real(group);

	populate(fd, 0);
	cr_assert_eq(cgroup_is_frozen(NULL, group), 0);
	assert_ok(cgroup_freeze(NULL, group, true, &e), &e);
	cr_assert_eq(cgroup_is_frozen(NULL, group), 1);
	assert_ok(cgroup_freeze(NULL, group, false, &e), &e);
	cr_assert_eq(cgroup_is_frozen(NULL, group), 0);
	close(fd);
}

Test(cgroup_fs_kernel, a_group_below_a_frozen_one_is_refused, .init = real_init, .fini = real_fini)
{
	struct plan_cgroup below = { .path = sub };
	struct err e = { 0 };

	close(make_real(group));
	assert_ok(cgroup_freeze(NULL, group, true, &e), &e);
	cr_assert_lt(cgroup_create(NULL, &below, &e), 0);
	cr_assert_not_null(strstr(e.msg, "frozen"), "%s", e.msg);
	cr_assert_not(exists(sub), "what was made must be undone");
}

Test(cgroup_fs_kernel, a_frozen_group_is_refused, .init = real_init, .fini = real_fini)
{
	struct plan_cgroup again = { .path = group };
	struct err e = { 0 };

	close(make_real(group));
	assert_ok(cgroup_freeze(NULL, group, true, &e), &e);
	cr_assert_lt(cgroup_create(NULL, &again, &e), 0);
	cr_assert_not_null(strstr(e.msg, "frozen"), "%s", e.msg);
	cr_assert(exists(group), "it was there before");
}

Test(cgroup_fs_kernel, a_signal_reaches_every_member_and_nobody_else, .init = real_init,
     .fini = real_fini)
{
	struct err e;
	int fds[2] = { make_real(group), make_real(sub) };

	populate(fds[0], 0);
	populate(fds[1], 1);
	assert_ok(cgroup_signal(NULL, group, SIGUSR1, &e), &e);
	cr_assert_eq(death_signal(0), SIGUSR1);
	cr_assert_eq(death_signal(1), SIGUSR1);
	close(fds[0]);
	close(fds[1]);
}

Test(cgroup_fs_kernel, sigkill_reaches_every_member, .init = real_init, .fini = real_fini)
{
	struct err e;
	int fds[2] = { make_real(group), make_real(sub) };

	populate(fds[0], 0);
	populate(fds[1], 1);
	assert_ok(cgroup_signal(NULL, group, SIGKILL, &e), &e);
	cr_assert_eq(death_signal(0), SIGKILL);
	cr_assert_eq(death_signal(1), SIGKILL);
	close(fds[0]);
	close(fds[1]);
}

Test(cgroup_fs_kernel, the_pids_of_a_group_are_its_members, .init = real_init, .fini = real_fini)
{
	pid_t first, *pids;
	struct err e;
	size_t n;
	int fd = make_real(group);

	first = populate(fd, 0);
	assert_ok(cgroup_pids(NULL, group, &pids, &n, &e), &e);
	cr_assert_eq(n, 1);
	cr_assert_eq(pids[0], first);
	free(pids);
	close(fd);
}

Test(cgroup_fs_kernel, the_owner_gets_the_group_and_its_delegated_files, .init = real_init,
     .fini = real_fini)
{
	struct plan_cgroup cg = { .path = group, .own = true, .owner_uid = 4711 };
	struct stat dir, procs, freeze;
	struct err e;
	int fd = make_real(group);

	assert_ok(cgroup_apply(fd, &cg, &e), &e);
	cr_assert_eq(fstat(fd, &dir), 0);
	cr_assert_eq(fstatat(fd, "cgroup.procs", &procs, 0), 0);
	cr_assert_eq(fstatat(fd, "cgroup.freeze", &freeze, 0), 0);
	cr_assert_eq(dir.st_uid, 4711);
	cr_assert_eq(procs.st_uid, 4711);
	cr_assert_eq(freeze.st_uid, 0, "not a delegated file");
	close(fd);
}

/* A file from the host's own set: written for real where the controller is there. */
Test(cgroup_fs_kernel, limits_reach_the_kernel, .init = real_init, .fini = real_fini)
{
	static struct plan_cgroup_write depth = { .file = "cgroup.max.depth",
						  .value = "3",
						  .where = "unified" };
	static struct plan_cgroup_write bad = {
		.file = "cgroup.max.depth",
		.value = "many",
		.where = "linux.resources.unified.cgroup.max.depth"
	};
	struct plan_cgroup cg = { .path = group, .writes = &depth, .n_writes = 1 };
	struct err e = { 0 };
	char text[16];
	int fd = make_real(group);

	assert_ok(cgroup_apply(fd, &cg, &e), &e);
	cr_assert_geq(file_read_buf(fd, "cgroup.max.depth", text, sizeof(text)), 0);
	cr_assert_str_eq(text, "3");
	cg.writes = &bad;
	cr_assert_lt(cgroup_apply(fd, &cg, &e), 0);
	cr_assert_str_eq(e.where, bad.where);
	close(fd);
}
