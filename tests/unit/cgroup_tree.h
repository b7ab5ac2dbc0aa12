/* SPDX-License-Identifier: Apache-2.0 */
/* A plain directory that stands for a cgroup2 tree: control files are files. */
#pragma once

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"

struct cgroup_tree {
	char root[64];
	int fd;
};

/* Every test says what went wrong, not only that something did. */
#define assert_ok(r, e)                                      \
	do {                                                 \
		char _text[640] = "";                        \
		int _r = (int)(r);                           \
		if (_r < 0)                                  \
			err_text((e), _text, sizeof(_text)); \
		cr_assert_geq(_r, 0, "%s: %s", #r, _text);   \
	} while (0)

static inline void tree_put(const struct cgroup_tree *t, const char *path, const char *text)
{
	struct err e;

	assert_ok(file_write_atomic_at(t->fd, path, text, strlen(text), 0644, &e), &e);
}

static inline void tree_mkdir(const struct cgroup_tree *t, const char *path)
{
	cr_assert_eq(mkdirat(t->fd, path, 0755), 0);
}

static inline const char *tree_get(const struct cgroup_tree *t, const char *path)
{
	static char text[1024];

	cr_assert_geq(file_read_buf(t->fd, path, text, sizeof(text)), 0, "no %s", path);
	return text;
}

static inline bool tree_has(const struct cgroup_tree *t, const char *path)
{
	return faccessat(t->fd, path, F_OK, 0) == 0;
}

/* A tree with these controllers, none of them enabled. */
static inline void tree_make(struct cgroup_tree *t, const char *controllers)
{
	strcpy(t->root, "/tmp/hull-cgroup.XXXXXX");
	cr_assert_not_null(mkdtemp(t->root));
	t->fd = open(t->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(t->fd, 0);
	tree_put(t, "cgroup.controllers", controllers);
	tree_put(t, "cgroup.subtree_control", "");
}

static inline int tree_unlink(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void tree_drop(struct cgroup_tree *t)
{
	close(t->fd);
	nftw(t->root, tree_unlink, 16, FTW_DEPTH | FTW_PHYS);
}
