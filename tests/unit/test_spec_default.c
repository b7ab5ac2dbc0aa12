/* SPDX-License-Identifier: Apache-2.0 */
/* What `hull spec` writes is a good configuration, with what users of `runc spec` look for. */
#include <criterion/criterion.h>
#include <linux/sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/spec_check.h"
#include "spec/spec_default.h"

static struct arena *arena;
static struct buf text;
static struct err e;

static void set_up(void)
{
	arena = arena_new();
}

static void tear_down(void)
{
	buf_done(&text);
	arena = arena_free(arena);
}

TestSuite(spec_default, .init = set_up, .fini = tear_down);

static const struct spec *written(bool rootless)
{
	struct spec *s = NULL;

	cr_assert_eq(spec_default_write(rootless, 1000, 100, &text, &e), 0, "%s", e.msg);
	cr_assert_eq(spec_parse_config(text.data, text.len, arena, NULL, &s, &e), 0, "%s: %s",
		     e.where, e.msg);
	return s;
}

static bool contains(const spec_strings *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i], s) == 0)
			return true;
	return false;
}

static const struct spec_mount *mount_at(const struct spec *s, const char *destination)
{
	for (size_t i = 0; i < s->mounts.n; i++)
		if (strcmp(s->mounts.items[i].destination, destination) == 0)
			return &s->mounts.items[i];
	return NULL;
}

Test(spec_default, both_documents_pass_the_check)
{
	cr_expect_eq(spec_check(written(false), NULL, &e), 0, "%s: %s", e.where, e.msg);
	buf_done(&text);
	cr_expect_eq(spec_check(written(true), NULL, &e), 0, "%s: %s", e.where, e.msg);
}

Test(spec_default, the_text_is_indented_and_ends_with_one_newline)
{
	written(false);
	cr_assert_eq(strncmp(text.data, "{\n  \"ociVersion\": \"1.3.0\",\n", 27), 0, "%s",
		     text.data);
	cr_assert(strcmp(text.data + text.len - 3, "\n}\n") == 0);
}

Test(spec_default, it_runs_a_shell_on_a_terminal)
{
	const struct spec *s = written(false);

	cr_assert(s->process->terminal);
	cr_assert_eq(s->process->args.n, 1u);
	cr_assert_str_eq(s->process->args.items[0], "sh");
	cr_assert_str_eq(s->process->cwd, "/");
	cr_assert_eq(s->process->user.uid, 0u);
	cr_assert(contains(&s->process->env, "TERM=xterm"));
	cr_assert_str_eq(s->root.path, "rootfs");
	cr_assert(s->root.readonly);
}

Test(spec_default, it_grants_little)
{
	const struct spec_process *p = written(false)->process;
	const spec_strings *sets[] = { &p->capabilities->bounding, &p->capabilities->effective,
				       &p->capabilities->permitted };

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		cr_expect_eq(sets[i]->n, 3u);
		cr_expect(contains(sets[i], "CAP_AUDIT_WRITE"));
		cr_expect(contains(sets[i], "CAP_KILL"));
		cr_expect(contains(sets[i], "CAP_NET_BIND_SERVICE"));
	}
	cr_expect_eq(p->capabilities->inheritable.n, 0u);
	cr_expect(p->no_new_privileges);
	cr_expect_str_eq(p->rlimits.items[0].type, "RLIMIT_NOFILE");
	cr_expect_eq(p->rlimits.items[0].soft, 1024u);
	cr_expect_eq(p->rlimits.items[0].hard, 1024u);
}

Test(spec_default, it_mounts_what_programs_expect_and_hides_what_they_must_not_see)
{
	static const char *const destinations[] = { "/proc",	     "/dev",	    "/dev/pts",
						    "/dev/shm",	     "/dev/mqueue", "/sys",
						    "/sys/fs/cgroup" };
	const struct spec *s = written(false);

	cr_expect_eq(s->mounts.n, ARRAY_SIZE(destinations));
	for (size_t i = 0; i < ARRAY_SIZE(destinations); i++)
		cr_expect_str_eq(s->mounts.items[i].destination, destinations[i]);
	cr_expect(contains(&s->linux_.masked_paths, "/proc/kcore"));
	cr_expect(contains(&s->linux_.masked_paths, "/sys/firmware"));
	cr_expect(contains(&s->linux_.readonly_paths, "/proc/sys"));
	cr_expect(contains(&s->linux_.readonly_paths, "/proc/sysrq-trigger"));
}

Test(spec_default, it_has_namespaces_of_its_own_and_no_devices)
{
	static const uint64_t types[] = { CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC,
					  CLONE_NEWUTS, CLONE_NEWNS,  CLONE_NEWCGROUP };
	const struct spec *s = written(false);

	cr_expect_eq(s->linux_.namespaces.n, ARRAY_SIZE(types));
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		cr_expect(spec_find_namespace(s, types[i]));
	cr_assert_eq(s->linux_.resources->devices.n, 1u);
	cr_expect(!s->linux_.resources->devices.items[0].allow);
	cr_expect_str_eq(s->linux_.resources->devices.items[0].access, "rwm");
}

Test(spec_default, without_root_the_caller_is_mapped_to_root)
{
	const struct spec *s = written(true);

	cr_assert(spec_has_userns(s));
	cr_expect_null(spec_find_namespace(s, CLONE_NEWNET));
	cr_expect_null(s->linux_.resources);
	cr_assert_eq(s->linux_.uid_mappings.n, 1u);
	cr_expect_eq(s->linux_.uid_mappings.items[0].container_id, 0u);
	cr_expect_eq(s->linux_.uid_mappings.items[0].host_id, 1000u);
	cr_expect_eq(s->linux_.gid_mappings.items[0].host_id, 100u);
	cr_expect_eq(s->linux_.gid_mappings.items[0].size, 1u);
}

Test(spec_default, without_root_no_foreign_gid_is_used_and_sysfs_is_bound)
{
	const struct spec *s = written(true);

	cr_expect(!contains(&mount_at(s, "/dev/pts")->options, "gid=5"));
	cr_expect(contains(&mount_at(s, "/sys")->options, "rbind"));
	cr_expect_str_eq(mount_at(s, "/sys")->source, "/sys");
}
