/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of the security modules: compiled to the text for the attr files. A label that this host
 * cannot enforce or does not know is an error, before anything has changed: protection is never
 * dropped in silence. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "host/host.h"

#define APPARMOR_CURRENT "/proc/self/attr/apparmor/current"

static int unsupported(struct err *e, const char *module)
{
	return err_kind(e, ERR_UNSUPPORTED, "%s is not enabled on this host", module);
}

/* ---- AppArmor ------------------------------------------------------------------------------- */

static bool has_apparmor(void)
{
	char enabled[8];

	return file_read_buf(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", enabled,
			     sizeof(enabled)) > 0 &&
	       enabled[0] == 'Y';
}

static bool is_unconfined(const char *profile)
{
	return !profile[0] || strcmp(profile, "unconfined") == 0;
}

/* Asks the kernel without changing anything (apparmor(7), aa_change_profile(2)). Whether we may
 * change to it is for the change itself to tell. */
static int check_profile(const char *profile, struct arena *arena, struct err *e)
{
	const char *question;

	if (!has_apparmor())
		return unsupported(e, "AppArmor");
	question = arena_printf(arena, "permprofile %s", profile);
	if (!question)
		return err_nomem(e);
	if (file_write_at(AT_FDCWD, APPARMOR_CURRENT, question) == -ENOENT)
		return err_kind(e, ERR_NOTFOUND,
				"AppArmor profile %s is not loaded (see aa-status; apparmor_parser "
				"loads profiles)",
				profile);
	return 0;
}

static bool is_confined(void)
{
	char current[256];
	ssize_t n = file_read_buf(AT_FDCWD, APPARMOR_CURRENT, current, sizeof(current));

	return n == -E2BIG || (n > 0 && strcmp(current, "unconfined") != 0);
}

/* With no_new_privs the kernel takes only a change that gives no more rights. For who is confined
 * itself that is the profile on top of its own. */
static int plan_apparmor(const struct host_env *h, const struct spec_process *sp,
			 struct plan_process *pp, struct arena *arena, struct err *e)
{
	const char *profile = sp->apparmor_profile, *how = "exec";
	int r = 0;

	if (!profile || is_unconfined(profile))
		return 0;
	if (!h->dry_run) {
		r = check_profile(profile, arena, e);
		how = sp->no_new_privileges && is_confined() ? "stack" : "exec";
	}
	if (r < 0)
		return r;
	pp->apparmor = arena_printf(arena, "%s %s", how, profile);
	return pp->apparmor ? 0 : err_nomem(e);
}

/* ---- SELinux -------------------------------------------------------------------------------- */

static bool has_selinux(void)
{
	struct statfs fs;

	return statfs("/sys/fs/selinux", &fs) == 0 && fs.f_type == SELINUX_MAGIC;
}

/* A caller that may not ask will see when it uses the label. */
static int check_label(const char *label, struct err *e)
{
	if (!has_selinux())
		return unsupported(e, "SELinux");
	if (file_write_at(AT_FDCWD, "/sys/fs/selinux/context", label) == -EINVAL)
		return err_bad(e, "", "%s is no label of the SELinux policy that is loaded", label);
	return 0;
}

int lsm_label(const struct host_env *h, const char *label, const char **ret, struct arena *arena,
	      struct err *e)
{
	int r;

	if (!label || !label[0])
		return 0;
	r = h->dry_run ? 0 : check_label(label, e);
	if (r < 0)
		return r;
	*ret = arena_strdup(arena, label);
	return *ret ? 0 : err_nomem(e);
}

int lsm_plan(const struct host_env *h, const struct spec_process *sp, struct plan_process *pp,
	     struct arena *arena, struct err *e)
{
	if (plan_apparmor(h, sp, pp, arena, e) < 0)
		return err_at(e, "process.apparmorProfile");
	if (lsm_label(h, sp->selinux_label, &pp->selinux, arena, e) < 0)
		return err_at(e, "process.selinuxLabel");
	return 0;
}

int lsm_check(const char *option, struct arena *arena, struct err *e)
{
	if (!option)
		return 0;
	if (strncmp(option, "selinux:", 8) == 0)
		return check_label(option + 8, e);
	if (strncmp(option, "apparmor:", 9) == 0)
		return is_unconfined(option + 9) ? 0 : check_profile(option + 9, arena, e);
	return err_bad(e, "", "\"%s\" is neither apparmor:PROFILE nor selinux:LABEL", option);
}
