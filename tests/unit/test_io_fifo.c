/* SPDX-License-Identifier: Apache-2.0 */
/* Streams between a container and fifos. */
#include "io_peers.h"

TestSuite(io_fifo, .init = set_up, .fini = tear_down, .timeout = 60);

static char path_in[64], path_out[64], path_err[64];

static struct io_spec fifos(void)
{
	snprintf(path_in, sizeof(path_in), "%s/in", tempdir_path);
	snprintf(path_out, sizeof(path_out), "%s/out", tempdir_path);
	snprintf(path_err, sizeof(path_err), "%s/err", tempdir_path);
	return (struct io_spec){ .stdin_path = path_in,
				 .stdout_path = path_out,
				 .stderr_path = path_err };
}

static struct io_spec only_stdout(void)
{
	struct io_spec spec = fifos();

	spec.stdin_path = spec.stderr_path = "";
	return spec;
}

static int write_many(void)
{
	return write_pattern(1, MANY, false);
}

static int write_many_slowly(void)
{
	return write_pattern(1, MANY, true);
}

static int read_out(void)
{
	return check_pattern(open(path_out, O_RDONLY), MANY, false);
}

static int read_out_slowly(void)
{
	return check_pattern(open(path_out, O_RDONLY), MANY, true);
}

static int read_all_out(void)
{
	static char chunk[65536];
	int fd = open(path_out, O_RDONLY);
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		;
	return n < 0;
}

static struct {
	pid_t client, container;
} passing;

static void begin(play_fn writer, play_fn reader)
{
	struct io_spec spec = only_stdout();

	open_io(&spec);
	passing.client = spawn(reader, NULL);
	passing.container = start_container(writer);
}

static void finish(void)
{
	cr_assert_eq(exit_of(passing.container), 0);
	drain(10000);
	io = io_free(io);
	cr_assert_eq(exit_of(passing.client), 0);
}

static void pass(play_fn writer, play_fn reader)
{
	begin(writer, reader);
	finish();
}

Test(io_fifo, a_stop_and_go_reader_gets_every_byte)
{
	pass(write_many, read_out_slowly);
}

Test(io_fifo, a_stop_and_go_writer_loses_no_byte)
{
	pass(write_many_slowly, read_out);
}

/* The loop does not run before the pipe is full. */
static void fill(play_fn writer)
{
	begin(writer, read_all_out);
	while (access("full", F_OK) < 0)
		usleep(1000);
	finish();
}

Test(io_fifo, who_fills_the_pipe_gets_a_larger_one)
{
	fill(fill_with_pages);
}

Test(io_fifo, who_fills_the_pipe_with_less_than_it_can_hold_gets_a_larger_one)
{
	fill(fill_with_pieces);
}

Test(io_fifo, who_writes_little_does_not)
{
	pass(write_little, read_all_out);
}

static int check_stdin(void)
{
	return check_pattern(0, MANY, true);
}

static int write_stdin(void)
{
	return write_pattern(open(path_in, O_WRONLY), MANY, false);
}

Test(io_fifo, stdin_ends_after_the_last_byte_once_it_is_closed)
{
	struct io_spec spec = fifos();
	pid_t client, container;

	open_io(&spec);
	client = spawn(write_stdin, NULL);
	container = start_container(check_stdin);
	cr_assert_eq(exit_of(client), 0);
	io_close_stdin(io);
	cr_assert_eq(exit_of(container), 0);
}

