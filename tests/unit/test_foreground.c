/* SPDX-License-Identifier: Apache-2.0 */
/* A process in the foreground: signals, exit status, terminal. A fork stands for the container. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include "runtime/foreground.h"
#include "base/cleanup.h"
#include "base/fd.h"

#define FOREGROUND __attribute__((cleanup(foreground_close))) struct foreground

/* Forks `child` in the foreground; with a terminal, that is its stdin and stdout. */
static void start(struct foreground *f, bool terminal, void (*child)(void))
{
	int master = -EBADF, slave = -EBADF;
	sigset_t none;
	struct err e;
	pid_t pid;

	cr_assert_eq(foreground_open(f, true, &e), 0, "%s", e.msg);
	if (terminal) {
		cr_assert_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);
		cr_assert_geq(fd_send(foreground_terminal_socket(f), "pty", 3, &master, 1, &e), 0);
		close(master);
	}
	pid = fork();
	if (pid == 0) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		foreground_close(f);
		if (terminal)
			login_tty(slave);
		child();
		_exit(99);
	}
	x_close(slave);
	cr_assert_eq(foreground_attach(f, pid, &e), 0, "%s", e.msg);
}

static int wait_for(struct foreground *f)
{
	struct err e;
	int status = foreground_wait(f, &e);

	cr_assert_geq(status, 0, "%s: %s", e.op, e.msg);
	return status;
}

/* Standard input is a pipe that holds text and ends. */
static void set_input(const char *text)
{
	int pair[2];

	cr_assert_eq(pipe2(pair, O_CLOEXEC), 0);
	cr_assert_eq(fd_write_all(pair[1], text, strlen(text)), 0);
	dup2(pair[0], STDIN_FILENO);
	close(pair[0]);
	close(pair[1]);
}

/* Standard output is a file without a name. */
static void set_output(void)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	dup2(fd, STDOUT_FILENO);
	close(fd);
}

static size_t get_output(char *text, size_t size)
{
	ssize_t n = pread(STDOUT_FILENO, text, size - 1, 0);

	cr_assert_geq(n, 0);
	text[n] = '\0';
	return (size_t)n;
}

static void exit_with_7(void)
{
	_exit(7);
}

static void die_by_kill(void)
{
	raise(SIGKILL);
}

static void sleep_on(void)
{
	pause();
}

Test(foreground, the_exit_status_is_the_process_s)
{
	FOREGROUND f = FOREGROUND_NONE;

	start(&f, false, exit_with_7);
	cr_assert_eq(wait_for(&f), 7);
}

Test(foreground, a_signal_that_ended_it_counts_from_128)
{
	FOREGROUND f = FOREGROUND_NONE;

	start(&f, false, die_by_kill);
	cr_assert_eq(wait_for(&f), 128 + SIGKILL);
}

Test(foreground, signals_are_sent_on_even_those_that_came_early)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGALRM };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		FOREGROUND f = FOREGROUND_NONE;

		start(&f, false, sleep_on);
		kill(getpid(), signals[i]);
		cr_assert_eq(wait_for(&f), 128 + signals[i]);
	}
}

Test(foreground, other_children_are_reaped_and_do_not_count)
{
	FOREGROUND f = FOREGROUND_NONE;
	pid_t other;

	start(&f, false, exit_with_7);
	other = fork();
	if (other == 0)
		_exit(1);
	cr_assert_eq(wait_for(&f), 7);
	while (waitpid(other, NULL, WNOHANG) == 0)
		usleep(1000); /* it ended after the one that counts */
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
}

static void print_much(void)
{
	for (int i = 0; i < 20000; i++)
		dprintf(STDOUT_FILENO, "%06d\n", i);
	_exit(7);
}

Test(foreground, all_output_of_a_terminal_is_written_before_the_status_is_told)
{
	static char text[20000 * 8 + 1];
	FOREGROUND f = FOREGROUND_NONE;

	set_input("");
	set_output();
	start(&f, true, print_much);
	cr_assert_eq(wait_for(&f), 7);
	cr_assert_eq(get_output(text, sizeof(text)), 20000 * 8);
	cr_assert_str_eq(text + 19999 * 8, "019999\r\n");
}

static void print_for_nobody(void)
{
	for (int i = 0; i < 20000; i++)
		dprintf(STDOUT_FILENO, "%06d\n", i);
	_exit(3);
}

