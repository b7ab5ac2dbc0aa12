/* SPDX-License-Identifier: Apache-2.0 */
/* Fault injection: what is armed, and the count of all processes, in one shared page. Nothing here
 * allocates after arming, for init comes by as well. */
#include "sys/fault.h"

#ifdef HULL_FAULT

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"

/* Above what programs use, so that nobody gets the number by accident. */
#define FAULT_LOG_FD_MIN 900

static struct fault_state {
	uint64_t nth;  /* 0: by name, or not armed */
	char name[32]; /* "": by number, or not armed */
	int errnum;
	bool kill;
	unsigned long count;
	bool hit;
} * state;
static int log_fd = -EBADF;

static int parse_action(char *text, struct fault_state *s)
{
	char *save = NULL;

	s->errnum = EIO;
	for (char *word = strtok_r(text, ":", &save); word; word = strtok_r(NULL, ":", &save)) {
		if (strcmp(word, "kill") == 0)
			s->kill = true;
		else if (num_parse_int(word, &s->errnum) < 0 || s->errnum <= 0)
			return -EINVAL;
	}
	return 0;
}

static int parse_spec(const char *spec, struct fault_state *s)
{
	char text[64], *action;

	if (strlen(spec) >= sizeof(text))
		return -EINVAL;
	strcpy(text, spec);
	action = strchrnul(text, ':');
	if (*action)
		*action++ = '\0';
	if (isdigit((unsigned char)text[0])) {
		if (num_parse_u64(text, &s->nth) < 0 || s->nth == 0)
			return -EINVAL;
	} else if (text[0] && strlen(text) < sizeof(s->name)) {
		strcpy(s->name, text);
	} else {
		return -EINVAL;
	}
	return parse_action(action, s);
}

int fault_arm(const char *spec)
{
	struct fault_state armed = { 0 };
	int r = spec ? parse_spec(spec, &armed) : 0;

	if (r < 0)
		return r;
	if (!state) {
		void *page = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (page == MAP_FAILED)
			return -errno;
		state = page;
	}
	*state = armed;
	return 0;
}

static int log_open_at(const char *path)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	log_fd = fcntl(fd, F_DUPFD_CLOEXEC, FAULT_LOG_FD_MIN);
	return log_fd < 0 ? -errno : 0;
}

/* A test that names a fault which cannot be armed must not pass as if nothing had failed. */
__attribute__((constructor)) static void arm_from_environment(void)
{
	static const char complaint[] = "HULL_FAULT or HULL_FAULT_LOG: not usable\n";
	const char *spec = getenv("HULL_FAULT"), *log = getenv("HULL_FAULT_LOG");

	if ((!spec && !log) || (fault_arm(spec) == 0 && (!log || log_open_at(log) == 0)))
		return;
	(void)!write(STDERR_FILENO, complaint, sizeof(complaint) - 1);
	_exit(2);
}

static void log_name(const char *name)
{
	char line[64];
	size_t n = strnlen(name, sizeof(line) - 1);

	memcpy(line, name, n);
	line[n++] = '\n';
	/* Best effort: the descriptor may have been closed by the code under test. */
	(void)!write(log_fd, line, n);
}

int fault_point(const char *name)
{
	int saved = errno;
	unsigned long nth;

	if (!state)
		return 0;
	nth = __atomic_add_fetch(&state->count, 1, __ATOMIC_RELAXED);
	if (log_fd >= 0)
		log_name(name);
	errno = saved;
	if (state->name[0] ? strcmp(state->name, name) != 0 : nth != state->nth)
		return 0;
	state->hit = true;
	if (state->kill) {
		kill(getpid(), SIGKILL);
		/* The first process of a pid namespace survives its own signal, pid_namespaces(7). */
		_exit(128 + SIGKILL);
	}
	return -state->errnum;
}

unsigned long fault_count(void)
{
	return state ? __atomic_load_n(&state->count, __ATOMIC_RELAXED) : 0;
}

int fault_hit(void)
{
	return state && state->hit;
}

/* Not every libc has it. */
static int raw_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

int fault_close_range(unsigned first, unsigned last, unsigned flags)
{
	unsigned spared = (unsigned)log_fd;

	if (log_fd < 0 || spared < first || spared > last)
		return raw_close_range(first, last, flags);
	if (spared > first && raw_close_range(first, spared - 1, flags) < 0)
		return -1;
	return spared < last ? raw_close_range(spared + 1, last, flags) : 0;
}

#endif