Test(io_fifo, stdin_closed_before_the_start_is_an_end_of_file_at_the_start)
{
	struct io_spec spec = fifos();
	int client;

	open_io(&spec);
	client = open(path_in, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	cr_assert_eq(write_pattern(client, 1000, false), 0);
	close(client);
	io_close_stdin(io);
	cr_assert_eq(exit_of(start_container(check_stdin)), 3, "1000 bytes, not %u", MANY);
}

static int wait_for_input(void)
{
	struct pollfd p = { .fd = 0, .events = POLLIN };

	return poll(&p, 1, 300) == 0 ? 0 : 1;
}

Test(io_fifo, a_client_that_leaves_does_not_end_stdin)
{
	struct io_spec spec = fifos();
	int client;

	open_io(&spec);
	client = open(path_in, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	close(client);
	cr_assert_eq(exit_of(start_container(wait_for_input)), 0);
}

static int close_stdin_and_wait(void)
{
	close(0);
	usleep(400000);
	return 0;
}

Test(io_fifo, a_container_that_reads_no_stdin_refuses_the_client)
{
	struct io_spec spec = fifos();
	pid_t container;
	int client;

	open_io(&spec);
	client = open(path_in, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	container = start_container(close_stdin_and_wait);
	run_for(100);
	cr_assert_eq(write(client, "x", 1), 1);
	run_for(100);
	cr_assert_eq(write(client, "x", 1), -1);
	cr_assert_eq(errno, EPIPE);
	cr_assert_eq(exit_of(container), 0);
}

static int write_many_then_to_stderr(void)
{
	if (fork() == 0)
		_exit(write_many());
	usleep(100000);
	return fd_write_all(2, "still here", 10) < 0;
}

Test(io_fifo, a_stopped_reader_holds_up_its_own_stream_only)
{
	struct io_spec spec = fifos();
	int err;

	open_io(&spec);
	err = open_reader(path_err);
	cr_assert_eq(exit_of(start_container(write_many_then_to_stderr)), 0);
	run_for(50);
	cr_assert_str_eq(read_now(err), "still here");
	assert_idle();
}

static int read_a_part(void)
{
	uint8_t part[100000];
	int fd = open(path_out, O_RDONLY);

	for (size_t i = 0; i < sizeof(part); i++)
		if (read(fd, part + i, 1) != 1 || part[i] != byte_at(i))
			return 1;
	return 0;
}

static int read_the_rest(void)
{
	uint8_t piece[4096];
	int fd = open(path_out, O_RDONLY);
	size_t at = 100000;
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) > 0)
		for (ssize_t i = 0; i < n; i++, at++)
			if (piece[i] != byte_at(at))
				return 2;
	return at == MANY ? 0 : 3;
}

Test(io_fifo, a_reader_that_goes_away_and_comes_back_misses_nothing)
{
	struct io_spec spec = only_stdout();
	pid_t container, client;

	open_io(&spec);
	container = start_container(write_many);
	cr_assert_eq(exit_of(spawn(read_a_part, NULL)), 0);
	assert_idle();
	client = spawn(read_the_rest, NULL);
	cr_assert_eq(exit_of(container), 0);
	drain(10000);
	io = io_free(io);
	cr_assert_eq(exit_of(client), 0);
}

static int say_last_words(void)
{
	return fd_write_all(1, "last words", 10) < 0;
}

Test(io_fifo, the_last_bytes_need_no_newline)
{
	struct io_spec spec = only_stdout();

	for (int i = 0; i < 100; i++) {
		int out = open_reader(strcpy(path_out, "out"));

		spec = only_stdout();
		open_io(&spec);
		cr_assert_eq(exit_of(start_container(say_last_words)), 0);
		drain(5000);
		io = io_free(io);
		cr_assert_str_eq(read_now(out), "last words");
		close(out);
		n_exits = 0;
	}
}

Test(io_fifo, the_reader_gets_the_end_of_file_when_the_container_has_ended)
{
	struct io_spec spec = only_stdout();
	int out;
	char byte;

	open_io(&spec);
	out = open_reader(path_out);
	cr_assert_eq(exit_of(start_container(say_last_words)), 0);
	run_for(50);
	cr_assert_str_eq(read_now(out), "last words");
	cr_assert_eq(read(out, &byte, 1), 0, "before anybody drains or frees");
}

Test(io_fifo, nothing_left_to_pass_on_is_drained_at_once)
{
	struct io_spec spec = only_stdout();

	open_io(&spec);
	open_reader(path_out);
	cr_assert_eq(exit_of(start_container(say_last_words)), 0);
	run_for(50);
	io_drain(io, 5000, note_done, NULL);
	cr_assert(is_done);
}

Test(io_fifo, what_nobody_reads_but_fits_is_drained_as_well)
{
	struct io_spec spec = only_stdout();

	open_io(&spec);
	cr_assert_eq(exit_of(start_container(say_last_words)), 0);
	cr_assert_lt(drain(5000), 1000);
}

static int leave_a_grandchild(void)
{
	if (fork() == 0) {
		usleep(1000000);
		_exit(0);
	}
	return say_last_words();
}

Test(io_fifo, a_grandchild_with_the_pipe_holds_up_until_the_deadline)
{
	struct io_spec spec = only_stdout();
	int64_t took;
	int out;

	open_io(&spec);
	out = open_reader(path_out);
	cr_assert_eq(exit_of(start_container(leave_a_grandchild)), 0);
	took = drain(300);
	cr_assert(took >= 300 && took < 900, "%d ms", (int)took);
	cr_assert_str_eq(read_now(out), "last words");
}

static int fill_a_fifo(void)
{
	return write_pattern(1, 80000, false);
}

Test(io_fifo, a_stopped_reader_of_what_an_exited_container_left_costs_no_cpu)
{
	struct io_spec spec = only_stdout();

	open_io(&spec);
	cr_assert_eq(exit_of(start_container(fill_a_fifo)), 0);
	assert_idle();
	cr_assert_geq(drain(100), 100, "there is more than fits");
}

static int wait_a_second(void)
{
	usleep(1000000);
	return 0;
}

Test(io_fifo, an_idle_container_costs_no_cpu)
{
	struct io_spec spec = fifos();

	open_io(&spec);
	start_container(wait_a_second);
	assert_idle();
}

Test(io_fifo, an_idle_container_whose_client_has_left_costs_no_cpu)
{
	struct io_spec spec = fifos();
	int in, out;

	open_io(&spec);
	out = open_reader(path_out);
	in = open(path_in, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	start_container(wait_a_second);
	run_for(10);
	close(in);
	close(out);
	assert_idle();
}

static int look_at_stdio(void)
{
	struct stat in, out, null;

	fstat(0, &in);
	fstat(1, &out);
	stat("/dev/null", &null);
	return S_ISFIFO(out.st_mode) && out.st_uid == 1234 && out.st_gid == 99 ? 0 : 1;
}

Test(io_fifo, the_containers_ends_belong_to_its_user)
{
	struct io_spec spec = only_stdout();

	if (geteuid() != 0)
		cr_skip_test("chown needs root");
	spec.uid = 1234;
	spec.gid = 99;
	open_io(&spec);
	cr_assert_eq(exit_of(start_container(look_at_stdio)), 0);
}

Test(io_fifo, a_stream_without_a_name_has_no_descriptor)
{
	struct io_spec spec = only_stdout();
	int fds[3];

	open_io(&spec);
	io_child_fds(io, fds);
	cr_assert(fds[0] < 0 && fds[1] >= 0 && fds[2] < 0);
}

Test(io_fifo, a_fifo_that_is_not_there_is_named)
{
	struct io_spec spec = { .stdout_path = "/nowhere/out" };

	cr_assert_eq(io_new(loop, &spec, &io, &error), -ENOENT);
	cr_assert_str_eq(error.msg, "/nowhere/out");
}

Test(io_fifo, an_unknown_scheme_is_refused)
{
	struct io_spec spec = { .stdout_path = "gopher:///x" };

	cr_assert_eq(io_new(loop, &spec, &io, &error), -EINVAL);
	cr_assert(strstr(error.msg, "unknown STDIO scheme"));
}

Test(io_fifo, without_names_there_is_nothing_to_do)
{
	struct io_spec spec = { .stdin_path = "" };

	open_io(&spec);
	cr_assert_eq(io_start(io, &error), 0);
	cr_assert_eq(io_resize(io, 80, 25), 0);
	io_close_stdin(io);
	io_drain(io, 1000, note_done, NULL);
	cr_assert(is_done);
}

Test(io_fifo, two_hundred_of_them_leave_no_descriptor)
{
	struct io_spec spec = fifos();
	int before = count_fds();

	for (int i = 0; i < 200; i++) {
		open_io(&spec);
		if (i % 2)
			cr_assert_eq(io_start(io, &error), 0);
		if (i % 3 == 0)
			io_drain(io, 1000, note_done, NULL);
		io = io_free(io);
	}
	cr_assert_eq(count_fds(), before);
	cr_assert_null(ev_free(loop));
}

Test(io_fifo, bytes_and_states_can_be_told)
{
	struct io_spec spec = only_stdout();
	char text[256];

	open_io(&spec);
	cr_assert_eq(exit_of(start_container(say_last_words)), 0);
	drain(1000);
	cr_assert_eq(io_describe(io, text, sizeof(text)), strlen(text));
	cr_assert(strstr(text, "stdout: 10 bytes, 0 lost, closed"), "%s", text);
}
