/* SPDX-License-Identifier: Apache-2.0 */
/* Where the group is, and what the plan says about it: linux.cgroupsPath, drivers, ownership. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <limits.h>

#include "base/arena.h"
#include "cgroup_tree.h"
#include "host/cgroup.h"
#include "host/host.h"
#include "host/mount_tree.h"

static struct plan p;
static struct host_env env = { .id = "web1", .bundle = "/bundle", .dry_run = true };

static void make_plan(void)
{
	struct err e;

	assert_ok(plan_init(&p, &e), &e);
}

static void drop_plan(void)
{
	plan_done(&p);
}

static struct spec *parse(const char *linux_, const char *mounts)
{
	char json[2048];
	struct spec *s;
	struct err e;

	snprintf(json, sizeof(json),
		 "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},\"mounts\":[%s],"
		 "\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"],\"user\":{\"uid\":7,\"gid\":0}},"
		 "\"linux\":{%s}}",
		 mounts, linux_);
	assert_ok(spec_parse_config(json, strlen(json), p.arena, NULL, &s, &e), &e);
	return s;
}

struct place {
	char given[64], path[64];
};

static struct place places[] = {
	{ "/a/b", "/a/b" },
	{ "a/b", "/a/b" },
	{ "/libpod_parent/libpod-0123", "/libpod_parent/libpod-0123" },
	{ "//a/./b//", "/a/b" },
	{ "/with:colon:twice", "/with:colon:twice" },
	{ "", "/hull-web1" },
};

ParameterizedTestParameters(cgroup_path, paths_lie_below_the_mount)
{
	return cr_make_param_array(struct place, places, sizeof(places) / sizeof(places[0]));
}

ParameterizedTest(struct place *c, cgroup_path, paths_lie_below_the_mount, .init = make_plan,
		  .fini = drop_plan)
{
	char text[128];
	struct err e;

	snprintf(text, sizeof(text), "\"cgroupsPath\":\"%s\"", c->given);
	assert_ok(cgroup_plan(&env, parse(text, ""), &p, &e), &e);
	cr_assert_str_eq(p.cgroup.path, c->path);
}

Test(cgroup_path, without_a_path_the_id_names_the_group, .init = make_plan, .fini = drop_plan)
{
	struct err e;

	assert_ok(cgroup_plan(&env, parse("", ""), &p, &e), &e);
	cr_assert_str_eq(p.cgroup.path, "/hull-web1");
	cr_assert_eq(p.cgroup.n_writes, 0);
}

struct refused {
	char given[64], word[32];
};

static struct refused refusals[] = {
	{ "/", "root of the tree" },
	{ "/..", "root of the tree" },
	{ "system.slice:hull:web1", "--systemd-cgroup" },
	{ ":hull:web1", "--systemd-cgroup" },
};

ParameterizedTestParameters(cgroup_path, impossible_paths_are_refused)
{
	return cr_make_param_array(struct refused, refusals,
				   sizeof(refusals) / sizeof(refusals[0]));
}

ParameterizedTest(struct refused *c, cgroup_path, impossible_paths_are_refused, .init = make_plan,
		  .fini = drop_plan)
{
	struct err e = { 0 };
	char text[128];

	snprintf(text, sizeof(text), "\"cgroupsPath\":\"%s\"", c->given);
	cr_assert_lt(cgroup_plan(&env, parse(text, ""), &p, &e), 0);
	cr_assert_eq(e.kind, ERR_INVALID);
	cr_assert_str_eq(e.where, "linux.cgroupsPath");
	cr_assert_not_null(strstr(e.msg, c->word), "%s", e.msg);
}

Test(cgroup_path, disabled_cgroups_have_no_group, .init = make_plan, .fini = drop_plan)
{
	struct host_env disabled = { .id = "web1", .cgroup_disabled = true };
	const char *rules = "\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}],"
			    "\"memory\":{},\"pids\":{\"limit\":-1}}";
	struct err e;

	assert_ok(cgroup_plan(&disabled, parse(rules, ""), &p, &e), &e);
	cr_assert_null(p.cgroup.path);
	cr_assert_null(p.cgroup.device_prog);
	cr_assert_eq(p.cgroup.n_writes, 0);
}

Test(cgroup_path, disabled_cgroups_refuse_limits, .init = make_plan, .fini = drop_plan)
{
	struct host_env disabled = { .id = "web1", .cgroup_disabled = true };
	struct err e = { 0 };

	cr_assert_lt(
		cgroup_plan(&disabled, parse("\"resources\":{\"pids\":{\"limit\":5}}", ""), &p, &e),
		0);
	cr_assert_str_eq(e.where, "linux.resources.pids.limit");
}

Test(cgroup_path, device_rules_are_left_to_the_kernel_without_privilege, .init = make_plan,
     .fini = drop_plan)
{
	struct host_env rootless = { .id = "web1", .rootless = true };
	struct err e;

	assert_ok(cgroup_plan(&env, parse("", ""), &p, &e), &e);
	cr_assert_not_null(p.cgroup.device_prog);
	assert_ok(cgroup_plan(&rootless, parse("", ""), &p, &e), &e);
	cr_assert_null(p.cgroup.device_prog);
}

#define CGROUPNS "\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"cgroup\"}]"
#define HOST_CGROUPNS "\"namespaces\":[{\"type\":\"mount\"}]"
#define USERNS                                                                             \
	"\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"cgroup\"},{\"type\":\"user\"}]," \
	"\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":5},"               \
	"{\"containerID\":5,\"hostID\":300000,\"size\":10}]"
#define MOUNT(dest, opts)          \
	"{\"destination\":\"" dest \
	"\",\"type\":\"cgroup\",\"source\":\"cgroup\",\"options\":[" opts "]}"

struct owner {
	char linux_[300], mounts[200];
	bool own;
	uid_t uid;
};

static struct owner owners[] = {
	{ CGROUPNS, MOUNT("/sys/fs/cgroup", "\"rw\""), true, 7 },
	{ CGROUPNS, MOUNT("/sys/fs/cgroup/", "\"nosuid\""), true, 7 },
	{ USERNS, MOUNT("/sys/fs/cgroup", "\"rw\""), true, 300002 },
	{ CGROUPNS, MOUNT("/sys/fs/cgroup", "\"nosuid\",\"ro\""), false, 0 },
	{ CGROUPNS, MOUNT("/elsewhere", "\"rw\""), false, 0 },
	{ CGROUPNS, "", false, 0 },
	{ HOST_CGROUPNS, MOUNT("/sys/fs/cgroup", "\"rw\""), false, 0 },
};

ParameterizedTestParameters(cgroup_path, a_writable_cgroup_mount_makes_the_user_owner)
{
	return cr_make_param_array(struct owner, owners, sizeof(owners) / sizeof(owners[0]));
}

ParameterizedTest(struct owner *o, cgroup_path, a_writable_cgroup_mount_makes_the_user_owner,
		  .init = make_plan, .fini = drop_plan)
{
	struct err e;

	assert_ok(cgroup_plan(&env, parse(o->linux_, o->mounts), &p, &e), &e);
	cr_assert_eq(p.cgroup.own, o->own, "%s %s", o->linux_, o->mounts);
	if (o->own)
		cr_assert_eq(p.cgroup.owner_uid, o->uid);
}

/* ---- finding the tree ---- */

