/* SPDX-License-Identifier: Apache-2.0 */
/* Streams between a terminal and fifos. */
#include "io_peers.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

static char slave_path[64];
static int out;

static int open_master(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	cr_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	cr_assert_eq(ptsname_r(master, slave_path, sizeof(slave_path)), 0);
	return master;
}

static void set_up_terminal(void)
{
	struct io_spec spec = { .terminal = true };
	char path_in[64], path_out[64];

	set_up();
	snprintf(path_in, sizeof(path_in), "%s/in", tempdir_path);
	snprintf(path_out, sizeof(path_out), "%s/out", tempdir_path);
	spec.stdin_path = path_in;
	spec.stdout_path = path_out;
	open_io(&spec);
	out = open_reader("out");
}

TestSuite(io_console, .init = set_up_terminal, .fini = tear_down, .timeout = 60);

static pid_t start_at_terminal(play_fn play)
{
	int master = open_master();
	int slave = open(slave_path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	int stdio[3] = { slave, slave, slave };
	pid_t pid = spawn(play, stdio);

	close(slave);
	cr_assert_eq(io_start(io, &error), 0);
	cr_assert_eq(io_console(io, master, &error), 0);
	return pid;
}

static void type(const char *text)
{
	int in = open("in", O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	cr_assert_geq(in, 0);
	cr_assert_eq(write(in, text, strlen(text)), (ssize_t)strlen(text));
	close(in);
}

static int answer_a_line(void)
{
	char line[100];
	ssize_t n = read(0, line, sizeof(line));

	return n == 6 && fd_write_all(1, "got it", 6) == 0 ? 0 : 1;
}

Test(io_console, what_is_typed_is_echoed_and_answered)
{
	pid_t pid = start_at_terminal(answer_a_line);

	type("hello\n");
	cr_assert_eq(exit_of(pid), 0);
	cr_assert_lt(drain(5000), 1000);
	cr_assert_str_eq(read_now(out), "hello\r\ngot it");
}

static int wait_for_size(void)
{
	struct winsize size = {};

	for (int i = 0; i < 1000 && size.ws_col != 101; i++) {
		ioctl(0, TIOCGWINSZ, &size);
		usleep(2000);
	}
	return size.ws_col == 101 && size.ws_row == 33 ? 0 : 1;
}

Test(io_console, a_size_given_before_there_is_a_terminal_is_its_size)
{
	cr_assert_eq(io_resize(io, 101, 33), 0);
	cr_assert_eq(exit_of(start_at_terminal(wait_for_size)), 0);
}

Test(io_console, a_running_terminal_is_resized)
{
	pid_t pid = start_at_terminal(wait_for_size);

	run_for(20);
	cr_assert_eq(io_resize(io, 101, 33), 0);
	cr_assert_eq(exit_of(pid), 0);
}

static int count_lines(void)
{
	char line[100];
	int n = 0;

	while (read(0, line, sizeof(line)) > 0)
		n++;
	return n;
}

Test(io_console, closed_stdin_is_an_end_of_file_at_the_beginning_of_a_line)
{
	pid_t pid = start_at_terminal(count_lines);

	type("one\ntwo\n");
	run_for(20);
	io_close_stdin(io);
	cr_assert_eq(exit_of(pid), 2);
}

Test(io_console, closed_stdin_is_an_end_of_file_within_a_line)
{
	pid_t pid = start_at_terminal(count_lines);

	type("one\ntw");
	run_for(20);
	io_close_stdin(io);
	cr_assert_eq(exit_of(pid), 2);
}

Test(io_console, closed_stdin_is_an_end_of_file_where_nothing_was_typed)
{
	pid_t pid = start_at_terminal(count_lines);

	io_close_stdin(io);
	cr_assert_eq(exit_of(pid), 0);
}

static int say_last_words(void)
{
	return fd_write_all(1, "last words", 10) < 0;
}

Test(io_console, output_goes_on_after_stdin_was_closed)
{
	pid_t pid;

	io_close_stdin(io);
	pid = start_at_terminal(say_last_words);
	cr_assert_eq(exit_of(pid), 0);
	drain(5000);
	cr_assert_str_eq(read_now(out), "last words");
}

static int set_raw(void)
{
	struct termios raw;

	if (tcgetattr(0, &raw) < 0)
		return -1;
	cfmakeraw(&raw);
	return tcsetattr(0, TCSANOW, &raw);
}

#define RAW_BYTES (1u << 20)

static int write_raw(void)
{
	return set_raw() < 0 ? 1 : write_pattern(1, RAW_BYTES, false);
}

static int read_out_slowly(void)
{
	return check_pattern(open("out", O_RDONLY), RAW_BYTES, true);
}

Test(io_console, a_raw_terminal_passes_every_byte_to_a_stop_and_go_reader)
{
	pid_t client = spawn(read_out_slowly, NULL), pid;

	pid = start_at_terminal(write_raw);
	cr_assert_eq(exit_of(pid), 0);
	drain(10000);
	io = io_free(io);
	cr_assert_eq(exit_of(client), 0);
}

static int check_raw(void)
{
	uint8_t piece[1000];
	size_t at = 0;
	ssize_t n;

	if (set_raw() < 0 || fd_write_all(1, "!", 1) < 0)
		return 1;
	usleep(200000);
	while (at < RAW_BYTES && (n = read(0, piece, sizeof(piece))) > 0)
		for (ssize_t i = 0; i < n; i++, at++)
			if (piece[i] != byte_at(at))
				return 2;
	return at == RAW_BYTES ? 0 : 3;
}

static int write_in(void)
{
	return write_pattern(open("in", O_WRONLY), RAW_BYTES, false);
}

Test(io_console, a_raw_terminal_gets_every_byte_at_its_own_pace)
{
	pid_t client, pid = start_at_terminal(check_raw);

	for (int i = 0; i < 100 && !*read_now(out); i++)
		run_for(10);
	client = spawn(write_in, NULL);
	cr_assert_eq(exit_of(client), 0);
	cr_assert_eq(exit_of(pid), 0);
}

static int close_and_open_again(void)
{
	char path[64];

	if (ttyname_r(0, path, sizeof(path)) != 0)
		_exit(3);
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	usleep(800000);
	return open(path, O_RDWR | O_NOCTTY) < 0 || fd_write_all(0, "back", 4) < 0;
}

Test(io_console, a_terminal_closed_for_a_while_costs_no_cpu_and_comes_back)
{
	pid_t pid = start_at_terminal(close_and_open_again);

	assert_idle();
	cr_assert_eq(exit_of(pid), 0);
	cr_assert_lt(drain(5000), 1000);
	cr_assert_str_eq(read_now(out), "back");
}

Test(io_console, drained_is_a_terminal_that_nobody_has_open)
{
	cr_assert_eq(exit_of(start_at_terminal(say_last_words)), 0);
	run_for(50);
	io_drain(io, 5000, note_done, NULL);
	cr_assert(is_done);
	cr_assert_str_eq(read_now(out), "last words");
	cr_assert_eq(io_resize(io, 80, 25), 0, "too late is fine");
}

Test(io_console, the_reader_gets_the_end_of_file_when_the_process_has_exited)
{
	char byte;

	cr_assert_eq(exit_of(start_at_terminal(say_last_words)), 0);
	run_for(50);
	cr_assert_str_eq(read_now(out), "last words");
	cr_assert(read(out, &byte, 1) == -1 && errno == EAGAIN);
	io_exited(io);
	cr_assert_eq(read(out, &byte, 1), 0, "before anybody drains or frees");
}

static int leave_a_grandchild(void)
{
	if (fork() == 0) {
		usleep(1000000);
		_exit(0);
	}
	return say_last_words();
}

Test(io_console, a_grandchild_with_the_terminal_holds_up_until_the_deadline)
{
	int64_t took;

	cr_assert_eq(exit_of(start_at_terminal(leave_a_grandchild)), 0);
	took = drain(300);
	cr_assert(took >= 300 && took < 900, "%d ms", (int)took);
}

Test(io_console, a_stopped_reader_costs_no_cpu_and_memory_stays_bounded)
{
	struct rusage before, after;
	pid_t pid = start_at_terminal(write_raw);

	getrusage(RUSAGE_SELF, &before);
	assert_idle();
	getrusage(RUSAGE_SELF, &after);
	cr_assert_lt(after.ru_maxrss - before.ru_maxrss, 512);
	kill(pid, SIGKILL);
	cr_assert_eq(exit_of(pid), 128 + SIGKILL);
}

static int wait_a_second(void)
{
	usleep(1000000);
	return 0;
}

Test(io_console, an_idle_terminal_costs_no_cpu)
{
	start_at_terminal(wait_a_second);
	assert_idle();
}

Test(io_console, two_hundred_of_them_leave_no_descriptor)
{
	struct io_spec spec = { .terminal = true, .stdout_path = "/dev/null" };
	int before;

	io = io_free(io);
	before = count_fds();
	for (int i = 0; i < 200; i++) {
		open_io(&spec);
		cr_assert_eq(io_console(io, open_master(), &error), 0);
		io_resize(io, 80, 25);
		io = io_free(io);
	}
	cr_assert_eq(count_fds(), before);
	cr_assert_null(ev_free(loop));
}
