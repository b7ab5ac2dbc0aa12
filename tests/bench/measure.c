/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times commands against each other: each round runs every command once, in turns, so that drift of
 * the machine meets all alike. Prints a line per command, tab-separated:
 *
 *	name  median_us  p10_us  user_us  sys_us  max_rss_kb  failures
 *
 * user and sys are medians of what the command and its waited-for children used; max RSS is the
 * largest single process.
 *
 *	measure ROUNDS NAME COMMAND [NAME COMMAND ...]
 *
 * A command is split at blanks and executed directly: no shell is part of the measurement.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_ARGS 64
#define WARM_UP 3

struct sample {
	double wall, user, sys;
};

struct command {
	const char *name;
	char *argv[MAX_ARGS];
	struct sample *samples;
	long max_rss;
	int failures;
};

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static double us(struct timeval tv)
{
	return (double)tv.tv_sec * 1e6 + (double)tv.tv_usec;
}

/* stdout and stderr go nowhere. */
static pid_t start(char *const argv[])
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	r = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (r) {
		fprintf(stderr, "measure: %s: %s\n", argv[0], strerror(r));
		exit(2);
	}
	return pid;
}

/* Orphans come to us (subreaper) and must not be taken for the command. */
static void run(struct command *c, struct sample *s)
{
	struct rusage ru;
	int status;
	double begin = now_us();
	pid_t pid = start(c->argv);

	while (wait4(pid, &status, 0, &ru) < 0 && errno == EINTR)
		;
	s->wall = now_us() - begin;
	s->user = us(ru.ru_utime);
	s->sys = us(ru.ru_stime);
	if (ru.ru_maxrss > c->max_rss)
		c->max_rss = ru.ru_maxrss;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		c->failures++;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(const struct command *c, int rounds, size_t member, double q)
{
	double *v = calloc((size_t)rounds, sizeof(*v)), result;

	if (!v)
		exit(2);
	for (int i = 0; i < rounds; i++)
		v[i] = *(const double *)((const char *)&c->samples[i] + member);
	qsort(v, (size_t)rounds, sizeof(*v), by_value);
	result = v[(int)(q * (rounds - 1) + 0.5)];
	free(v);
	return result;
}

static void print(const struct command *c, int rounds)
{
	printf("%s\t%.0f\t%.0f\t%.0f\t%.0f\t%ld\t%d\n", c->name,
	       quantile(c, rounds, offsetof(struct sample, wall), 0.5),
	       quantile(c, rounds, offsetof(struct sample, wall), 0.1),
	       quantile(c, rounds, offsetof(struct sample, user), 0.5),
	       quantile(c, rounds, offsetof(struct sample, sys), 0.5), c->max_rss, c->failures);
}

static void split(struct command *c, char *text)
{
	size_t n = 0;

	for (char *word = strtok(text, " "); word && n + 1 < MAX_ARGS; word = strtok(NULL, " "))
		c->argv[n++] = word;
}

int main(int argc, char *argv[])
{
	int rounds = argc > 3 ? atoi(argv[1]) : 0, n = (argc - 2) / 2;
	struct command *commands = calloc((size_t)(n > 0 ? n : 1), sizeof(*commands));
	struct sample dropped;

	if (rounds < 1 || argc % 2 || !commands) {
		fprintf(stderr, "usage: measure ROUNDS NAME COMMAND [NAME COMMAND ...]\n");
		return 2;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int i = 0; i < n; i++) {
		commands[i].name = argv[2 + 2 * i];
		split(&commands[i], argv[3 + 2 * i]);
		commands[i].samples = calloc((size_t)rounds, sizeof(struct sample));
	}
	for (int round = -WARM_UP; round < rounds; round++)
		for (int i = 0; i < n; i++)
			run(&commands[i], round < 0 ? &dropped : &commands[i].samples[round]);
	for (int i = 0; i < n; i++)
		print(&commands[i], rounds);
	return 0;
}