Test(cgroup_path, a_given_root_is_taken_as_it_is)
{
	char path[PATH_MAX];
	struct cgroup_tree tree;
	struct err e;
	int fd;

	tree_make(&tree, "");
	fd = cgroup_open_root(tree.root, path, &e);
	assert_ok(fd, &e);
	cr_assert_str_eq(path, tree.root);
	close(fd);
	tree_drop(&tree);
}

Test(cgroup_path, a_root_that_is_not_there_is_an_error)
{
	struct err e = { 0 };

	cr_assert_lt(cgroup_open_root("/nonexistent/tree", NULL, &e), 0);
	cr_assert_not_null(strstr(e.msg, "/nonexistent/tree"));
}

Test(cgroup_path, a_mount_is_found_by_type)
{
	char path[PATH_MAX];
	struct err e;

	assert_ok(mount_tree_find_fstype("proc", path, sizeof(path), &e), &e);
	cr_assert_str_eq(path, "/proc");
}

Test(cgroup_path, that_no_such_mount_exists_is_told)
{
	char path[PATH_MAX];
	struct err e = { 0 };

	cr_assert_lt(mount_tree_find_fstype("nosuchfs", path, sizeof(path), &e), 0);
	cr_assert_eq(e.kind, ERR_NOTFOUND);
}
