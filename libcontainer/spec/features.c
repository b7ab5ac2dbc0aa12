/* SPDX-License-Identifier: Apache-2.0 */
/* The document of `hull features`: what this build knows, whatever the host. */
#include "spec/spec.h"
#include "spec/spec_default.h"

#define INDENT 4

static void write_strings(struct json_writer *w, const char *key, const char *const *strings)
{
	json_key(w, key);
	json_open_array(w);
	for (; *strings; strings++)
		json_str(w, *strings);
	json_close_array(w);
}

static void write_names(struct json_writer *w, const char *key, const struct name_value *names,
			size_t n)
{
	json_key(w, key);
	json_open_array(w);
	for (size_t i = 0; i < n; i++)
		json_str(w, names[i].name);
	json_close_array(w);
}

static void write_bool(struct json_writer *w, const char *key, bool value)
{
	json_key(w, key);
	json_bool(w, value);
}

static void write_string(struct json_writer *w, const char *key, const char *value)
{
	json_key(w, key);
	json_str(w, value);
}

static void open_member(struct json_writer *w, const char *key)
{
	json_key(w, key);
	json_open_object(w);
}

static void write_enabled(struct json_writer *w, const char *key, bool enabled)
{
	open_member(w, key);
	write_bool(w, "enabled", enabled);
	json_close_object(w);
}

static void write_cgroup(struct json_writer *w, const struct spec_features *f)
{
	open_member(w, "cgroup");
	write_bool(w, "v1", false);
	write_bool(w, "v2", true);
	write_bool(w, "systemd", f->cgroup_systemd);
	write_bool(w, "systemdUser", f->cgroup_systemd_user);
	write_bool(w, "rdma", true);
	json_close_object(w);
}

static void write_seccomp(struct json_writer *w, const struct spec_features *f)
{
	open_member(w, "seccomp");
	write_bool(w, "enabled", f->seccomp);
	if (f->seccomp) {
		write_names(w, "actions", spec_seccomp_action_names, spec_seccomp_action_n);
		write_names(w, "operators", spec_seccomp_op_names, spec_seccomp_op_n);
		write_names(w, "archs", spec_seccomp_arch_names, spec_seccomp_arch_n);
		write_names(w, "knownFlags", spec_seccomp_flag_names, spec_seccomp_flag_n);
		write_strings(w, "supportedFlags", f->seccomp_supported_flags);
	}
	json_close_object(w);
}

static void write_memory_policy(struct json_writer *w)
{
	open_member(w, "memoryPolicy");
	write_names(w, "modes", spec_memory_policy_mode_names, spec_memory_policy_mode_n);
	write_names(w, "flags", spec_memory_policy_flag_names, spec_memory_policy_flag_n);
	json_close_object(w);
}

static void write_intel_rdt(struct json_writer *w, bool enabled)
{
	open_member(w, "intelRdt");
	write_bool(w, "enabled", enabled);
	if (enabled) {
		write_bool(w, "schemata", true);
		write_bool(w, "monitoring", true);
	}
	json_close_object(w);
}

static void write_linux(struct json_writer *w, const struct spec_features *f)
{
	open_member(w, "linux");
	write_names(w, "namespaces", spec_namespace_names, spec_namespace_n);
	write_strings(w, "capabilities", f->capabilities);
	write_cgroup(w, f);
	write_seccomp(w, f);
	write_enabled(w, "apparmor", f->apparmor);
	write_enabled(w, "selinux", f->selinux);
	write_intel_rdt(w, f->intel_rdt);
	if (f->memory_policy)
		write_memory_policy(w);
	open_member(w, "mountExtensions");
	write_enabled(w, "idmap", f->idmap);
	json_close_object(w);
	write_enabled(w, "netDevices", f->net_devices);
	json_close_object(w);
}

/* Docker asks for the checkpoint key under runc's name. */
static void write_annotations(struct json_writer *w, const struct spec_features *f)
{
	open_member(w, "annotations");
	if (f->libseccomp_version)
		write_string(w, "io.github.seccomp.libseccomp.version", f->libseccomp_version);
	write_string(w, "org.opencontainers.runc.checkpoint.enabled",
		     f->checkpoint ? "true" : "false");
	write_string(w, "hull.version", f->version);
	if (f->commit)
		write_string(w, "hull.commit", f->commit);
	json_close_object(w);
}

static void write_unsafe(struct json_writer *w, const struct spec_features *f)
{
	const char *names[4] = {};
	size_t n = 0;

	names[n++] = "run.oci.";
	if (f->cgroup_systemd)
		names[n++] = "org.systemd.property.";
	if (f->checkpoint)
		names[n++] = "org.criu.config";
	write_strings(w, "potentiallyUnsafeConfigAnnotations", names);
}

int spec_features_write(const struct spec_features *f, struct buf *out, struct err *e)
{
	static const char *const hooks[] = {
		"prestart",
		"createRuntime",
		"createContainer",
		"startContainer",
		"poststart",
		"poststop",
		NULL,
	};
	struct json_writer *w = json_writer_new(INDENT);

	if (!w)
		return err_nomem(e);
	json_open_object(w);
	write_string(w, "ociVersionMin", "1.0.0");
	write_string(w, "ociVersionMax", SPEC_VERSION);
	write_strings(w, "hooks", hooks);
	write_strings(w, "mountOptions", f->mount_options);
	write_linux(w, f);
	write_annotations(w, f);
	write_unsafe(w, f);
	json_close_object(w);
	return json_writer_finish(w, out, e);
}
