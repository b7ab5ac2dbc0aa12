/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that hull writes itself. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* `hull spec`: a config.json that runs `sh` from ./rootfs; rootless: with a user namespace mapping
 * uid and gid (of the caller) to 0 and without network namespace and cgroup limits. */
int spec_default_write(bool rootless, unsigned uid, unsigned gid, struct buf *out, struct err *e);

/* `hull features`: true to what is built. mount options, seccomp names etc. are handed in by the
 * caller (life/features.c), which may see host/; spec may not. */
struct spec_features {
	const char *const *mount_options; /* ends with NULL */
	const char *const *capabilities;
	const char *const *seccomp_supported_flags;
	bool seccomp, apparmor, selinux, cgroup_systemd, cgroup_systemd_user, intel_rdt,
		net_devices, idmap, memory_policy, checkpoint;
	const char *version, *commit, *libseccomp_version;
};
int spec_features_write(const struct spec_features *f, struct buf *out, struct err *e);
