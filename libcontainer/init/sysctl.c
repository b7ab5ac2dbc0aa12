/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel parameters of the new namespaces, written through the host's procfs. */
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "init/init.h"
#include "sys/sys.h"

/* In one write: the kernel takes a parameter whole or not at all. */
static int write_one(int proc_fd, const struct plan_sysctl *s, struct err *e)
{
	_cleanup_close_ int fd = path_open_proc(proc_fd, s->path, O_WRONLY);
	ssize_t n = fd < 0 ? fd : sys_write(fd, s->value, strlen(s->value));

	return n < 0 ? err_sys(e, (int)n, "sysctl", "%s = %s", s->key, s->value) : 0;
}

int sysctl_apply(struct init_ctx *c, struct err *e)
{
	for (size_t i = 0; i < c->plan->n_sysctls; i++) {
		int r = write_one(c->plan->proc_fd, &c->plan->sysctls[i], e);

		if (r < 0)
			return r;
	}
	return 0;
}
