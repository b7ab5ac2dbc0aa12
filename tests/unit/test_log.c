/* SPDX-License-Identifier: Apache-2.0 */
/* Log records. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "tempdir.h"

TestSuite(log, .init = tempdir_enter, .fini = tempdir_leave);

static void open_log(enum log_format format, enum log_level level)
{
	struct log_config config = { .target = "log", .format = format, .level = level };

	cr_assert_eq(log_open(&config), 0);
}

static const char *content(void)
{
	static char text[200000];
	_cleanup_close_ int fd = open("log", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd_read_full(fd, text, sizeof(text) - 1);

	cr_assert_geq(n, 0);
	text[n] = '\0';
	return text;
}

/* Replaces each digit by 0, so that a time can be compared. */
static const char *shape(void)
{
	static char text[1000];

	strncpy(text, content(), sizeof(text) - 1);
	for (char *p = text; *p; p++)
		if (*p >= '0' && *p <= '9')
			*p = '0';
	return text;
}

Test(log, a_text_record_has_time_level_and_message)
{
	open_log(LOG_FORMAT_TEXT, LOG_INFO);
	log_error("mount %s: %d", "proc", 7);
	cr_assert_str_eq(shape(),
			 "time=\"0000-00-00T00:00:00Z\" level=error msg=\"mount proc: 0\"\n");
}

Test(log, a_json_record_is_one_object_a_line)
{
	open_log(LOG_FORMAT_JSON, LOG_INFO);
	log_warning("first");
	log_error("second");
	cr_assert_str_eq(
		shape(),
		"{\"level\":\"warning\",\"msg\":\"first\",\"time\":\"0000-00-00T00:00:00Z\"}\n"
		"{\"level\":\"error\",\"msg\":\"second\",\"time\":\"0000-00-00T00:00:00Z\"}\n");
}

Test(log, a_message_cannot_break_out_of_its_quotes)
{
	open_log(LOG_FORMAT_JSON, LOG_INFO);
	log_error("a\"b\\c\nd\te\x01"
		  "f\xff"
		  "g\xc3\xa9");
	cr_assert(strstr(content(), "\"a\\\"b\\\\c\\nd\\te\\u0001f\xef\xbf\xbdg\xc3\xa9\""), "%s",
		  content());
}

Test(log, more_talkative_records_are_dropped)
{
	open_log(LOG_FORMAT_TEXT, LOG_WARNING);
	cr_assert(log_enabled(LOG_ERROR) && log_enabled(LOG_WARNING));
	cr_assert(!log_enabled(LOG_INFO) && !log_enabled(LOG_DEBUG));
	log_at(LOG_INFO, "info");
	log_debug("debug");
	cr_assert_str_eq(content(), "");
}

Test(log, debug_records_come_when_asked_for)
{
	open_log(LOG_FORMAT_TEXT, LOG_DEBUG);
	log_debug("details");
	cr_assert(strstr(content(), "level=debug msg=\"details\""));
}

Test(log, an_existing_log_is_continued)
{
	open_log(LOG_FORMAT_TEXT, LOG_INFO);
	log_error("one");
	log_close();
	open_log(LOG_FORMAT_TEXT, LOG_INFO);
	log_error("two");
	cr_assert(strstr(content(), "msg=\"one\"\ntime="));
	cr_assert(strstr(content(), "msg=\"two\"\n"));
}

Test(log, a_record_may_be_long)
{
	static char longer[100001];

	memset(longer, 'x', sizeof(longer) - 1);
	open_log(LOG_FORMAT_TEXT, LOG_INFO);
	log_error("%s", longer);
	cr_assert_eq(strspn(strchr(content(), 'x'), "x"), sizeof(longer) - 1);
}

Test(log, a_log_that_cannot_be_opened_leaves_the_old_one_in_use)
{
	struct log_config bad = { .target = "none/log", .level = LOG_DEBUG };

	open_log(LOG_FORMAT_TEXT, LOG_INFO);
	cr_assert_eq(log_open(&bad), -ENOENT);
	cr_assert(log_is_elsewhere() && !log_enabled(LOG_DEBUG));
	log_error("still here");
	cr_assert(strstr(content(), "still here"));
}

Test(log, without_a_file_records_go_to_stderr)
{
	struct log_config config = { .level = LOG_INFO };
	int fd = open("log", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_eq(log_open(&config), 0);
	cr_assert(!log_is_elsewhere());
	cr_assert_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	log_error("to stderr");
	cr_assert(strstr(content(), "msg=\"to stderr\"\n"));
}
