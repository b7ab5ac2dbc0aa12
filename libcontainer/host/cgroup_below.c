/* SPDX-License-Identifier: Apache-2.0 */
/* A group below that of the container or of its unit, which an annotation names. Processes get there by
 * being moved: who is cloned into it would have it as the root of its cgroup namespace. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "base/path.h"
#include "host/cgroup.h"
#include "host/cgroup_controllers.h"

int cgroup_below_plan(const struct spec *s, const char *key, const char **ret, struct arena *arena,
		      struct err *e)
{
	const char *value = spec_annotation(s, key);
	char path[NAME_MAX + 2];

	*ret = NULL;
	if (!value)
		return 0;
	/* "/" is what is left of a name that stands for nothing */
	if (strstr(value, "..") || path_clean(value, path, sizeof(path)) <= 1) {
		err_bad(e, "", "\"%s\" is no name of a group below the container's", value);
		return err_at(e, "annotations[\"%s\"]", key);
	}
	*ret = arena_strdup(arena, path);
	return *ret ? 0 : err_nomem(e);
}

static int pass_on(const char *root, const char *path, size_t top, struct err *e)
{
	_cleanup_close_ int root_fd = cgroup_open_root(root, NULL, e);

	return root_fd < 0 ? root_fd : cgroup_controllers_pass_on(root_fd, path, top, e);
}

int cgroup_below_enter(const char *root, const char *path, size_t top, pid_t pid, struct err *e)
{
	struct plan_cgroup below = { .path = path };
	_cleanup_close_ int fd = cgroup_create(root, &below, e);
	char text[16];
	int r;

	if (fd < 0)
		return fd;
	fmt_str(text, sizeof(text), "%d", (int)pid);
	r = file_write_at(fd, "cgroup.procs", text);
	return r < 0 ? err_sys(e, r, "write", "%s to cgroup.procs of cgroup %s", text, path)
		     : pass_on(root, path, top, e);
}

static int give_away(const char *root, const char *path, uid_t uid, struct err *e)
{
	const struct plan_cgroup theirs = { .own = true, .owner_uid = uid };
	_cleanup_close_ int fd = cgroup_open(root, path, e);

	return fd < 0 ? fd : cgroup_apply(fd, &theirs, e);
}

int cgroup_delegate(const char *root, const struct plan_cgroup *cg, pid_t pid, struct err *e)
{
	char path[PATH_MAX];
	size_t top;
	int r;

	if (!cg->delegate)
		return 0;
	top = fmt_str(path, sizeof(path), "%s", cg->path);
	fmt_str(path + top, sizeof(path) - top, "%s", cg->delegate);
	r = pid ? cgroup_below_enter(root, path, top, pid, e) : pass_on(root, path, top, e);
	return r < 0 ? r : give_away(root, path, cg->delegate_uid, e);
}
