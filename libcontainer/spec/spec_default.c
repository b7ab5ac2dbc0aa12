/* SPDX-License-Identifier: Apache-2.0 */
/* The config.json of `hull spec`, as the structs that it decodes to. */
#include "spec/spec_default.h"

#include <linux/sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/spec.h"

#define INDENT 2

/* The structs are filled by clients' JSON everywhere else, hence their members are not const. */
#define ITEMS(type, ...)                                            \
	{                                                           \
		.items = (type[]){ __VA_ARGS__ },                   \
		.n = sizeof((type[]){ __VA_ARGS__ }) / sizeof(type) \
	}
#define STRINGS(...) ITEMS(const char *, __VA_ARGS__)
#define DEFAULT_CAPABILITIES STRINGS("CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE")

static struct spec_capabilities capabilities = {
	.bounding = DEFAULT_CAPABILITIES,
	.effective = DEFAULT_CAPABILITIES,
	.permitted = DEFAULT_CAPABILITIES,
};

static struct spec_process process = {
	.terminal = true,
	.args = STRINGS("sh"),
	.env = STRINGS("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		       "TERM=xterm"),
	.cwd = "/",
	.capabilities = &capabilities,
	.rlimits =
		ITEMS(struct spec_rlimit, { .type = "RLIMIT_NOFILE", .soft = 1024, .hard = 1024 }),
	.no_new_privileges = true,
};

/* What differs without root: no gid but one is mapped, so devpts cannot have gid 5; a sysfs of its
 * own needs a network namespace of its own, so the host's is bound. */
enum { MOUNT_PTS = 2, MOUNT_SYS = 5 };

static struct spec_mount mounts[] = {
	{ .destination = "/proc", .type = "proc", .source = "proc" },
	{ .destination = "/dev",
	  .type = "tmpfs",
	  .source = "tmpfs",
	  .options = STRINGS("nosuid", "strictatime", "mode=755", "size=65536k") },
	[MOUNT_PTS] = { .destination = "/dev/pts",
			.type = "devpts",
			.source = "devpts",
			.options = STRINGS("nosuid", "noexec", "newinstance", "ptmxmode=0666",
					   "mode=0620", "gid=5") },
	{ .destination = "/dev/shm",
	  .type = "tmpfs",
	  .source = "shm",
	  .options = STRINGS("nosuid", "noexec", "nodev", "mode=1777", "size=65536k") },
	{ .destination = "/dev/mqueue",
	  .type = "mqueue",
	  .source = "mqueue",
	  .options = STRINGS("nosuid", "noexec", "nodev") },
	[MOUNT_SYS] = { .destination = "/sys",
			.type = "sysfs",
			.source = "sysfs",
			.options = STRINGS("nosuid", "noexec", "nodev", "ro") },
	{ .destination = "/sys/fs/cgroup",
	  .type = "cgroup",
	  .source = "cgroup",
	  .options = STRINGS("nosuid", "noexec", "nodev", "relatime", "ro") },
};

static const struct spec_mount rootless_pts = {
	.destination = "/dev/pts",
	.type = "devpts",
	.source = "devpts",
	.options = STRINGS("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"),
};

static const struct spec_mount rootless_sys = {
	.destination = "/sys",
	.type = "none",
	.source = "/sys",
	.options = STRINGS("rbind", "nosuid", "noexec", "nodev", "ro"),
};

static struct spec_resources resources = {
	.devices = ITEMS(struct spec_device_rule, { .allow = false, .access = "rwm" }),
};

static const struct spec_linux linux_part = {
	.namespaces =
		ITEMS(struct spec_namespace, { .type = CLONE_NEWPID }, { .type = CLONE_NEWNET },
		      { .type = CLONE_NEWIPC }, { .type = CLONE_NEWUTS }, { .type = CLONE_NEWNS },
		      { .type = CLONE_NEWCGROUP }),
	.resources = &resources,
	.masked_paths = STRINGS("/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore",
				"/proc/keys", "/proc/latency_stats", "/proc/timer_list",
				"/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
				"/sys/firmware", "/sys/devices/virtual/powercap"),
	.readonly_paths =
		STRINGS("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"),
};

/* What a document without root changes, kept while it is written. */
struct rootless {
	struct spec_mount mounts[ARRAY_SIZE(mounts)];
	struct spec_id_map uid, gid;
};

static struct spec_namespace rootless_namespaces[] = {
	{ .type = CLONE_NEWPID }, { .type = CLONE_NEWIPC },    { .type = CLONE_NEWUTS },
	{ .type = CLONE_NEWNS },  { .type = CLONE_NEWCGROUP }, { .type = CLONE_NEWUSER },
};

static void make_rootless(struct spec *s, struct rootless *own, unsigned uid, unsigned gid)
{
	memcpy(own->mounts, mounts, sizeof(mounts));
	own->mounts[MOUNT_PTS] = rootless_pts;
	own->mounts[MOUNT_SYS] = rootless_sys;
	own->uid = (struct spec_id_map){ .host_id = uid, .size = 1 };
	own->gid = (struct spec_id_map){ .host_id = gid, .size = 1 };
	s->mounts.items = own->mounts;
	s->linux_.namespaces.items = rootless_namespaces;
	s->linux_.namespaces.n = ARRAY_SIZE(rootless_namespaces);
	s->linux_.uid_mappings = (spec_id_maps){ .items = &own->uid, .n = 1 };
	s->linux_.gid_mappings = (spec_id_maps){ .items = &own->gid, .n = 1 };
	s->linux_.resources = NULL;
}

int spec_default_write(bool rootless, unsigned uid, unsigned gid, struct buf *out, struct err *e)
{
	struct rootless own;
	struct spec s = {
		.oci_version = SPEC_VERSION,
		.root = { .path = "rootfs", .readonly = true },
		.mounts = { .items = mounts, .n = ARRAY_SIZE(mounts) },
		.process = &process,
		.hostname = "hull",
		.linux_ = linux_part,
	};

	if (rootless)
		make_rootless(&s, &own, uid, gid);
	return json_encode(spec_fields, &s, INDENT, out, e);
}
