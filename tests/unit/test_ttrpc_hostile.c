/* SPDX-License-Identifier: Apache-2.0 */
/* The serving end of ttrpc against peers that are hostile or out of luck: nobody else waits for them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "ttrpc_peer.h"

TestSuite(ttrpc_hostile, .init = peer_server_start, .fini = peer_server_stop, .timeout = 60);

Test(ttrpc_hostile, a_peer_that_goes_in_the_middle_is_forgotten)
{
	static const char *const starts[] = { "", "\0\0\0", "\0\0\0\5\0\0\0\1\1\0ab" };
	static const size_t lengths[] = { 0, 3, 12 };

	for (size_t i = 0; i < 300; i++) {
		int fd = peer_connect();

		peer_send(fd, starts[i % 3], lengths[i % 3]);
		close(fd);
	}
	peer_assert_alone();
}

Test(ttrpc_hostile, an_answer_to_a_peer_that_has_gone_is_dropped)
{
	_cleanup_close_ int last = -EBADF;

	for (int i = 0; i < 20; i++) {
		int fd = peer_connect();

		peer_request(fd, 1, "Hold", "for nobody");
		peer_request(fd, 3, "Echo", "so it was read");
		peer_assert_answer(fd, 3, 0, "so it was read");
		close(fd);
	}
	peer_assert_alone();
	last = peer_connect();
	peer_request(last, 1, "Release", "done");
	peer_assert_answer(last, 1, 0, "done");
}

Test(ttrpc_hostile, calls_that_are_open_at_the_end_may_still_be_answered)
{
	int fd = peer_connect();

	peer_request(fd, 1, "Hold", "for ever");
	peer_request(fd, 3, "Echo", "");
	peer_assert_answer(fd, 3, 0, "");
}

static void start_half_a_frame(int fd)
{
	_cleanup_buf_ struct buf b = {};

	peer_add_request(&b, 1, "test.Service", "Echo", "never to be completed");
	peer_send(fd, b.data, b.len / 2);
}

Test(ttrpc_hostile, two_hundred_half_open_peers_hold_up_nobody)
{
	int fds[200];
	uint64_t before = peer_ask("Heap"), during;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = peer_connect();
		if (i % 2 == 0)
			start_half_a_frame(fds[i]);
	}
	for (int i = 0; i < 20; i++)
		peer_assert_served();
	cr_assert_eq(peer_ask("Connections"), ARRAY_SIZE(fds) + 1);
	during = peer_ask("Heap");
	cr_assert_leq(during, before + ARRAY_SIZE(fds) * 1024, "%llu bytes more",
		      (unsigned long long)(during - before));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

/* Writes as fast as it can, for so long, in the background. */
static pid_t flood(int ms, const struct buf *b)
{
	int fd = peer_connect();
	pid_t pid = fork();

	if (pid == 0) {
		for (int64_t end = fd_now_ms() + ms; fd_now_ms() < end;)
			if (send(fd, b->data, b->len, MSG_NOSIGNAL) < 0)
				break;
		_exit(0);
	}
	close(fd);
	return pid;
}