Test(foreground, output_that_nobody_reads_does_not_block_the_process)
{
	FOREGROUND f = FOREGROUND_NONE;
	int pair[2];

	set_input("");
	cr_assert_eq(pipe2(pair, O_CLOEXEC), 0);
	dup2(pair[1], STDOUT_FILENO);
	close(pair[0]);
	close(pair[1]);
	start(&f, true, print_for_nobody);
	cr_assert_eq(wait_for(&f), 3);
}

/* Exits with the number of bytes read until the end of the input. */
static void count_input(void)
{
	char c;
	int n = 0;

	while (read(STDIN_FILENO, &c, 1) == 1)
		n++;
	_exit(n);
}

Test(foreground, the_end_of_the_input_reaches_the_terminal)
{
	static const struct {
		const char *input;
		int bytes;
	} rows[] = { { "", 0 }, { "ab\n", 3 }, { "ab\ncd", 5 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		FOREGROUND f = FOREGROUND_NONE;

		set_input(rows[i].input);
		set_output();
		start(&f, true, count_input);
		cr_assert_eq(wait_for(&f), rows[i].bytes, "%s", rows[i].input);
	}
}

static void leave_a_child_behind(void)
{
	if (fork() == 0) {
		signal(SIGHUP, SIG_IGN);
		sleep(15);
		_exit(0);
	}
	_exit(5);
}

Test(foreground, a_terminal_kept_open_by_others_is_not_waited_for)
{
	FOREGROUND f = FOREGROUND_NONE;

	set_input("");
	set_output();
	start(&f, true, leave_a_child_behind);
	cr_assert_eq(wait_for(&f), 5);
}

/* Our own terminal: standard input is a pty, whose master is returned. */
static int set_terminal(unsigned short rows)
{
	struct winsize size = { .ws_row = rows, .ws_col = 80 };
	int master, slave;

	cr_assert_eq(openpty(&master, &slave, NULL, NULL, &size), 0);
	dup2(slave, STDIN_FILENO);
	close(slave);
	return master;
}

static void exit_with_rows(void)
{
	struct winsize size;

	_exit(ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_row : 99);
}

static void exit_with_rows_when_changed(void)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	dprintf(STDOUT_FILENO, "ready\n");
	sigwait(&set, &sig);
	exit_with_rows();
}

Test(foreground, the_terminal_has_the_size_of_ours)
{
	FOREGROUND f = FOREGROUND_NONE;
	int master = set_terminal(33);

	set_output();
	start(&f, true, exit_with_rows);
	cr_assert_eq(wait_for(&f), 33);
	close(master);
}

Test(foreground, a_change_of_our_size_is_passed_on)
{
	struct winsize size = { .ws_row = 44, .ws_col = 80 };
	FOREGROUND f = FOREGROUND_NONE;
	int ready[2], master = set_terminal(33);
	char text[8];

	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	dup2(ready[1], STDOUT_FILENO);
	start(&f, true, exit_with_rows_when_changed);
	if (fork() == 0) {
		/* The pump has to run first: it is what "ready" comes through. */
		if (read(ready[0], text, sizeof(text)) > 0 && ioctl(master, TIOCSWINSZ, &size) == 0)
			kill(getppid(), SIGWINCH);
		_exit(0);
	}
	cr_assert_eq(wait_for(&f), 44);
	close(master);
}

Test(foreground, our_terminal_is_raw_meanwhile_and_as_before_afterwards)
{
	struct foreground f = FOREGROUND_NONE;
	struct termios before, during, after;
	int master = set_terminal(24);

	set_output();
	cr_assert_eq(tcgetattr(STDIN_FILENO, &before), 0);
	start(&f, true, exit_with_7);
	cr_assert_eq(tcgetattr(STDIN_FILENO, &during), 0);
	cr_assert_eq(during.c_lflag & (ICANON | ECHO | ISIG), 0);
	cr_assert_eq(during.c_oflag, before.c_oflag);
	cr_assert_eq(wait_for(&f), 7);
	foreground_close(&f);
	cr_assert_eq(tcgetattr(STDIN_FILENO, &after), 0);
	cr_assert_eq(after.c_lflag, before.c_lflag);
	cr_assert_eq(after.c_iflag, before.c_iflag);
	close(master);
}
