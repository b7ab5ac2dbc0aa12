/* SPDX-License-Identifier: Apache-2.0 */
/* ps: the processes of the container's cgroup or, without one, of its pid namespace. */
#include <dirent.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/num.h"
#include "host/cgroup.h"
#include "libcontainer.h"
#include "life/live.h"

/* The inode of a process's pid namespace; 0: none that we may see. */
static ino_t namespace_of(const char *pid)
{
	char path[64];
	struct stat st;

	fmt_str(path, sizeof(path), "/proc/%s/ns/pid", pid);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

struct pids {
	pid_t *items;
	size_t n;
};

static int add(struct pids *pids, int pid, struct err *e)
{
	pid_t *more = reallocarray(pids->items, pids->n + 1, sizeof(*more));

	if (!more)
		return err_nomem(e);
	pids->items = more;
	pids->items[pids->n++] = pid;
	return 0;
}

static int collect(DIR *proc, ino_t wanted, struct pids *pids, struct err *e)
{
	const struct dirent *entry;
	int pid, r = 0;

	while (r == 0 && (entry = readdir(proc)))
		if (num_parse_int(entry->d_name, &pid) == 0 &&
		    namespace_of(entry->d_name) == wanted)
			r = add(pids, pid, e);
	return r;
}

/* Processes in pid namespaces below are not found. */
static int namespace_pids(const struct record *rec, pid_t **ret, size_t *ret_n, struct err *e)
{
	struct pids pids = {};
	char init[16];
	ino_t wanted;
	DIR *proc;
	int r;

	if (!(rec->namespaces & CLONE_NEWPID))
		return err_kind(
			e, ERR_UNSUPPORTED,
			"the container has neither a cgroup nor a pid namespace of its own");
	fmt_str(init, sizeof(init), "%d", (int)rec->init.pid);
	wanted = namespace_of(init);
	proc = wanted ? opendir("/proc") : NULL;
	if (!proc)
		return err_sys(e, errno, "open", "/proc to find the container's processes");
	r = collect(proc, wanted, &pids, e);
	closedir(proc);
	if (r < 0) {
		free(pids.items);
		return r;
	}
	*ret = pids.items;
	*ret_n = pids.n;
	return 0;
}

int lc_ps(struct lc_ctx *ctx, const char *id, pid_t **ret, size_t *ret_n, struct err *e)
{
	_cleanup_live_ struct live l = LIVE_EMPTY;
	int r = live_open_any(ctx, id, STATEDIR_UNLOCKED, &l, e);

	if (r < 0)
		return r;
	if (!l.record.cgroup_path)
		return namespace_pids(&l.record, ret, ret_n, e);
	return cgroup_pids(ctx->cgroup_root, l.record.cgroup_path, ret, ret_n, e);
}
