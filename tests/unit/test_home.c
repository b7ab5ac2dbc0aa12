/* SPDX-License-Identifier: Apache-2.0 */
/* HOME out of the container's /etc/passwd, read in a root directory of the test's own. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/init.h"
#include "tempdir.h"

static char home[PLAN_HOME_SIZE];
static int real_root;

static void set_up(void)
{
	if (geteuid() != 0)
		cr_skip_test("a root directory of its own needs root");
	tempdir_enter();
	real_root = open("/", O_PATH | O_CLOEXEC);
	cr_assert_eq(mkdir("etc", 0755), 0);
	cr_assert_eq(chroot("."), 0);
	strcpy(home, "HOME=/");
}

static void tear_down(void)
{
	if (geteuid() != 0)
		return;
	cr_assert(fchdir(real_root) == 0 && chroot(".") == 0);
	tempdir_leave();
}

TestSuite(home, .init = set_up, .fini = tear_down);

static void write_passwd(const char *text)
{
	FILE *f = fopen("/etc/passwd", "we");

	cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static const char *home_for(uid_t uid)
{
	const struct plan_process pp = { .uid = uid, .home = home };
	struct err e = { 0 };

	cr_assert_eq(home_fill(&pp, &e), 0, "%s", e.msg);
	return home;
}

Test(home, first_entry_of_the_uid_tells)
{
	write_passwd("root:x:0:0:root:/root:/bin/sh\n"
		     "u:x:1000:1000:,,,:/home/u:/bin/sh\n"
		     "v:x:1000:1000::/home/v:/bin/sh\n");
	cr_assert_str_eq(home_for(1000), "HOME=/home/u");
	cr_assert_str_eq(home_for(0), "HOME=/root");
}

Test(home, last_line_needs_no_newline)
{
	write_passwd("u:x:5:5::/home/u:");
	cr_assert_str_eq(home_for(5), "HOME=/home/u");
}

Test(home, lines_that_are_no_entries_are_passed_over)
{
	write_passwd("# comment\n\n:::::::\nu:x:5\nu:x:5::\nu:x:x5:5::/bad:\nu:x:5:5::relative:\n"
		     "u:x:5:5:::\nu:x:05:5::/home/u:/bin/sh\n");
	cr_assert_str_eq(home_for(5), "HOME=/home/u");
}

Test(home, without_an_entry_it_stays_the_root)
{
	write_passwd("u:x:5:5::/home/u:/bin/sh\n");
	cr_assert_str_eq(home_for(6), "HOME=/");
	cr_assert_eq(unlink("/etc/passwd"), 0);
	cr_assert_str_eq(home_for(5), "HOME=/");
}

Test(home, entry_beyond_the_first_piece_of_the_file_is_found)
{
	FILE *f = fopen("/etc/passwd", "we");

	for (int i = 0; i < 3000; i++)
		fprintf(f, "user%d:x:%d:%d:some text:/home/user%d:/bin/sh\n", i, 1000 + i, i, i);
	cr_assert_eq(fclose(f), 0);
	for (int i = 0; i < 3000; i += 7) {
		char expected[64];

		snprintf(expected, sizeof(expected), "HOME=/home/user%d", i);
		cr_assert_str_eq(home_for(1000 + (uid_t)i), expected);
	}
}

Test(home, overlong_line_does_not_hide_the_next)
{
	static char text[40000];

	memset(text, 'x', 30000);
	strcpy(text + 30000, "\nu:x:5:5::/home/u:/bin/sh\n");
	write_passwd(text);
	cr_assert_str_eq(home_for(5), "HOME=/home/u");
}

Test(home, directory_that_does_not_fit_is_not_cut)
{
	static char text[6000] = "u:x:5:5::/";

	memset(text + strlen(text), 'd', 5000);
	strcat(text, ":/bin/sh\n");
	write_passwd(text);
	cr_assert_str_eq(home_for(5), "HOME=/");
}

Test(home, what_is_no_file_is_not_read, .timeout = 5)
{
	cr_assert_eq(mkfifo("/etc/passwd", 0600), 0);
	cr_assert_str_eq(home_for(5), "HOME=/");
	cr_assert_eq(unlink("/etc/passwd"), 0);
	cr_assert_eq(mkdir("/etc/passwd", 0700), 0);
	cr_assert_str_eq(home_for(5), "HOME=/");
}

Test(home, endless_file_ends, .timeout = 20)
{
	write_passwd("root:x:0:0:root:/root:/bin/sh\n");
	cr_assert_eq(truncate("/etc/passwd", (off_t)1 << 40), 0);
	cr_assert_str_eq(home_for(5), "HOME=/");
}

Test(home, given_home_is_left_alone)
{
	const struct plan_process pp = { .uid = 0, .home = NULL };
	struct err e = { 0 };

	write_passwd("root:x:0:0:root:/root:/bin/sh\n");
	cr_assert_eq(home_fill(&pp, &e), 0);
	cr_assert_str_eq(home, "HOME=/");
}
