/* SPDX-License-Identifier: Apache-2.0 */
/* Id maps: their text, their limits, and a real user namespace that gets them. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/file.h"
#include "plans.h"

TestSuite(idmap_plan, .init = plans_enter, .fini = plans_leave);

static struct spec_id_map wide[] = { { 0, 100000, 65536 }, { 65536, 5, 1 } };

static struct spec spec_with(struct spec_id_map *maps, size_t n)
{
	struct spec s = { 0 };

	s.linux_.uid_mappings.items = maps;
	s.linux_.uid_mappings.n = n;
	s.linux_.gid_mappings.items = maps;
	s.linux_.gid_mappings.n = n;
	plan.ns.new_flags = CLONE_NEWUSER;
	return s;
}

Test(idmap_plan, maps_are_lines_of_three_numbers)
{
	struct spec s = spec_with(wide, 2);

	cr_assert_eq(idmap_plan(&host, &s, &plan, &error), 0);
	cr_assert_str_eq(plan.ns.uid_map, "0 100000 65536\n65536 5 1\n");
	cr_assert_str_eq(plan.ns.gid_map, plan.ns.uid_map);
}

Test(idmap_plan, without_a_new_user_namespace_there_are_none)
{
	struct spec s = spec_with(wide, 2);

	plan.ns.new_flags = CLONE_NEWNS;
	cr_assert_eq(idmap_plan(&host, &s, &plan, &error), 0);
	cr_assert_null(plan.ns.uid_map);
	cr_assert_null(plan.ns.gid_map);
}

Test(idmap_plan, more_than_the_kernel_reads_at_once_is_refused)
{
	struct spec_id_map many[341];
	struct spec s;

	for (unsigned i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct spec_id_map){ i, 100000 + i, 1 };
	s = spec_with(many, 341);
	cr_assert_eq(idmap_plan(&host, &s, &plan, &error), -EINVAL);
	cr_assert_str_eq(error.where, "linux.uidMappings");
	s = spec_with(many, 340); /* more than 4095 bytes */
	cr_assert_eq(idmap_plan(&host, &s, &plan, &error), -EINVAL);
	s = spec_with(many, 250);
	cr_assert_eq(idmap_plan(&host, &s, &plan, &error), 0);
}

/* A child in a user namespace of its own that waits to be killed. */
static pid_t child_in_userns(void)
{
	int ready[2];
	char byte;
	pid_t child;

	cr_assert_eq(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		byte = unshare(CLONE_NEWUSER) == 0;
		(void)!write(ready[1], &byte, 1);
		pause();
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	if (!byte) {
		kill(child, SIGKILL);
		cr_skip_test("user namespaces cannot be made here");
	}
	return child;
}

static void read_of(pid_t pid, const char *file, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	cr_assert_geq(file_read_buf(AT_FDCWD, path, text, size), 0);
}

Test(idmap_plan, applied_maps_are_in_force)
{
	const struct plan_namespaces ns = { .uid_map = "0 100000 65536\n", .gid_map = "0 7 1\n" };
	char text[128];
	unsigned numbers[3];
	pid_t child;

	if (geteuid() != 0)
		cr_skip_test("mapping foreign ids needs root");
	child = child_in_userns();
	cr_assert_eq(idmap_apply(&ns, child, plan.proc_fd, &error), 0, "%s", error.msg);
	read_of(child, "uid_map", text, sizeof(text));
	cr_assert_eq(sscanf(text, "%u %u %u", &numbers[0], &numbers[1], &numbers[2]), 3);
	cr_assert(numbers[0] == 0 && numbers[1] == 100000 && numbers[2] == 65536, "%s", text);
	read_of(child, "gid_map", text, sizeof(text));
	cr_assert_eq(sscanf(text, "%u %u %u", &numbers[0], &numbers[1], &numbers[2]), 3);
	cr_assert(numbers[1] == 7 && numbers[2] == 1, "%s", text);
	read_of(child, "setgroups", text, sizeof(text));
	cr_assert_str_eq(text, "allow");
	kill(child, SIGKILL);
}

Test(idmap_plan, overlapping_map_fails_at_its_place)
{
	const struct plan_namespaces ns = { .uid_map = "0 1 10\n5 100 1\n", .gid_map = "0 0 1\n" };
	pid_t child;

	if (geteuid() != 0)
		cr_skip_test("mapping foreign ids needs root");
	child = child_in_userns();
	cr_assert_eq(idmap_apply(&ns, child, plan.proc_fd, &error), -EINVAL);
	cr_assert_str_eq(error.where, "linux.uidMappings");
	kill(child, SIGKILL);
}
