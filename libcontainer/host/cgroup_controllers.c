/* SPDX-License-Identifier: Apache-2.0 */
/* Controllers: which a container's group needs, whether the tree has them, and how they come down to
 * it (cgroups(7), "Cgroups v2 controllers"). */
#include "host/cgroup_controllers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "host/cgroup_fs.h"

#define CONTROLLERS_MAX 32
/* Text of all controllers that a kernel may know, in the control files. */
#define CONTROLLERS_SIZE 1024

struct controllers {
	const struct plan_cgroup_write *first[CONTROLLERS_MAX]; /* who asks for it */
	size_t n;
	bool counting; /* those of a container's figures, too, where it can be done */
};

/* What a missing file would not hurt needs no controller either: it is the kernel's default. */
static int needed_controllers(const struct plan_cgroup *cg, struct controllers *c, struct err *e)
{
	for (size_t i = 0; i < cg->n_writes; i++) {
		const struct plan_cgroup_write *w = &cg->writes[i];
		size_t k = 0;

		if (w->optional || !w->controller)
			continue;
		while (k < c->n && strcmp(c->first[k]->controller, w->controller) != 0)
			k++;
		if (k < c->n)
			continue;
		if (c->n == CONTROLLERS_MAX)
			return err_bad(e, w->where, "needs more than %d controllers",
				       CONTROLLERS_MAX);
		c->first[c->n++] = w;
	}
	return 0;
}

/* Is word one of the blank-separated words of text? */
static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = text; (p = strstr(p, word)); p += len)
		if ((p == text || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
			return true;
	return false;
}

/* Is the controller taken by a cgroup v1 hierarchy? Version 1 calls io blkio. */
static bool is_bound_to_v1(const char *controller)
{
	const char *name = strcmp(controller, "io") == 0 ? "blkio" : controller;
	_cleanup_free_ char *text = NULL;
	size_t len, name_len = strlen(name);
	struct err ignored; /* only the wording of another error depends on it */

	if (file_read_at(AT_FDCWD, "/proc/cgroups", 65536, &text, &len, &ignored) < 0)
		return false;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, name_len) == 0 && line[name_len] == '\t')
			return line[name_len + 1] != '0';
	}
	return false;
}

static int missing_controller(const struct plan_cgroup_write *w, const char *root_path,
			      struct err *e)
{
	err_kind(e, ERR_UNSUPPORTED, "controller %s is not available in the cgroup2 tree at %s%s",
		 w->controller, root_path,
		 is_bound_to_v1(w->controller) ? ": it is bound to cgroup v1 on this host" : "");
	return err_at(e, "%s", w->where);
}

int cgroup_controllers_check(int root_fd, const char *root_path, const struct plan_cgroup *cg,
			     struct err *e)
{
	char available[CONTROLLERS_SIZE];
	struct controllers need = { 0 };
	ssize_t n;
	int r = needed_controllers(cg, &need, e);

	if (r < 0 || need.n == 0)
		return r;
	n = file_read_buf(root_fd, "cgroup.controllers", available, sizeof(available));
	if (n < 0)
		return err_sys(e, (int)n, "read", "cgroup.controllers in %s", root_path);
	for (size_t i = 0; i < need.n; i++)
		if (!has_word(available, need.first[i]->controller))
			return missing_controller(need.first[i], root_path, e);
	return 0;
}

static void add(struct buf *text, const char *controller)
{
	buf_fmt(text, "%s+%s", text->len ? " " : "", controller);
}

/* One write for all that this group, which has `have`, does not yet pass on to those below it. */
static int enable_needed(int dirfd, const char *name, const char *have,
			 const struct controllers *need, struct err *e)
{
	_cleanup_buf_ struct buf text = { 0 };
	int r;

	for (size_t i = 0; i < need->n; i++)
		if (!has_word(have, need->first[i]->controller))
			add(&text, need->first[i]->controller);
	if (buf_ok(&text) < 0)
		return err_nomem(e);
	if (text.len == 0)
		return 0;
	r = file_write_at(dirfd, "cgroup.subtree_control", text.data);
	if (r == -EBUSY)
		return err_kind(
			e, ERR_BUSY,
			"cgroup %s holds processes itself: %s cannot be enabled for the groups "
			"below it",
			name, text.data);
	return r < 0 ? err_sys(e, r, "write", "%s to cgroup.subtree_control of cgroup %s%s",
			       text.data, name,
			       r == -ENOENT || r == -EACCES
				       ? " (not delegated: see Delegate= of user@.service)"
				       : "")
		     : 0;
}

