/* SPDX-License-Identifier: Apache-2.0 */
/* New limits for a group that is in use. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "base/num.h"
#include "host/cgroup.h"
#include "host/cgroup_controllers.h"
#include "host/cgroup_fs.h"
#include "host/cgroup_systemd.h"

/* cpu.max holds quota and period: the half that is not given stays as it is. */
static void keep_other_half(int dirfd, struct spec_cpu *cpu)
{
	char text[64], *period;
	ssize_t n;

	if ((cpu->quota == 0) == (cpu->period == 0))
		return;
	n = file_read_buf(dirfd, "cpu.max", text, sizeof(text));
	period = n < 0 ? NULL : strchr(text, ' ');
	if (!period)
		return; /* no controller yet, so both have their default */
	*period++ = '\0';
	if (cpu->quota == 0)
		(void)num_parse_i64(text, &cpu->quota); /* "max" is no number: stays unlimited */
	else
		(void)num_parse_u64(period, &cpu->period); /* the kernel's own number */
}

int cgroup_check_usage(int dirfd, const struct spec_resources *r, struct err *e)
{
	const struct spec_memory *m = r->memory;
	uint64_t used;
	char text[32];

	if (!m || !m->check_before_update || m->limit <= 0)
		return 0;
	if (file_read_buf(dirfd, "memory.current", text, sizeof(text)) < 0 ||
	    num_parse_u64(text, &used) < 0)
		return 0; /* no controller: the limit itself will be refused or is the first */
	if (used <= (uint64_t)m->limit)
		return 0;
	return err_bad(e, "memory.limit",
		       "%lld bytes is below the %llu bytes in use, and checkBeforeUpdate is set",
		       (long long)m->limit, (unsigned long long)used);
}

/* Lifts the setting of one device in files that have a line for each; NULL for other files. */
static const char *default_of_device(const char *file)
{
	if (strcmp(file, "io.max") == 0)
		return "rbps=max wbps=max riops=max wiops=max";
	return strcmp(file, "io.weight") == 0 || strcmp(file, "io.bfq.weight") == 0 ? "default"
										    : NULL;
}

/* What a kernel has once told it takes back, line by line. */
static void restore(int dirfd, const struct plan_cgroup_write *w, char *old)
{
	const char *lifted = default_of_device(w->file);
	char value[128];

	if (lifted && strchr(w->value, ':')) {
		fmt_str(value, sizeof(value), "%.*s %s", (int)strcspn(w->value, " "), w->value,
			lifted);
		(void)file_write_at(dirfd, w->file, value);
	}
	for (char *line; (line = strsep(&old, "\n"));) {
		fmt_str(value, sizeof(value), "%s\n", line); /* empty lists are written so */
		(void)file_write_at(dirfd, w->file, value);
	}
}

/* The limits as they are now, in the order of the writes; NULL where there is no such file. */
static char **save(int dirfd, const struct plan_cgroup *cg, struct arena *arena)
{
	char **old = arena_array_of(arena, char *, cg->n_writes);
	char text[4096];

	for (size_t i = 0; old && i < cg->n_writes; i++)
		if (file_read_buf(dirfd, cg->writes[i].file, text, sizeof(text)) >= 0)
			old[i] = arena_strdup(arena, text);
	return old;
}

static int tell_systemd(struct plan_cgroup *cg, struct arena *arena, struct err *e)
{
	int r = cgroup_systemd_limits(cg, cg->systemd, arena, e);

	return r < 0 ? r : cgroup_systemd_set(cg->systemd, e);
}

/* systemd hears of what the kernel has taken only, and takes all of it or nothing. It writes what it hears,
 * rounded: so it is written once more. */
static int write_twice(int dirfd, struct plan_cgroup *cg, struct arena *arena, struct err *e)
{
	int r = cgroup_fs_write(dirfd, cg, e);

	if (r < 0 || !cg->systemd)
		return r;
	r = tell_systemd(cg, arena, e);
	return r < 0 ? r : cgroup_fs_write(dirfd, cg, e);
}

/* All of them, or none. */
static int write_all(int dirfd, struct plan_cgroup *cg, struct arena *arena, struct err *e)
{
	char **old = save(dirfd, cg, arena);
	int r = old ? write_twice(dirfd, cg, arena, e) : err_nomem(e);

	for (size_t i = r < 0 && old ? cg->n_writes : 0; i-- > 0;)
		if (old[i])
			restore(dirfd, &cg->writes[i], old[i]);
	return r;
}

static int write_limits(int root_fd, const char *root_path, int dirfd,
			const struct spec_resources *r, struct plan_cgroup *cg, struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	int ret;

	if (!arena)
		return err_nomem(e);
	ret = cgroup_limits_plan(r, "", cg, arena, e);
	if (ret >= 0)
		ret = cgroup_controllers_check(root_fd, root_path, cg, e);
	if (ret >= 0)
		ret = cgroup_controllers_enable(root_fd, cg, false, e);
	if (ret >= 0)
		ret = write_all(dirfd, cg, arena, e);
	return ret;
}

/* Device rules are for create: clients send them along with every update, without linux.devices. */
int cgroup_update(const char *root, const char *path, struct plan_systemd *systemd,
		  const struct spec_resources *r, struct err *e)
{
	char root_path[PATH_MAX];
	_cleanup_close_ int root_fd = cgroup_open_root(root, root_path, e);
	_cleanup_close_ int dirfd = -EBADF;
	struct plan_cgroup cg = { .path = path, .systemd = systemd };
	struct spec_resources whole = *r;
	struct spec_cpu cpu;
	int ret;

	if (root_fd < 0)
		return root_fd;
	dirfd = cgroup_fs_open(root_fd, path);
	if (dirfd < 0)
		return err_sys(e, dirfd, "open", "cgroup %s", path);
	ret = cgroup_check_usage(dirfd, r, e);
	if (ret < 0)
		return ret;
	if (r->cpu) {
		cpu = *r->cpu;
		keep_other_half(dirfd, &cpu);
		whole.cpu = &cpu;
	}
	return write_limits(root_fd, root_path, dirfd, &whole, &cg, e);
}
