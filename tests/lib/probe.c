/* SPDX-License-Identifier: Apache-2.0 */
/* What a shell cannot ask the kernel, asked in a container:  probe WHAT [ARG...]  prints one line.
 * Built by the integration tests, statically. */
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int sched(char **args)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} a = { 0 };

	(void)args;
	if (syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0) < 0)
		return -1;
	printf("policy %u nice %d priority %u flags %#llx runtime %llu deadline %llu period %llu\n",
	       a.policy, a.nice, a.priority, (unsigned long long)a.flags,
	       (unsigned long long)a.runtime, (unsigned long long)a.deadline,
	       (unsigned long long)a.period);
	return 0;
}

/* Class and priority within it (ioprio_set(2)). */
static int io_priority(char **args)
{
	long value = syscall(SYS_ioprio_get, 1, 0);

	(void)args;
	if (value >= 0)
		printf("class %ld priority %ld\n", value >> 13, value & 7);
	return value < 0 ? -1 : 0;
}

/* Serial number and name of the session keyring. */
static int keyring(char **args)
{
	char text[256] = "";
	long serial = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0, 0, 0);

	(void)args;
	if (serial < 0 || syscall(SYS_keyctl, KEYCTL_DESCRIBE, serial, text, sizeof(text) - 1) < 0)
		return -1;
	printf("%ld %s\n", serial, strrchr(text, ';') ? strrchr(text, ';') + 1 : text);
	return 0;
}

/* SELinux label of the session keyring. */
static int key_label(char **args)
{
	char text[256];

	(void)args;
	if (syscall(SYS_keyctl, KEYCTL_GET_SECURITY, KEY_SPEC_SESSION_KEYRING, text, sizeof(text),
		    0) < 0)
		return -1;
	puts(text);
	return 0;
}

static int persona(char **args)
{
	(void)args;
	printf("%#x\n", (unsigned)personality(0xffffffff));
	return 0;
}

/* Mode with its flags, and the first nodes as bits (get_mempolicy(2)). */
static int memory_policy(char **args)
{
	unsigned long nodes[128] = { 0 };
	int mode;

	(void)args;
	if (syscall(SYS_get_mempolicy, &mode, nodes, 8 * sizeof(nodes), 0, 0) < 0)
		return -1;
	printf("mode %#x nodes %#lx\n", (unsigned)mode, nodes[0]);
	return 0;
}

/* Whole seconds. */
static int clocks(char **args)
{
	struct timespec monotonic, boottime;

	(void)args;
	if (clock_gettime(CLOCK_MONOTONIC, &monotonic) < 0 ||
	    clock_gettime(CLOCK_BOOTTIME, &boottime) < 0)
		return -1;
	printf("%lld %lld\n", (long long)monotonic.tv_sec, (long long)boottime.tv_sec);
	return 0;
}

/* Runs a command as an unkind caller would: with every signal blocked and most ignored. */
static int deaf(char **args)
{
	sigset_t all;

	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGCHLD)
			signal(sig, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	execvp(args[0], args);
	return -1;
}

/* Listens at a path, prints what came with the first message, and becomes a command whose standard
 * input is the descriptor that came with it. */
static int receive(char **args)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(4 * sizeof(int))];
	} control = { 0 };
	char text[4096];
	struct iovec data = { text, sizeof(text) - 1 };
	struct msghdr msg = { .msg_iov = &data,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd, received;
	ssize_t n;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", args[0]);
	if (bind(listener, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(listener, 1) < 0)
		return -1;
	fd = accept(listener, NULL, NULL);
	n = fd < 0 ? -1 : recvmsg(fd, &msg, 0);
	if (n <= 0 || control.head.cmsg_type != SCM_RIGHTS)
		return -1;
	text[n] = '\0';
	printf("%zu descriptors with %s\n", (control.head.cmsg_len - CMSG_LEN(0)) / sizeof(int),
	       text);
	fflush(stdout);
	memcpy(&received, CMSG_DATA(&control.head), sizeof(received));
	if (dup2(received, STDIN_FILENO) < 0)
		return -1;
	execvp(args[1], args + 1);
	return -1;
}

/* Says something to $NOTIFY_SOCKET, sd_notify(3). */
static int notify(char **args)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", getenv("NOTIFY_SOCKET"));
	return sendto(fd, args[0], strlen(args[0]), 0, (struct sockaddr *)&a, sizeof(a)) < 0 ? -1
											     : 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(char **args);
		int n_args;
	} table[] = {
		{ "sched", sched, 0 },	      { "ioprio", io_priority, 0 },
		{ "keyring", keyring, 0 },    { "persona", persona, 0 },
		{ "clocks", clocks, 0 },      { "deaf", deaf, 1 },
		{ "receive", receive, 2 },    { "mempolicy", memory_policy, 0 },
		{ "keylabel", key_label, 0 }, { "notify", notify, 1 },
	};

	for (size_t i = 0; argc > 1 && i < sizeof(table) / sizeof(*table); i++) {
		if (strcmp(argv[1], table[i].name) != 0 || argc < 2 + table[i].n_args)
			continue;
		if (table[i].run(argv + 2) == 0)
			return EXIT_SUCCESS;
		perror(argv[1]);
		return EXIT_FAILURE;
	}
	fputs("usage: probe WHAT [ARG...]\n", stderr);
	return 2;
}
