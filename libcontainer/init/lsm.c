/* SPDX-License-Identifier: Apache-2.0 */
/* The labels of the program and of its keys, written through the host's procfs: whatever the
 * container has mounted on its /proc, the label arrives (CVE-2019-16884). */
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "init/init.h"
#include "sys/sys.h"

static int write_attr(int proc_fd, const char *path, const char *text)
{
	_cleanup_close_ int fd = path_open_proc(proc_fd, path, O_WRONLY);
	ssize_t n = fd < 0 ? fd : sys_write(fd, text, strlen(text));

	return n < 0 ? (int)n : 0;
}

static int refused(struct err *e, int r, const char *module, const char *text, const char *where)
{
	err_sys(e, r, module, "%s", text);
	return err_at(e, "%s", where);
}

int lsm_apply(const struct plan_process *pp, int proc_fd, struct err *e)
{
	int r = 0;

	/* The file of its own, for attr/exec may be SELinux's on the same host. */
	if (pp->apparmor)
		r = write_attr(proc_fd, "self/attr/apparmor/exec", pp->apparmor);
	if (r < 0)
		return refused(e, r, "apparmor", pp->apparmor, "process.apparmorProfile");
	if (pp->selinux)
		r = write_attr(proc_fd, "self/attr/exec", pp->selinux);
	return r < 0 ? refused(e, r, "selinux", pp->selinux, "process.selinuxLabel") : 0;
}

int lsm_label_keys(const struct plan_process *pp, bool begin, int proc_fd, struct err *e)
{
	int r = pp->selinux ? write_attr(proc_fd, "self/attr/keycreate", begin ? pp->selinux : "\n")
			    : 0;

	return r < 0 ? refused(e, r, "selinux", "label of the session keyring",
			       "process.selinuxLabel")
		     : 0;
}
