/* SPDX-License-Identifier: Apache-2.0 */
/* What reaches stderr and the log when something went wrong. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/report.h"
#include "base/cleanup.h"

/* stderr is a socket that keeps the writes apart. */
static int watch_stderr(void)
{
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
		     0);
	cr_assert_geq(dup2(pair[1], STDERR_FILENO), 0);
	close(pair[1]);
	return pair[0];
}

static void expect_write(int fd, const char *text)
{
	char line[4096] = {};

	cr_assert_gt(read(fd, line, sizeof(line) - 1), 0);
	cr_assert_str_eq(line, text);
}

static void expect_no_write(int fd)
{
	char c;

	cr_assert_eq(read(fd, &c, 1), -1);
	cr_assert_eq(errno, EAGAIN);
}

/* Reports an error with the log in a new file; returns the file's text. */
static char *report_to_file(enum log_format format, const struct err *e)
{
	char path[] = "/tmp/test-report-XXXXXX";
	struct log_config config = { .target = path, .format = format, .level = LOG_WARNING };
	static char text[4096];
	int fd = mkstemp(path);
	struct err error;
	ssize_t n;

	cr_assert_geq(fd, 0);
	cr_assert_eq(report_open(&config, &error), 0);
	report_error("create", "web1", e);
	log_close();
	n = read(fd, text, sizeof(text) - 1);
	cr_assert_geq(n, 0);
	text[n] = '\0';
	close(fd);
	unlink(path);
	return text;
}

Test(report, people_read_one_line_in_one_write)
{
	int fd = watch_stderr();
	struct err e;

	err_sys(&e, EPERM, "mount", "proc on /proc");
	err_at(&e, "mounts[3]");
	report_error("create", "web1", &e);
	expect_write(fd, "hull: create web1: mounts[3]: mount: proc on /proc: "
			 "Operation not permitted\n");
	expect_no_write(fd);
}

Test(report, without_a_command_only_the_error_is_told)
{
	int fd = watch_stderr();
	struct err e;

	err_bad(&e, "", "unknown command \"x\"");
	report_error(NULL, NULL, &e);
	expect_write(fd, "hull: unknown command \"x\"\n");
	report_error("list", NULL, &e);
	expect_write(fd, "hull: list: unknown command \"x\"\n");
}

Test(report, newlines_and_escape_sequences_do_not_reach_the_terminal)
{
	int fd = watch_stderr();
	struct err e;

	err_bad(&e, "", "no such user \"%s\"", "a\nb\x1b[31m");
	report_error("exec", "web1", &e);
	expect_write(fd, "hull: exec web1: no such user \"a?b?[31m\"\n");
	expect_no_write(fd);
}

Test(report, the_json_log_gets_one_object_and_stderr_the_plain_line)
{
	int fd = watch_stderr();
	const char *text;
	struct err e;

	err_kind(&e, ERR_NOTFOUND, "container does not exist");
	text = report_to_file(LOG_FORMAT_JSON, &e);
	cr_assert_eq(strncmp(text,
			     "{\"level\":\"error\",\"msg\":"
			     "\"create web1: container does not exist\",\"time\":\"",
			     strlen("{\"level\":\"error\",\"msg\":"
				    "\"create web1: container does not exist\",\"time\":\"")),
		     0, "%s", text);
	cr_assert_str_eq(text + strlen(text) - 3, "\"}\n");
	cr_assert_eq(strchr(text, '\n'), text + strlen(text) - 1);
	expect_write(fd, "hull: create web1: container does not exist\n");
	expect_no_write(fd);
}

Test(report, the_text_log_gets_one_line_and_stderr_the_plain_one)
{
	int fd = watch_stderr();
	const char *text;
	struct err e;

	err_kind(&e, ERR_STATE, "exec: \"x\": executable file not found in $PATH");
	text = report_to_file(LOG_FORMAT_TEXT, &e);
	cr_assert_not_null(strstr(text, " level=error msg=\"create web1: exec: \\\"x\\\": "
					"executable file not found in $PATH\"\n"),
			   "%s", text);
	expect_write(fd, "hull: create web1: exec: \"x\": executable file not found in $PATH\n");
}

Test(report, a_json_log_on_stderr_has_nothing_else_beside_it)
{
	struct log_config config = { .format = LOG_FORMAT_JSON, .level = LOG_WARNING };
	int fd = watch_stderr();
	char line[1024] = {};
	struct err e;

	cr_assert_eq(report_open(&config, &e), 0);
	err_kind(&e, ERR_NOTFOUND, "container does not exist");
	report_error("kill", "x", &e);
	cr_assert_gt(read(fd, line, sizeof(line) - 1), 0);
	cr_assert_eq(line[0], '{');
	cr_assert_not_null(strstr(line, "\"msg\":\"kill x: container does not exist\""));
	expect_no_write(fd);
}

Test(report, a_log_that_cannot_be_opened_is_named)
{
	struct log_config config = { .target = "/nonexistent/log" };
	struct err e;

	cr_assert_eq(report_open(&config, &e), -ENOENT);
	cr_assert_str_eq(e.msg, "log /nonexistent/log");
}

Test(report, the_longest_error_of_the_longest_id_still_ends_with_a_newline)
{
	int fd = watch_stderr();
	char id[3000], line[4096] = {};
	struct err e;
	ssize_t n;

	memset(id, 'x', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	err_bad(&e, "", "%s", id);
	report_error("delete", id, &e);
	n = read(fd, line, sizeof(line));
	cr_assert_gt(n, 1000);
	cr_assert_eq(line[n - 1], '\n');
	expect_no_write(fd);
}

Test(report, output_that_cannot_be_written_is_an_error)
{
	_cleanup_buf_ struct buf out = {};
	struct err e;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	cr_assert_geq(full, 0);
	cr_assert_geq(dup2(full, STDOUT_FILENO), 0);
	buf_str(&out, "text\n");
	cr_assert_eq(report_output(&out, &e), -ENOSPC);
}
