/* SPDX-License-Identifier: Apache-2.0 */
/* The features document says what it was told of the build, in the shape that clients read. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "spec/spec.h"
#include "spec/spec_default.h"

static const char *const mount_options[] = { "bind", "rro", NULL };
static const char *const capabilities[] = { "CAP_KILL", NULL };
static const char *const flags[] = { "SECCOMP_FILTER_FLAG_LOG", NULL };

static const struct spec_features everything = {
	.mount_options = mount_options,
	.capabilities = capabilities,
	.seccomp_supported_flags = flags,
	.seccomp = true,
	.apparmor = true,
	.selinux = true,
	.cgroup_systemd = true,
	.cgroup_systemd_user = true,
	.intel_rdt = true,
	.net_devices = true,
	.idmap = true,
	.memory_policy = true,
	.checkpoint = true,
	.version = "1.2.3",
	.commit = "abc",
	.libseccomp_version = "2.5.4",
};

static const struct spec_features little = {
	.mount_options = mount_options,
	.capabilities = capabilities,
	.seccomp_supported_flags = flags,
	.version = "1.2.3",
};

/* What of the document is compared: the rest as raw text. */
struct linux_part {
	spec_strings namespaces, capabilities;
	const char *cgroup, *seccomp, *apparmor, *selinux, *intel_rdt, *memory_policy,
		*mount_extensions, *net_devices;
};

struct features {
	const char *min, *max;
	spec_strings hooks, mount_options, unsafe;
	struct linux_part linux_;
	spec_map annotations;
};

#define STRINGS(n, tag, member)                                                              \
	JSON_FIELD(n, J_ARRAY, struct tag, member, .flags = JSON_REQUIRED, .elem = J_STRING, \
		   .size = sizeof(const char *))
#define RAW(n, tag, member) JSON_FIELD(n, J_ANY, struct tag, member)

static const struct json_field linux_fields[] = { STRINGS("namespaces", linux_part, namespaces),
						  STRINGS("capabilities", linux_part, capabilities),
						  RAW("cgroup", linux_part, cgroup),
						  RAW("seccomp", linux_part, seccomp),
						  RAW("apparmor", linux_part, apparmor),
						  RAW("selinux", linux_part, selinux),
						  RAW("intelRdt", linux_part, intel_rdt),
						  RAW("memoryPolicy", linux_part, memory_policy),
						  RAW("mountExtensions", linux_part,
						      mount_extensions),
						  RAW("netDevices", linux_part, net_devices),
						  {} };

static const struct json_field features_fields[] = {
	JSON_FIELD("ociVersionMin", J_STRING, struct features, min, .flags = JSON_REQUIRED),
	JSON_FIELD("ociVersionMax", J_STRING, struct features, max, .flags = JSON_REQUIRED),
	STRINGS("hooks", features, hooks),
	STRINGS("mountOptions", features, mount_options),
	STRINGS("potentiallyUnsafeConfigAnnotations", features, unsafe),
	JSON_FIELD("linux", J_OBJECT, struct features, linux_, .flags = JSON_REQUIRED,
		   .fields = linux_fields),
	JSON_FIELD("annotations", J_MAP, struct features, annotations, .flags = JSON_REQUIRED),
	{},
};

static struct arena *arena;

static void set_up(void)
{
	arena = arena_new();
}

static void tear_down(void)
{
	arena = arena_free(arena);
}

TestSuite(features, .init = set_up, .fini = tear_down);

static struct features written(const struct spec_features *f)
{
	_cleanup_buf_ struct buf text = { 0 };
	struct features read = { 0 };
	struct err e = { 0 };

	cr_assert_eq(spec_features_write(f, &text, &e), 0, "%s", e.msg);
	cr_assert_eq(json_decode(features_fields, &read, text.data, text.len, arena, NULL, &e), 0,
		     "%s: %s: %s", e.where, e.msg, text.data);
	return read;
}

/* Raw text without blanks, so that layout does not matter. */
static const char *squeezed(const char *raw)
{
	char *copy = arena_strdup(arena, raw), *to = copy;

	for (const char *from = raw; *from; from++)
		if (!strchr(" \n", *from))
			*to++ = *from;
	*to = '\0';
	return copy;
}

static const char *annotation(const struct features *f, const char *key)
{
	for (size_t i = 0; i < f->annotations.n; i++)
		if (strcmp(f->annotations.items[i].key, key) == 0)
			return f->annotations.items[i].value;
	return NULL;
}

