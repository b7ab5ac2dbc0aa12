/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times commands against each other: each round runs every command once, in turns, so that drift of
 * the machine meets all alike. Prints a line per command, tab-separated:
 *
 *	name  median_us  p10_us  user_us  sys_us  max_rss_kb
 *
 * user and sys are medians of what the command, its waited-for children and its orphans used; max
 * RSS is the largest single process. The first step that fails ends everything.
 *
 *	measure WARM-UPS ROUNDS NAME COMMAND [NAME COMMAND ...]
 *
 * A command is one or more steps with " ; " in between. A step is split at blanks and executed
 * directly: no shell is part of the measurement. "~ STEP" is executed but not measured, "@orphans"
 * waits until all that earlier steps have left behind has exited. stdin and stdout are /dev/null;
 * between vfork and exec nothing is called, so that strace sees the commands and nothing else. Link
 * it statically: what a vfork child shares with us counts as its memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

#define MAX_STEPS 8
#define MAX_ARGS 64

struct step {
	char *argv[MAX_ARGS];
	bool untimed;
};

struct sample {
	double wall, user, sys;
};

struct command {
	const char *name;
	struct step steps[MAX_STEPS];
	size_t n_steps;
	struct sample *samples;
	long max_rss;
};

static double us(struct timeval tv)
{
	return (double)tv.tv_sec * 1e6 + (double)tv.tv_usec;
}

static __attribute__((noreturn)) void fail(const char *name, const char *what, const char *why)
{
	fprintf(stderr, "measure: %s: %s: %s\n", name, what, why);
	exit(1);
}

static pid_t start(const char *name, char *const argv[])
{
	pid_t pid = vfork();

	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0)
		fail(name, "vfork", strerror(errno));
	return pid;
}

static void check(const char *name, const char *program, int status)
{
	char why[64];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	snprintf(why, sizeof(why), WIFEXITED(status) ? "exit status %d" : "killed by signal %d",
		 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	fail(name, program, why);
}

/* Waits for pid, for all children with -1, and adds what every reaped process used. */
static void reap(struct command *c, const struct step *step, struct sample *s, pid_t pid)
{
	struct rusage ru;
	pid_t reaped;
	int status;

	do {
		reaped = wait4(-1, &status, 0, &ru);
		if (reaped < 0)
			return;
		s->user += us(ru.ru_utime);
		s->sys += us(ru.ru_stime);
		if (!step->untimed && ru.ru_maxrss > c->max_rss)
			c->max_rss = ru.ru_maxrss;
	} while (reaped != pid);
	check(c->name, step->argv[0], status);
}

static void run_step(struct command *c, const struct step *step, struct sample *sum)
{
	bool orphans = strcmp(step->argv[0], "@orphans") == 0;
	struct sample s = {};
	double begin = now_us();

	reap(c, step, &s, orphans ? -1 : start(c->name, step->argv));
	if (step->untimed)
		return;
	sum->wall += now_us() - begin;
	sum->user += s.user;
	sum->sys += s.sys;
}

static void run(struct command *c, struct sample *s)
{
	for (size_t i = 0; i < c->n_steps; i++)
		run_step(c, &c->steps[i], s);
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
		fail(c->name, "calloc", strerror(errno));
	for (int i = 0; i < rounds; i++)
		v[i] = *(const double *)((const char *)&c->samples[i] + member);
	qsort(v, (size_t)rounds, sizeof(*v), by_value);
	result = v[(int)(q * (rounds - 1) + 0.5)];
	free(v);
	return result;
}

static void print(const struct command *c, int rounds, FILE *to)
{
	fprintf(to, "%s\t%.0f\t%.0f\t%.0f\t%.0f\t%ld\n", c->name,
		quantile(c, rounds, offsetof(struct sample, wall), 0.5),
		quantile(c, rounds, offsetof(struct sample, wall), 0.1),
		quantile(c, rounds, offsetof(struct sample, user), 0.5),
		quantile(c, rounds, offsetof(struct sample, sys), 0.5), c->max_rss);
}

static void split(struct command *c, char *text)
{
	size_t n = 0;

	c->n_steps = 1;
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
		struct step *step = &c->steps[c->n_steps - 1];

		if (c->n_steps == MAX_STEPS || n + 1 == MAX_ARGS)
			fail(c->name, "command", "too long");
		if (strcmp(word, "~") == 0) {
			step->untimed = true;
		} else if (strcmp(word, ";") == 0) {
			c->n_steps++;
			n = 0;
		} else {
			step->argv[n++] = word;
		}
	}
	for (size_t i = 0; i < c->n_steps; i++)
		if (!c->steps[i].argv[0])
			fail(c->name, "command", "an empty step");
}

/* Returns where the results go: the standard output we were given, which no command gets. */
static FILE *keep_stdout(void)
{
	int out = fcntl(1, F_DUPFD_CLOEXEC, 3), null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (out < 0 || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		fail("stdout", "dup", strerror(errno));
	return fdopen(out, "w");
}

int main(int argc, char *argv[])
{
	int warm_ups = argc > 4 ? atoi(argv[1]) : 0, rounds = argc > 4 ? atoi(argv[2]) : 0;
	int n = argc > 4 ? (argc - 3) / 2 : 1;
	struct command *commands = calloc((size_t)n, sizeof(*commands));
	struct sample dropped = {};
	FILE *out = keep_stdout();

	if (rounds < 1 || argc % 2 == 0 || !commands || !out) {
		fprintf(stderr, "usage: measure WARM-UPS ROUNDS NAME COMMAND [NAME COMMAND ...]\n");
		return 2;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int i = 0; i < n; i++) {
		commands[i].name = argv[3 + 2 * i];
		split(&commands[i], argv[4 + 2 * i]);
		commands[i].samples = calloc((size_t)rounds, sizeof(struct sample));
		if (!commands[i].samples)
			fail(commands[i].name, "calloc", strerror(errno));
	}
	for (int round = -warm_ups; round < rounds; round++)
		for (int i = 0; i < n; i++)
			run(&commands[i], round < 0 ? &dropped : &commands[i].samples[round]);
	for (int i = 0; i < n; i++)
		print(&commands[i], rounds, out);
	return fclose(out) == 0 ? 0 : 1;
}
