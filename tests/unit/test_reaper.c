/* SPDX-License-Identifier: Apache-2.0 */
/* Exits of children: each told once, to whoever asks, however early or late. */
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "shim/reaper.h"

static struct ev_loop *loop;
static struct reaper *reaper;
static int n_told, statuses[600];

static void set_up(void)
{
	struct err e;

	loop = ev_new();
	cr_assert_eq(reaper_new(loop, &reaper, &e), 0);
}

static void tear_down(void)
{
	reaper_free(reaper);
	ev_free(loop);
}

TestSuite(reaper, .init = set_up, .fini = tear_down, .timeout = 20);

static pid_t child(int status)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(status);
	return pid;
}

static int expected;

static void on_exit_of(struct reaper_watch *w, int status, const struct timespec *when)
{
	cr_assert_eq(w->pid, 0, "the watch has ended");
	cr_assert_gt(when->tv_sec, 0);
	statuses[n_told++] = status;
	if (n_told == expected)
		ev_stop(loop, 0);
}

static void run_until(int n)
{
	expected = n;
	if (n_told < n)
		cr_assert_eq(ev_run(loop), 0);
	cr_assert_eq(n_told, n);
}

Test(reaper, tells_the_exit_status)
{
	struct reaper_watch w;

	reaper_add(reaper, &w, child(7), on_exit_of);
	run_until(1);
	cr_assert_eq(statuses[0], 7);
}

Test(reaper, adds_128_to_a_signal)
{
	struct reaper_watch w;
	pid_t pid = fork();

	if (pid == 0)
		pause();
	reaper_add(reaper, &w, pid, on_exit_of);
	kill(pid, SIGKILL);
	run_until(1);
	cr_assert_eq(statuses[0], 137);
}

Test(reaper, tells_all_of_many_that_end_at_once)
{
	static struct reaper_watch watches[500];

	for (size_t i = 0; i < ARRAY_SIZE(watches); i++)
		reaper_add(reaper, &watches[i], child((int)(i % 200)), on_exit_of);
	run_until((int)ARRAY_SIZE(watches));
}

/* A child that ends after every other that has been made so far. */
static pid_t late_child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		usleep(200000);
		_exit(0);
	}
	return pid;
}

Test(reaper, remembers_an_exit_while_it_is_held)
{
	struct reaper_watch early, late;
	pid_t pid;

	reaper_hold(reaper);
	pid = child(3);
	reaper_add(reaper, &late, late_child(), on_exit_of);
	run_until(1);
	reaper_add(reaper, &early, pid, on_exit_of);
	cr_assert_eq(n_told, 2, "told at once");
	cr_assert_eq(statuses[1], 3);
	reaper_release(reaper);
}

Test(reaper, forgets_at_the_last_release)
{
	struct reaper_watch early, late;
	pid_t pid;

	reaper_hold(reaper);
	reaper_hold(reaper);
	pid = child(3);
	reaper_add(reaper, &late, late_child(), on_exit_of);
	run_until(1);
	reaper_release(reaper);
	reaper_release(reaper);
	reaper_add(reaper, &early, pid, on_exit_of);
	cr_assert_eq(n_told, 1);
	reaper_remove(reaper, &early);
}

static pid_t adopted_orphan(int status)
{
	int pipefd[2];
	pid_t orphan = 0, parent;

	cr_assert_eq(pipe(pipefd), 0);
	parent = fork();
	if (parent == 0) {
		orphan = child(status);
		cr_assert_eq(write(pipefd[1], &orphan, sizeof(orphan)), sizeof(orphan));
		_exit(0);
	}
	cr_assert_eq(read(pipefd[0], &orphan, sizeof(orphan)), sizeof(orphan));
	return orphan;
}

Test(reaper, tells_of_orphans_of_a_subreaper)
{
	struct reaper_watch w;

	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	reaper_hold(reaper);
	reaper_add(reaper, &w, adopted_orphan(9), on_exit_of);
	run_until(1);
	cr_assert_eq(statuses[0], 9);
	reaper_release(reaper);
}

Test(reaper, a_removed_watch_is_not_told)
{
	struct reaper_watch gone, w;

	reaper_add(reaper, &gone, child(1), on_exit_of);
	reaper_remove(reaper, &gone);
	reaper_remove(reaper, &gone);
	reaper_add(reaper, &w, child(2), on_exit_of);
	run_until(1);
	cr_assert_eq(statuses[0], 2);
}
