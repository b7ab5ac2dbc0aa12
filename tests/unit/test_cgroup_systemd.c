/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd is asked for: names, properties, annotations; and how its helper is asked. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroup_tree.h"
#include "host/cgroup.h"
#include "host/cgroup_systemd.h"
#include "tempdir.h"

static struct plan p;
static struct host_env env = {
	.id = "web1", .bundle = "/b", .dry_run = true, .cgroup_systemd = true
};

static void make_plan(void)
{
	struct err e;

	assert_ok(plan_init(&p, &e), &e);
}

static void drop_plan(void)
{
	plan_done(&p);
}

static int compile(const char *linux_, const char *annotations, struct err *e)
{
	char json[4096];
	struct spec *s;

	snprintf(json, sizeof(json),
		 "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},\"annotations\":{%s},"
		 "\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"],\"user\":{\"uid\":0,\"gid\":0}},"
		 "\"linux\":{%s}}",
		 annotations, linux_);
	assert_ok(spec_parse_config(json, strlen(json), p.arena, NULL, &s, e), e);
	return cgroup_plan(&env, s, &p, e);
}

/* "t 5", "ay 1 0 3"; NULL when there is no such property. */
static const char *property(const char *name)
{
	static char text[512];
	const struct plan_systemd *sd = p.cgroup.systemd;

	for (size_t i = 0; i < sd->n; i++) {
		const struct plan_property *q = &sd->properties[i];
		size_t n = 0;

		if (strcmp(q->name, name) != 0)
			continue;
		n = (size_t)snprintf(text, sizeof(text), "%s", q->type);
		for (size_t k = 0; k < q->n; k++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", q->values[k]);
		if (q->since)
			snprintf(text + n, sizeof(text) - n, " since %u", q->since);
		return text;
	}
	return NULL;
}

static void expect(const char *name, const char *value)
{
	const char *found = property(name);

	if (!value)
		cr_expect_null(found, "%s is %s", name, found);
	else
		cr_expect_str_eq(found ? found : "(none)", value, "%s is %s", name, found);
}

/* ---- names ---- */

struct name {
	char given[80], unit[80], path[128];
	bool rootless;
};

static struct name names[] = {
	{ "", "hull-web1.scope", "/system.slice/hull-web1.scope", false },
	{ "machine.slice:libpod:0123", "libpod-0123.scope", "/machine.slice/libpod-0123.scope",
	  false },
	{ "kube-besteffort-pod1.slice:cri-containerd:c", "cri-containerd-c.scope",
	  "/kube.slice/kube-besteffort.slice/kube-besteffort-pod1.slice/cri-containerd-c.scope",
	  false },
	{ ":docker:c", "docker-c.scope", "/system.slice/docker-c.scope", false },
	{ "a.slice::c", "c.scope", "/a.slice/c.scope", false },
	{ "a.slice:p:", "p-web1.scope", "/a.slice/p-web1.scope", false },
	{ "-.slice:p:c", "p-c.scope", "/p-c.scope", false },
	{ "a.slice:p:c+d/e", "p-c\\\\x2bd\\\\x2fe.scope", "/a.slice/p-c\\\\x2bd\\\\x2fe.scope",
	  false },
};

ParameterizedTestParameters(cgroup_systemd, the_path_names_unit_and_slice)
{
	return cr_make_param_array(struct name, names, ARRAY_SIZE(names));
}

/* In the table a backslash is written twice, as Criterion prints it. */
static void halve(char *text)
{
	char *out = text;

	for (; *text; text++) {
		*out++ = *text;
		text += text[0] == '\\' && text[1] == '\\';
	}
	*out = '\0';
}

ParameterizedTest(struct name *n, cgroup_systemd, the_path_names_unit_and_slice, .init = make_plan,
		  .fini = drop_plan)
{
	char text[128];
	struct err e;

	snprintf(text, sizeof(text), "\"cgroupsPath\":\"%s\"", n->given);
	assert_ok(compile(text, "", &e), &e);
	halve(n->unit);
	halve(n->path);
	cr_expect_str_eq(p.cgroup.systemd->unit, n->unit);
	cr_expect_str_eq(p.cgroup.path, n->path);
	cr_expect_not(p.cgroup.systemd->user);
}

Test(cgroup_systemd, without_privilege_it_is_the_manager_of_the_user, .init = make_plan,
     .fini = drop_plan)
{
	char path[128];
	struct err e;

	env.rootless = true;
	assert_ok(compile("", "", &e), &e);
	snprintf(path, sizeof(path), "/user.slice/user-%u.slice/user@%u.service/user.slice/%s",
		 getuid(), getuid(), "hull-web1.scope");
	cr_expect(p.cgroup.systemd->user);
	cr_expect_str_eq(p.cgroup.path, path);
	expect("Slice", "s user.slice");
}

struct refusal {
	char given[64], word[32];
};

static struct refusal refusals[] = {
	{ "/a/b", "slice:prefix:name" },     { "a:b", "slice:prefix:name" },
	{ "a.slice:b:c:d", "slice:prefix" }, { "machine:b:c", "no name of a slice" },
	{ "a-.slice:b:c", "dash" },	     { "a--b.slice:b:c", "dash" },
	{ "a/b.slice:b:c", "no name" },	     { "a.slice:b:c.slice", "name a scope" },
	{ ".slice:b:c", "no name" },
};

ParameterizedTestParameters(cgroup_systemd, other_paths_are_refused)
{
	return cr_make_param_array(struct refusal, refusals, ARRAY_SIZE(refusals));
}

ParameterizedTest(struct refusal *c, cgroup_systemd, other_paths_are_refused, .init = make_plan,
		  .fini = drop_plan)
{
	struct err e = { 0 };
	char text[128];

	snprintf(text, sizeof(text), "\"cgroupsPath\":\"%s\"", c->given);
	cr_assert_lt(compile(text, "", &e), 0);
	cr_expect_eq(e.kind, ERR_INVALID);
	cr_expect_str_eq(e.where, "linux.cgroupsPath");
	cr_expect_not_null(strstr(e.msg, c->word), "%s", e.msg);
}

Test(cgroup_systemd, names_longer_than_a_units_are_refused, .init = make_plan, .fini = drop_plan)
{
	char text[400];
	struct err e = { 0 };

	snprintf(text, sizeof(text), "\"cgroupsPath\":\"a.slice:p:%0250d\"", 1);
	cr_assert_lt(compile(text, "", &e), 0);
	cr_expect_not_null(strstr(e.msg, "255"), "%s", e.msg);
}

/* ---- properties ---- */

Test(cgroup_systemd, every_scope_is_delegated_and_forgotten_when_empty, .init = make_plan,
     .fini = drop_plan)
{
	struct err e;

	assert_ok(compile("", "", &e), &e);
	expect("Description", "s hull container web1");
	expect("Slice", "s system.slice");
	expect("Delegate", "b true");
	expect("CollectMode", "s inactive-or-failed");
	expect("DefaultDependencies", "b false");
	expect("MemoryAccounting", "b true");
	expect("MemoryMax", NULL);
	expect("DevicePolicy", NULL);
}

struct limit {
	char resources[200], name[32], value[64];
};

#define U64_MAX "18446744073709551615"

static struct limit limits[] = {
	{ "'memory':{'limit':5000}", "MemoryMax", "t 5000" },
	{ "'memory':{'limit':-1}", "MemoryMax", "t " U64_MAX },
	{ "'memory':{'limit':5000,'swap':7000}", "MemorySwapMax", "t 2000" },
	{ "'memory':{'reservation':4096}", "MemoryLow", "t 4096" },
	{ "'cpu':{'shares':1024}", "CPUWeight", "t 100" },
	{ "'cpu':{'shares':2}", "CPUWeight", "t 1" },
	{ "'cpu':{'quota':50000,'period':100000}", "CPUQuotaPerSecUSec", "t 500000" },
	{ "'cpu':{'quota':50000,'period':200000}", "CPUQuotaPeriodUSec", "t 200000" },
	{ "'cpu':{'quota':33333,'period':100000}", "CPUQuotaPerSecUSec", "t 340000" },
	{ "'cpu':{'quota':-1,'period':100000}", "CPUQuotaPerSecUSec", "t " U64_MAX },
	{ "'cpu':{'cpus':'0-1,9'}", "AllowedCPUs", "ay 3 2" },
	{ "'cpu':{'mems':'0'}", "AllowedMemoryNodes", "ay 1" },
	{ "'cpu':{'idle':1}", "CPUWeight", "t 0 since 252" },
	{ "'cpu':{'idle':0}", "CPUWeight", "t " U64_MAX },
	{ "'cpu':{'shares':1024,'idle':0}", "CPUWeight", "t 100" },
	{ "'pids':{'limit':7}", "TasksMax", "t 7" },
	{ "'pids':{'limit':0}", "TasksMax", "t 1" },
	{ "'pids':{'limit':-1}", "TasksMax", "t " U64_MAX },
	{ "'blockIO':{'weight':1000}", "IOWeight", "t 10000" },
	{ "'unified':{'memory.high':'1G'}", "MemoryHigh", "t 1073741824" },
	{ "'unified':{'memory.min':'4096'}", "MemoryMin", "t 4096" },
	{ "'unified':{'memory.zswap.max':'0'}", "MemoryZSwapMax", "t 0 since 253" },
	{ "'unified':{'cpu.max':'max'}", "CPUQuotaPerSecUSec", "t " U64_MAX },
	{ "'unified':{'io.weight':'default 50'}", "IOWeight", "t 50" },
	/* in v2's own words overrides */
	{ "'memory':{'limit':5000},'unified':{'memory.max':'6000'}", "MemoryMax", "t 6000" },
};

ParameterizedTestParameters(cgroup_systemd, limits_are_properties)
{
	return cr_make_param_array(struct limit, limits, ARRAY_SIZE(limits));
}

static void quote(char *text)
{
	for (; *text; text++)
		if (*text == '\'')
			*text = '"';
}

ParameterizedTest(struct limit *l, cgroup_systemd, limits_are_properties, .init = make_plan,
		  .fini = drop_plan)
{
	char text[300];
	struct err e;

	snprintf(text, sizeof(text), "'resources':{%s}", l->resources);
	quote(text);
	assert_ok(compile(text, "", &e), &e);
	expect(l->name, l->value);
}

Test(cgroup_systemd, what_systemd_has_no_word_for_is_left_to_the_files, .init = make_plan,
     .fini = drop_plan)
{
	char text[] = "'resources':{'cpu':{'quota':5000,'burst':1000},'unified':"
		      "{'io.weight':'8:0 50','memory.high':'much','cpuset.cpus':'0-'}}";
	struct err e;

	quote(text);
	assert_ok(compile(text, "", &e), &e);
	expect("IOWeight", NULL);
	expect("MemoryHigh", NULL);
	expect("AllowedCPUs", NULL);
	cr_expect_eq(p.cgroup.n_writes, 5, "%zu writes", p.cgroup.n_writes);
}

/* ---- annotations ---- */

struct variant {
	char name[32], text[80], property[32], value[80];
};

static struct variant variants[] = {
	{ "SendSIGHUP", "true", "SendSIGHUP", "b true" },
	{ "KillMode", "'process'", "KillMode", "s process" },
	{ "KillMode", " \"process\" ", "KillMode", "s process" },
	{ "KillSignal", "15", "KillSignal", "i 15" },
	{ "KillSignal", "int32 -15", "KillSignal", "i -15" },
	{ "MemoryHigh", "uint64 5", "MemoryHigh", "t 5" },
	{ "MemoryHigh", "@t 5", "MemoryHigh", "t 5" },
	{ "Factor", "0.5", "Factor", "d 0.5" },
	{ "Documentation", "['man:a(1)', 'man:b(2)']", "Documentation", "as man:a(1) man:b(2)" },
	{ "Names", "@as []", "Names", "as" },
	{ "Numbers", "[uint32 1, 2]", "Numbers", "au 1 2" },
	{ "Flags", "[true,false]", "Flags", "ab true false" },
	{ "Text", "'it\\\\'s'", "Text", "s it's" },
	{ "TimeoutStopSec", "5", "TimeoutStopUSec", "t 5000000" },
	{ "TimeoutStopSec", "uint64 5", "TimeoutStopUSec", "t 5000000" },
	{ "TimeoutStopSec", "1.25", "TimeoutStopUSec", "t 1250000" },
	{ "TimeoutStopUSec", "uint64 7", "TimeoutStopUSec", "t 7" },
	/* what the configuration says itself has the last word */
	{ "Description", "'mine'", "Description", "s mine" },
};

ParameterizedTestParameters(cgroup_systemd, annotations_are_properties)
{
	return cr_make_param_array(struct variant, variants, ARRAY_SIZE(variants));
}

/* As JSON. */
static void annotation(char *out, size_t size, const char *name, const char *value)
{
	size_t n = (size_t)snprintf(out, size, "\"org.systemd.property.%s\":\"", name);

	for (; *value; value++)
		n += (size_t)snprintf(out + n, size - n, *value == '"' ? "\\%c" : "%c", *value);
	snprintf(out + n, size - n, "\"");
}

ParameterizedTest(struct variant *v, cgroup_systemd, annotations_are_properties, .init = make_plan,
		  .fini = drop_plan)
{
	char text[300];
	struct err e;

	annotation(text, sizeof(text), v->name, v->text);
	assert_ok(compile("", text, &e), &e);
	expect(v->property, v->value);
}

static struct variant broken[] = {
	{ "Ab", "true", "", "no name of a property" },
	{ "Kill_Mode", "true", "", "no name of a property" },
	{ "KillMode", "process", "", "no boolean" },
	{ "KillMode", "'process", "", "does not end" },
	{ "KillMode", "'a' 'b'", "", "left over" },
	{ "KillSignal", "3000000000", "", "in range" },
	{ "KillSignal", "byte 256", "", "in range" },
	{ "KillSignal", "uint32 -1", "", "in range" },
	{ "KillSignal", "", "", "no boolean" },
	{ "Names", "[]", "", "needs its type" },
	{ "Names", "['a', 1]", "", "no boolean" },
	{ "Names", "[1, 'a']", "", "another type" },
	{ "Names", "['a'", "", "expected" },
	{ "Names", "@as 'a'", "", "expected [" },
	{ "Names", "@z 1", "", "unknown type" },
	{ "Text", "'\\\\q'", "", "escape" },
	{ "TimeoutStopSec", "'5'", "", "number of seconds" },
	{ "TimeoutStopSec", "-5", "", "number of seconds" },
};

ParameterizedTestParameters(cgroup_systemd, broken_annotations_are_refused)
{
	return cr_make_param_array(struct variant, broken, ARRAY_SIZE(broken));
}

ParameterizedTest(struct variant *v, cgroup_systemd, broken_annotations_are_refused,
		  .init = make_plan, .fini = drop_plan)
{
	char text[300];
	struct err e = { 0 };

	annotation(text, sizeof(text), v->name, v->text);
	cr_assert_lt(compile("", text, &e), 0, "%s = %s is accepted", v->name, v->text);
	cr_expect_eq(e.kind, ERR_INVALID);
	cr_expect_not_null(strstr(e.where, "annotations[\"org.systemd.property."), "%s", e.where);
	cr_expect_not_null(strstr(e.msg, v->value), "%s", e.msg);
}

/* ---- groups below ---- */

struct below {
	char subgroup[32], delegate[32], path[64], below[32];
};

static struct below belows[] = {
	{ "a", "b", "/system.slice/hull-web1.scope/a", "/b" },
	{ "a//b/", "./c/d", "/system.slice/hull-web1.scope/a/b", "/c/d" },
	{ "/a", "b", "/system.slice/hull-web1.scope/a", "/b" },
	{ "", "b", "/system.slice/hull-web1.scope", "/b" },
};

ParameterizedTestParameters(cgroup_systemd, annotations_name_groups_below)
{
	return cr_make_param_array(struct below, belows, ARRAY_SIZE(belows));
}

ParameterizedTest(struct below *b, cgroup_systemd, annotations_name_groups_below, .init = make_plan,
		  .fini = drop_plan)
{
	char text[200];
	struct err e;

	snprintf(text, sizeof(text),
		 "\"run.oci.systemd.subgroup\":\"%s\",\"run.oci.delegate-cgroup\":\"%s\"",
		 b->subgroup, b->delegate);
	assert_ok(compile("", text, &e), &e);
	cr_expect_str_eq(p.cgroup.path, b->path);
	cr_expect_str_eq(p.cgroup.delegate, b->below);
	cr_expect_eq(p.cgroup.delegate_uid, 0);
}

Test(cgroup_systemd, a_delegated_group_is_of_root_in_the_user_namespace, .init = make_plan,
     .fini = drop_plan)
{
	struct err e;

	assert_ok(compile("\"namespaces\":[{\"type\":\"user\"}],\"uidMappings\":"
			  "[{\"containerID\":0,\"hostID\":7000,\"size\":9}],\"gidMappings\":[]",
			  "\"run.oci.delegate-cgroup\":\"b\"", &e),
		  &e);
	cr_expect_eq(p.cgroup.delegate_uid, 7000);
}

static struct below nowhere[] = {
	{ "..", "b", "run.oci.systemd.subgroup", "" },
	{ "a/../..", "b", "run.oci.systemd.subgroup", "" },
	{ "/", "b", "run.oci.systemd.subgroup", "" },
	{ "a", "", "run.oci.delegate-cgroup", "" },
	{ "a", ".", "run.oci.delegate-cgroup", "" },
	{ "a", "../b", "run.oci.delegate-cgroup", "" },
};

ParameterizedTestParameters(cgroup_systemd, other_names_of_groups_are_refused)
{
	return cr_make_param_array(struct below, nowhere, ARRAY_SIZE(nowhere));
}

ParameterizedTest(struct below *b, cgroup_systemd, other_names_of_groups_are_refused,
		  .init = make_plan, .fini = drop_plan)
{
	struct err e = { 0 };
	char text[200];

	snprintf(text, sizeof(text),
		 "\"run.oci.systemd.subgroup\":\"%s\",\"run.oci.delegate-cgroup\":\"%s\"",
		 b->subgroup, b->delegate);
	cr_assert_lt(compile("", text, &e), 0);
	cr_expect_eq(e.kind, ERR_INVALID);
	snprintf(text, sizeof(text), "annotations[\"%s\"]", b->path);
	cr_expect_str_eq(e.where, text);
	cr_expect_not_null(strstr(e.msg, "no name of a group"), "%s", e.msg);
}

/* ---- asking ---- */

static const struct plan_property two[] = {
	{ .name = "TasksMax", .type = "t", .values = (const char *[]){ "1" }, .n = 1 },
	{ .name = "Names",
	  .type = "as",
	  .values = (const char *[]){ "a b", "" },
	  .n = 2,
	  .since = 250 },
};
static const struct plan_systemd unit = {
	.unit = "a.scope", .user = true, .properties = (struct plan_property *)two, .n = 2
};

Test(cgroup_systemd, the_request_is_words_and_the_answer_a_path, .init = tempdir_enter,
     .fini = tempdir_leave)
{
	char path[PATH_MAX], seen[256];
	struct err e;

	tempdir_program("hull-systemd", "tr '\\0' '|' >seen; echo /some/group");
	assert_ok(cgroup_systemd_start(&unit, "file:/x", 77, path, &e), &e);
	cr_expect_str_eq(path, "/some/group");
	assert_ok(file_read_buf(AT_FDCWD, "seen", seen, sizeof(seen)), &e);
	/* one task is less than it takes to start one */
	cr_expect_str_eq(seen,
			 "start|user|a.scope|77|Names|250|as|2|a b||Documentation|0|as|1|file:/x|",
			 "%s", seen);
	assert_ok(cgroup_systemd_settle(&unit, &e), &e);
	assert_ok(file_read_buf(AT_FDCWD, "seen", seen, sizeof(seen)), &e);
	cr_expect_str_eq(seen, "set|user|a.scope|TasksMax|0|t|1|1|", "%s", seen);
}

struct place {
	char path[48], below[16];
};

static struct place places[] = {
	{ "/user.slice/a.scope", "" },
	{ "/user.slice/a.scope/b/c", "/b/c" },
	{ "/a.scope.slice/a.scope/b", "/b" },
	{ "/a.scope/a.scope", "/a.scope" },
};

ParameterizedTestParameters(cgroup_systemd, processes_go_below_the_unit)
{
	return cr_make_param_array(struct place, places, ARRAY_SIZE(places));
}

ParameterizedTest(struct place *c, cgroup_systemd, processes_go_below_the_unit,
		  .init = tempdir_enter, .fini = tempdir_leave)
{
	char seen[256], expected[64];
	struct err e;

	tempdir_program("hull-systemd", "tr '\\0' '|' >seen");
	snprintf(expected, sizeof(expected), "attach|user|a.scope|77|%s|", c->below);
	assert_ok(cgroup_systemd_attach(&unit, 77, c->path, &e), &e);
	assert_ok(file_read_buf(AT_FDCWD, "seen", seen, sizeof(seen)), &e);
	cr_expect_str_eq(seen, expected);
}

struct ending {
	char script[80], word[48];
	enum err_kind kind;
};

static struct ending endings[] = {
	{ "echo no such slice; exit 1", "no such slice", ERR_SYS },
	{ "echo is there already; exit 2", "is there already", ERR_EXISTS },
	{ "echo gave up; exit 3", "gave up", ERR_TIMEOUT },
	{ "exit 77", "status 77", ERR_SYS },
	{ "kill -9 $$", "signal 9", ERR_SYS },
	{ "sleep 100 >/dev/null & exec sleep 100", "does not answer", ERR_TIMEOUT },
};

ParameterizedTestParameters(cgroup_systemd, every_end_of_the_helper_is_told)
{
	return cr_make_param_array(struct ending, endings, ARRAY_SIZE(endings));
}

ParameterizedTest(struct ending *c, cgroup_systemd, every_end_of_the_helper_is_told,
		  .init = tempdir_enter, .fini = tempdir_leave)
{
	struct buf request = { .data = (char *)"x", .len = 1 };
	struct err e = { 0 };
	char answer[64];

	tempdir_program("hull-systemd", c->script);
	cr_assert_lt(cgroup_systemd_ask(&request, 2000, answer, sizeof(answer), &e), 0);
	cr_expect_eq(e.kind, c->kind, "%s", e.msg);
	cr_expect_not_null(strstr(e.msg, c->word), "%s", e.msg);
}

Test(cgroup_systemd, a_missing_helper_is_told_with_what_to_do)
{
	struct err e = { 0 };

	setenv("HULL_LIBEXEC", "/nonexistent", 1);
	cr_assert_lt(cgroup_systemd_stop(&unit, NULL, &e), 0);
	cr_expect_eq(e.kind, ERR_UNSUPPORTED);
	cr_expect_not_null(strstr(e.msg, "/nonexistent/hull-systemd"), "%s", e.msg);
	cr_expect_not_null(strstr(e.msg, "install"), "%s", e.msg);
}
