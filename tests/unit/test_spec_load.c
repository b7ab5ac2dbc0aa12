/* SPDX-License-Identifier: Apache-2.0 */
/* Documents from files and from memory: what is refused, what is kept, and how long it takes. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "spec/spec_check.h"

#define MINIMAL "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"}}"

static struct arena *arena;
static char directory[] = "/tmp/hull-load-XXXXXX";
static int dirfd = -EBADF;
static struct err e;

static void set_up(void)
{
	arena = arena_new();
	e = (struct err){ 0 };
	cr_assert(mkdtemp(directory));
	dirfd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(dirfd, 0);
}

static void tear_down(void)
{
	(void)unlinkat(dirfd, "config.json", 0); /* not every test has one */
	dirfd = x_close(dirfd);
	cr_assert_eq(rmdir(directory), 0);
	arena = arena_free(arena);
}

TestSuite(spec_load, .init = set_up, .fini = tear_down);

static void write_config(const char *text, size_t len)
{
	cr_assert_eq(file_write_atomic_at(dirfd, "config.json", text, len, 0644, &e), 0, "%s",
		     e.msg);
}

static int load(struct spec **ret)
{
	return spec_load_config(dirfd, "config.json", arena, ret, NULL, &e);
}

static int parse(const char *text, struct spec **ret)
{
	return spec_parse_config(text, strlen(text), arena, NULL, ret, &e);
}

Test(spec_load, a_file_is_read_with_its_text)
{
	const char *text;
	struct spec *s;

	write_config(MINIMAL, strlen(MINIMAL));
	cr_assert_eq(spec_load_config(dirfd, "config.json", arena, &s, &text, &e), 0, "%s", e.msg);
	cr_assert_str_eq(s->oci_version, "1.0.2");
	cr_assert_str_eq(s->root.path, "rootfs");
	cr_assert_null(s->process);
	cr_assert_str_eq(text, MINIMAL);
}

Test(spec_load, a_process_file_is_read)
{
	static const char text[] = "{\"cwd\":\"/\",\"args\":[\"a\",\"b\"]}";
	struct spec_process *p;

	write_config(text, strlen(text));
	cr_assert_eq(spec_load_process(dirfd, "config.json", arena, &p, &e), 0, "%s", e.msg);
	cr_assert_eq(p->args.n, 2u);
	cr_assert_str_eq(p->args.items[1], "b");
	cr_assert(!p->has_oom_score_adj);
}

Test(spec_load, a_missing_file_is_named)
{
	struct spec *s = NULL;

	cr_assert_eq(load(&s), -ENOENT);
	cr_assert(strstr(e.msg, "config.json"));
	cr_assert_null(s);
}

Test(spec_load, a_fifo_is_refused_at_once)
{
	struct spec *s;

	cr_assert_eq(mkfifoat(dirfd, "config.json", 0600), 0);
	cr_assert_eq(load(&s), -EINVAL);
	cr_assert(strstr(e.msg, "config.json"));
}

Test(spec_load, a_file_beyond_the_limit_is_refused)
{
	static char text[JSON_MAX_SIZE + 1];
	struct spec *s;

	memset(text, ' ', sizeof(text));
	memcpy(text, MINIMAL, strlen(MINIMAL));
	write_config(text, JSON_MAX_SIZE);
	cr_assert_eq(load(&s), 0, "%s", e.msg);
	write_config(text, JSON_MAX_SIZE + 1);
	cr_assert_eq(load(&s), -EINVAL);
}

Test(spec_load, a_syntax_error_names_the_file)
{
	struct spec *s;

	write_config("{\"ociVersion\":", 14);
	cr_assert_eq(load(&s), -EINVAL);
	cr_assert(e.where[0] || strstr(e.msg, "config.json"), "%s", e.msg);
}

Test(spec_load, documents_that_are_no_objects_are_refused)
{
	static const char *const texts[] = { "", "null", "[]", "\"x\"", "1", "{} {}", "{" };
	struct spec *s;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		cr_expect_eq(parse(texts[i], &s), -EINVAL, "%s", texts[i]);
}

Test(spec_load, what_the_document_must_have_is_asked_for)
{
	static const struct {
		const char *text, *where;
	} rows[] = {
		{ "{\"root\":{\"path\":\"r\"}}", "ociVersion" },
		{ "{\"ociVersion\":\"1.0.0\"}", "root" },
		{ "{\"ociVersion\":\"1.0.0\",\"root\":{}}", "root.path" },
		{ "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"\"}}", "root.path" },
		{ "{\"mounts\":[{}]}", "mounts[0].destination" },
		{ "{\"mounts\":[{\"destination\":\"\"}]}", "mounts[0].destination" },
		{ "{\"process\":{}}", "process.cwd" },
		{ "{\"process\":{\"user\":{\"gid\":0}}}", "process.user.uid" },
		{ "{\"process\":{\"user\":{\"uid\":0}}}", "process.user.gid" },
		{ "{\"hooks\":{\"prestart\":[{\"path\":\"\"}]}}", "hooks.prestart[0].path" },
		{ "{\"linux\":{\"namespaces\":[{}]}}", "linux.namespaces[0].type" },
		{ "{\"linux\":{\"seccomp\":{}}}", "linux.seccomp.defaultAction" },
		{ "{\"linux\":{\"seccomp\":{\"syscalls\":[{\"names\":[]}]}}}",
		  "linux.seccomp.syscalls[0].names" },
	};
	struct spec *s;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_expect_eq(parse(rows[i].text, &s), -EINVAL, "%s", rows[i].text);
		cr_expect_str_eq(e.where, rows[i].where, "%s: %s", rows[i].text, e.msg);
	}
}