static bool is_needed(const struct controllers *need, const char *controller)
{
	for (size_t i = 0; i < need->n; i++)
		if (strcmp(need->first[i]->controller, controller) == 0)
			return true;
	return false;
}

/* What is already passed on costs no look at what could be. */
static void enable_counting(int dirfd, const char *have, const struct controllers *need)
{
	static const char *const counting[] = { "cpu", "io", "memory", "pids" };
	char available[CONTROLLERS_SIZE] = "";
	_cleanup_buf_ struct buf text = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(counting); i++) {
		if (has_word(have, counting[i]) || is_needed(need, counting[i]))
			continue;
		if (available[0] == '\0' &&
		    file_read_buf(dirfd, "cgroup.controllers", available, sizeof(available)) <= 0)
			return;
		if (has_word(available, counting[i]))
			add(&text, counting[i]);
	}
	if (text.len > 0 && buf_ok(&text) == 0)
		(void)file_write_at(dirfd, "cgroup.subtree_control", text.data);
}

static int enable_in(int dirfd, const char *name, const struct controllers *need, struct err *e)
{
	char have[CONTROLLERS_SIZE];
	ssize_t n = file_read_buf(dirfd, "cgroup.subtree_control", have, sizeof(have));
	int r;

	if (n < 0 && need->n == 0)
		return 0;
	if (n < 0)
		return err_sys(e, (int)n, "read", "cgroup.subtree_control of cgroup %s", name);
	r = enable_needed(dirfd, name, have, need, e);
	if (r >= 0 && need->counting)
		enable_counting(dirfd, have, need);
	return r;
}

/* All that this group has. need: none is more needed than another. */
static int pass_on(int dirfd, const char *name, const struct controllers *need, struct err *e)
{
	char have[CONTROLLERS_SIZE], *rest = have;
	_cleanup_buf_ struct buf text = { 0 };
	ssize_t n = file_read_buf(dirfd, "cgroup.controllers", have, sizeof(have));
	int r;

	(void)need;
	if (n < 0)
		return err_sys(e, (int)n, "read", "cgroup.controllers of cgroup %s", name);
	for (char *controller; (controller = strsep(&rest, " "));)
		if (*controller)
			add(&text, controller);
	if (buf_ok(&text) < 0)
		return err_nomem(e);
	r = text.len ? file_write_at(dirfd, "cgroup.subtree_control", text.data) : 0;
	return r < 0 ? err_sys(e, r, "write", "%s to cgroup.subtree_control of cgroup %s",
			       text.data, name)
		     : 0;
}

/* The group whose path ends at `end`, then each below it on the way to path; NULL: there are none. */
static int walk(int root_fd, const char *path, const char *end,
		int (*visit)(int, const char *, const struct controllers *, struct err *),
		const struct controllers *need, struct err *e)
{
	char group[PATH_MAX];
	int r = 0;

	for (; end && r >= 0; end = strchr(end + 1, '/')) {
		_cleanup_close_ int dir = -EBADF;

		fmt_str(group, sizeof(group), "%.*s", (int)(end - path), path);
		dir = cgroup_fs_open(root_fd, group);
		if (dir < 0)
			return err_sys(e, dir, "open", "cgroup %s", group);
		r = visit(dir, group, need, e);
	}
	return r;
}

int cgroup_controllers_enable(int root_fd, const struct plan_cgroup *cg, bool counting,
			      struct err *e)
{
	struct controllers need = { .counting = counting };
	int r = needed_controllers(cg, &need, e);

	if (r < 0 || (need.n == 0 && !counting))
		return r;
	r = enable_in(root_fd, "/", &need, e);
	return r < 0 ? r : walk(root_fd, cg->path, strchr(cg->path + 1, '/'), enable_in, &need, e);
}

int cgroup_controllers_pass_on(int root_fd, const char *path, size_t top, struct err *e)
{
	return walk(root_fd, path, path + top, pass_on, NULL, e);
}
