/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of a test's own. As a Criterion fixture: .init = tempdir_enter, .fini = tempdir_leave;
 * the test's working directory is then inside. */
#pragma once

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char tempdir_path[] = "/tmp/hull-test-XXXXXX";

static int tempdir_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw; /* whatever it is, it goes */
	return remove(path);
}

static void tempdir_enter(void)
{
	cr_assert(mkdtemp(tempdir_path));
	cr_assert_eq(chdir(tempdir_path), 0);
}

/* A shell script in it, found where hull looks for programs of its own. */
static inline void tempdir_program(const char *name, const char *script)
{
	FILE *f = fopen(name, "we");

	cr_assert_not_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", script);
	fclose(f);
	cr_assert_eq(chmod(name, 0755), 0);
	setenv("HULL_LIBEXEC", tempdir_path, 1);
}

static void tempdir_leave(void)
{
	cr_assert_eq(chdir("/"), 0);
	cr_assert_eq(nftw(tempdir_path, tempdir_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}
