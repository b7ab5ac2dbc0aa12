/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of the security modules: compiled to the text for the attr files. A label that this host
 * cannot enforce is an error: protection is never dropped in silence. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "host/host.h"

static bool has_apparmor(void)
{
	char enabled[8];

	return file_read_buf(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", enabled,
			     sizeof(enabled)) > 0 &&
	       enabled[0] == 'Y';
}

static bool has_selinux(void)
{
	struct statfs fs;

	return statfs("/sys/fs/selinux", &fs) == 0 && fs.f_type == SELINUX_MAGIC;
}

static int unsupported(struct err *e, const char *where, const char *module)
{
	err_kind(e, ERR_UNSUPPORTED, "%s is not enabled on this host", module);
	return err_at(e, "%s", where);
}

int lsm_plan(const struct host_env *h, const struct spec_process *sp, struct plan_process *pp,
	     struct arena *arena, struct err *e)
{
	const char *profile = sp->apparmor_profile, *label = sp->selinux_label;

	if (profile && profile[0] && strcmp(profile, "unconfined") != 0) {
		if (!h->dry_run && !has_apparmor())
			return unsupported(e, "process.apparmorProfile", "AppArmor");
		pp->apparmor = arena_printf(arena, "exec %s", profile);
		if (!pp->apparmor)
			return err_nomem(e);
	}
	if (label && label[0]) {
		if (!h->dry_run && !has_selinux())
			return unsupported(e, "process.selinuxLabel", "SELinux");
		pp->selinux = arena_strdup(arena, label);
		if (!pp->selinux)
			return err_nomem(e);
	}
	return 0;
}