Test(features, versions_and_hooks_are_those_of_the_specification)
{
	struct features f = written(&everything);

	cr_expect_str_eq(f.min, "1.0.0");
	cr_expect_str_eq(f.max, "1.3.0");
	cr_assert_eq(f.hooks.n, 6u);
	cr_expect_str_eq(f.hooks.items[1], "createRuntime");
	cr_expect_eq(f.linux_.namespaces.n, 8u);
}

Test(features, lists_are_those_handed_in)
{
	struct features f = written(&everything);

	cr_assert_eq(f.mount_options.n, 2u);
	cr_expect_str_eq(f.mount_options.items[1], "rro");
	cr_assert_eq(f.linux_.capabilities.n, 1u);
	cr_expect_str_eq(f.linux_.capabilities.items[0], "CAP_KILL");
}

Test(features, only_cgroup_v2_is_claimed)
{
	cr_expect_str_eq(squeezed(written(&everything).linux_.cgroup),
			 "{\"v1\":false,\"v2\":true,\"systemd\":true,\"systemdUser\":true,"
			 "\"rdma\":true}");
	cr_expect_str_eq(squeezed(written(&little).linux_.cgroup),
			 "{\"v1\":false,\"v2\":true,\"systemd\":false,\"systemdUser\":false,"
			 "\"rdma\":true}");
}

Test(features, seccomp_names_are_those_that_the_configuration_takes)
{
	const char *seccomp = written(&everything).linux_.seccomp;

	cr_expect(strstr(seccomp, "\"SCMP_ACT_KILL_PROCESS\""));
	cr_expect(strstr(seccomp, "\"SCMP_CMP_MASKED_EQ\""));
	cr_expect(strstr(seccomp, "\"SCMP_ARCH_X86_64\""));
	cr_expect(strstr(seccomp, "\"SECCOMP_FILTER_FLAG_TSYNC\""));
	cr_expect(strstr(squeezed(seccomp), "\"supportedFlags\":[\"SECCOMP_FILTER_FLAG_LOG\"]"));
}

Test(features, what_is_not_built_is_not_claimed)
{
	struct features f = written(&little);

	cr_expect_str_eq(squeezed(f.linux_.seccomp), "{\"enabled\":false}");
	cr_expect_str_eq(squeezed(f.linux_.apparmor), "{\"enabled\":false}");
	cr_expect_str_eq(squeezed(f.linux_.selinux), "{\"enabled\":false}");
	cr_expect_str_eq(squeezed(f.linux_.intel_rdt), "{\"enabled\":false}");
	cr_expect_str_eq(squeezed(f.linux_.net_devices), "{\"enabled\":false}");
	cr_expect_str_eq(squeezed(f.linux_.mount_extensions), "{\"idmap\":{\"enabled\":false}}");
	cr_expect_null(f.linux_.memory_policy);
	cr_assert_eq(f.unsafe.n, 1u);
	cr_expect_str_eq(f.unsafe.items[0], "run.oci.");
	cr_expect_null(annotation(&f, "io.github.seccomp.libseccomp.version"));
	cr_expect_null(annotation(&f, "hull.commit"));
	cr_expect_str_eq(annotation(&f, "org.opencontainers.runc.checkpoint.enabled"), "false");
}

Test(features, what_is_built_is_claimed)
{
	struct features f = written(&everything);

	cr_expect_str_eq(squeezed(f.linux_.apparmor), "{\"enabled\":true}");
	cr_expect_str_eq(squeezed(f.linux_.intel_rdt),
			 "{\"enabled\":true,\"schemata\":true,\"monitoring\":true}");
	cr_expect_str_eq(squeezed(f.linux_.mount_extensions), "{\"idmap\":{\"enabled\":true}}");
	cr_assert_not_null(f.linux_.memory_policy);
	cr_expect(strstr(f.linux_.memory_policy, "\"MPOL_WEIGHTED_INTERLEAVE\""));
	cr_expect(strstr(f.linux_.memory_policy, "\"MPOL_F_STATIC_NODES\""));
	cr_assert_eq(f.unsafe.n, 3u);
	cr_expect_str_eq(f.unsafe.items[0], "run.oci.");
	cr_expect_str_eq(f.unsafe.items[1], "org.systemd.property.");
	cr_expect_str_eq(f.unsafe.items[2], "org.criu.config");
	cr_expect_str_eq(annotation(&f, "hull.version"), "1.2.3");
	cr_expect_str_eq(annotation(&f, "hull.commit"), "abc");
	cr_expect_str_eq(annotation(&f, "io.github.seccomp.libseccomp.version"), "2.5.4");
	cr_expect_str_eq(annotation(&f, "org.opencontainers.runc.checkpoint.enabled"), "true");
}