Test(spec_load, an_unknown_name_is_answered_with_the_known_ones)
{
	struct spec *s;

	cr_assert_eq(parse("{\"linux\":{\"namespaces\":[{\"type\":\"pids\"}]}}", &s), -EINVAL);
	cr_assert_str_eq(e.where, "linux.namespaces[0].type");
	cr_assert(strstr(e.msg, "pids") && strstr(e.msg, "cgroup") && strstr(e.msg, "time"), "%s",
		  e.msg);
}

Test(spec_load, properties_of_later_versions_and_other_systems_are_skipped)
{
	struct spec *s;

	cr_assert_eq(parse("{\"ociVersion\":\"1.99.0\",\"root\":{\"path\":\"r\",\"new\":[{}]},"
			   "\"windows\":{\"layerFolders\":[1]},\"vm\":null}",
			   &s),
		     0, "%s: %s", e.where, e.msg);
}

Test(spec_load, zero_and_absent_numbers_are_told_apart)
{
	struct spec_resources *r;
	static const char text[] = "{\"memory\":{\"limit\":0},\"pids\":{\"limit\":0}}";

	cr_assert_eq(spec_parse_resources(text, strlen(text), arena, &r, &e), 0, "%s", e.msg);
	cr_assert(r->memory->has_limit && !r->memory->has_swap);
	cr_assert(r->has_pids_limit);
	cr_assert_null(r->cpu);
}

Test(spec_load, objects_keyed_by_name_keep_their_keys)
{
	struct spec_resources *r;
	static const char text[] =
		"{\"rdma\":{\"mlx5_0\":{\"hcaHandles\":3},\"mlx5_1\":{\"hcaObjects\":4}}}";

	cr_assert_eq(spec_parse_resources(text, strlen(text), arena, &r, &e), 0, "%s", e.msg);
	cr_assert_eq(r->rdma.n, 2u);
	cr_assert_str_eq(r->rdma.items[0].device, "mlx5_0");
	cr_assert_eq(r->rdma.items[0].hca_handles, 3u);
	cr_assert_str_eq(r->rdma.items[1].device, "mlx5_1");
	cr_assert(r->rdma.items[1].has_hca_objects && !r->rdma.items[1].has_hca_handles);
}

Test(spec_load, questions_about_a_spec_are_answered)
{
	struct spec *s;

	cr_assert_eq(parse("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},"
			   "\"annotations\":{\"a\":\"1\",\"b\":\"2\"},\"linux\":{\"namespaces\":["
			   "{\"type\":\"pid\"},{\"type\":\"uts\",\"path\":\"/u\"}]}}",
			   &s),
		     0, "%s", e.msg);
	cr_assert_str_eq(spec_find_namespace(s, CLONE_NEWUTS)->path, "/u");
	cr_assert_null(spec_find_namespace(s, CLONE_NEWPID)->path);
	cr_assert_null(spec_find_namespace(s, CLONE_NEWNET));
	cr_assert(!spec_has_userns(s));
	cr_assert_str_eq(spec_annotation(s, "b"), "2");
	cr_assert_null(spec_annotation(s, "c"));
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A document with n times `item` in the middle must load and pass within two seconds. */
static void is_linear(const char *head, const char *item, unsigned n, const char *tail)
{
	_cleanup_buf_ struct buf text = { 0 };
	double start = seconds();
	struct spec *s;

	buf_str(&text, head);
	for (unsigned i = 0; i < n; i++)
		buf_fmt(&text, "%s%s", i ? "," : "", item);
	buf_str(&text, tail);
	cr_assert_eq(parse(text.data, &s), 0, "%s: %s", e.where, e.msg);
	cr_assert_eq(spec_check(s, NULL, &e), 0, "%s: %s", e.where, e.msg);
	cr_assert_lt(seconds() - start, 2.0);
}

Test(spec_load, two_hundred_thousand_variables_take_no_time)
{
	is_linear("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\","
		  "\"args\":[\"a\"],\"env\":[",
		  "\"A=b\"", 200000, "]},\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]}}");
}

Test(spec_load, twenty_thousand_seccomp_rules_take_no_time)
{
	is_linear("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"linux\":{\"namespaces\":["
		  "{\"type\":\"mount\"}],"
		  "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[",
		  "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,"
		  "\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}",
		  20000, "]}}}");
}

static int64_t zero_tasks_in(const char *version)
{
	const char *text = arena_printf(arena,
					"{\"ociVersion\":\"%s\",\"root\":{\"path\":\"rootfs\"},"
					"\"linux\":{\"resources\":{\"pids\":{\"limit\":0}}}}",
					version);
	struct spec *s;

	cr_assert_eq(parse(text, &s), 0, "%s", e.msg);
	cr_assert(s->linux_.resources->has_pids_limit);
	return s->linux_.resources->pids_limit;
}

Test(spec_load, no_tasks_are_a_limit_since_1_3)
{
	static const char *const before[] = { "1.0.0", "1.0.2-dev", "1.2.1", "1.2.0+x" };
	static const char *const since[] = { "1.3.0", "1.3.0-rc.1", "1.10.0", "1.20.0" };

	for (size_t i = 0; i < ARRAY_SIZE(before); i++)
		cr_expect_eq(zero_tasks_in(before[i]), -1, "%s", before[i]);
	for (size_t i = 0; i < ARRAY_SIZE(since); i++)
		cr_expect_eq(zero_tasks_in(since[i]), 0, "%s", since[i]);
}