Test(ttrpc_hostile, a_peer_that_floods_holds_up_nobody)
{
	_cleanup_buf_ struct buf giant = {};
	_cleanup_free_ uint8_t *data = calloc(1, 64 << 20);
	pid_t pid;

	peer_add_frame(&giant, 1, TTRPC_REQUEST, data, 64 << 20);
	pid = flood(1000, &giant);
	for (int i = 0; i < 10; i++) {
		peer_assert_served();
		usleep(50000);
	}
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

Test(ttrpc_hostile, a_peer_that_never_reads_is_dropped_in_time)
{
	_cleanup_close_ int fd = peer_connect();
	uint64_t before = peer_ask("Heap");
	struct pollfd gone = { .fd = fd };

	for (uint32_t i = 0; i < 7; i++)
		peer_request(fd, 2 * i + 1, "Large", "1000000");
	peer_assert_served();
	cr_assert_eq(poll(&gone, 1, 100), 0, "seven megabytes may wait");
	for (uint32_t i = 7; i < 20; i++)
		if (poll(&gone, 1, 20) == 0)
			peer_request(fd, 2 * i + 1, "Large", "1000000");
	cr_assert_eq(poll(&gone, 1, 5000), 1, "it was dropped");
	cr_assert_leq(peer_ask("Heap"), before + 4096);
}

Test(ttrpc_hostile, a_peer_that_stops_reading_for_a_while_gets_everything)
{
	_cleanup_close_ int fd = peer_connect();

	for (uint32_t i = 0; i < 7; i++)
		peer_request(fd, 2 * i + 1, "Large", "1000000");
	peer_assert_served();
	for (uint32_t i = 0; i < 7; i++) {
		struct peer_answer a = peer_receive(fd);

		cr_assert_eq(a.stream, 2 * i + 1);
		cr_assert_eq(a.len, 1000000);
	}
}

Test(ttrpc_hostile, open_requests_of_one_peer_are_bounded)
{
	_cleanup_close_ int fd = peer_connect();
	_cleanup_free_ char *text = calloc(1, (1 << 20) + 1);
	int refused = 0;

	memset(text, 'x', 1 << 20);
	for (uint32_t i = 0; i < 40; i++)
		peer_request(fd, 2 * i + 1, "Hold", text);
	peer_request(fd, 101, "Connections", "");
	for (;;) {
		struct peer_answer a = peer_receive(fd);

		if (a.stream == 101)
			break;
		cr_assert_eq(a.status, 8);
		cr_assert_str_eq(a.message, "too many requests are open");
		refused++;
	}
	cr_assert_geq(refused, 8);
	cr_assert_leq(refused, 10);
	peer_assert_served();
}

Test(ttrpc_hostile, serving_leaves_no_heap_behind)
{
	_cleanup_close_ int fd = peer_connect();
	uint64_t before = peer_ask("Heap");

	for (uint32_t i = 0; i < 2000; i++) {
		peer_request(fd, 2 * i + 1, i % 2 ? "Echo" : "Large", "5000");
		peer_receive(fd);
	}
	cr_assert_leq(peer_ask("Heap"), before + 2048);
}

static int64_t server_cpu_ms(void)
{
	struct timespec time;
	clockid_t clock;

	cr_assert_eq(clock_getcpuclockid(peer_server_pid, &clock), 0);
	cr_assert_eq(clock_gettime(clock, &time), 0);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

Test(ttrpc_hostile, without_descriptors_it_neither_spins_nor_forgets)
{
	int fds[5];
	int64_t before;

	fds[0] = peer_connect();
	peer_request(fds[0], 1, "FewDescriptors", "");
	peer_assert_answer(fds[0], 1, 0, "");
	for (int i = 1; i < 5; i++)
		fds[i] = peer_connect();
	usleep(100000);
	before = server_cpu_ms();
	usleep(300000);
	cr_assert_leq(server_cpu_ms() - before, 50);
	peer_request(fds[0], 3, "Echo", "served");
	peer_assert_answer(fds[0], 3, 0, "served");
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	peer_request(fds[4], 1, "Echo", "not forgotten");
	peer_assert_answer(fds[4], 1, 0, "not forgotten");
	close(fds[4]);
}

Test(ttrpc_hostile, another_user_is_refused)
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		cr_skip_test("needs root");
	cr_assert_eq(chmod(".", 0755), 0);
	cr_assert_eq(chmod("shim.sock", 0666), 0);
	pid = fork();
	if (pid == 0) {
		struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "shim.sock" };
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		char byte;

		if (setgid(65534) < 0 || setuid(65534) < 0 ||
		    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
			_exit(2);
		_exit(recv(fd, &byte, 1, 0) == 0 ? 0 : 1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(WEXITSTATUS(status), 0, "%d", WEXITSTATUS(status));
}
