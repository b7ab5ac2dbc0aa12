/* SPDX-License-Identifier: Apache-2.0 */
/* Documents about hull itself: what it can do, and a configuration to begin with. */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "host/host.h"
#include "libcontainer.h"
#include "spec/spec_default.h"

int lc_features(struct buf *out, struct err *e)
{
	struct spec_features f = {
		.mount_options = mount_opts_names,
		.capabilities = creds_capability_names(),
		.seccomp_supported_flags = seccomp_supported_flags,
		.seccomp = true,
		.apparmor = true,
		.selinux = true,
		.cgroup_systemd = HULL_SYSTEMD,
		.cgroup_systemd_user = HULL_SYSTEMD,
		.idmap = true,
		.intel_rdt = true,
		.net_devices = true,
		.memory_policy = true,
		.checkpoint = true,
		.version = HULL_VERSION,
		.commit = HULL_COMMIT,
		.libseccomp_version = seccomp_library_version(),
	};

	return spec_features_write(&f, out, e);
}

int lc_spec(bool rootless, struct buf *out, struct err *e)
{
	return spec_default_write(rootless, geteuid(), getegid(), out, e);
}
