/* SPDX-License-Identifier: Apache-2.0 */
/* The program: arguments, environment, directory, terminal. Its rights, limits, labels and filter
 * are compiled by files of their own.
 *
 * The environment is final before the clone but for HOME, which only the container's /etc/passwd
 * may know. The plan is read-only in init, so that one entry lives in a buffer of this file: init is
 * a copy of this process and finds it at the same address. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/num.h"
#include "host/host.h"
#include "host/notify.h"

/* The longest string and the least total that the kernel always takes, and its ceiling whatever
 * RLIMIT_STACK says (execve(2), "Limits on size of arguments and environment"). */
#define MAX_STRING (128u << 10)
#define MIN_TOTAL (128u << 10)
#define MAX_TOTAL (6u << 20)
#define DEFAULT_UMASK 0022
/* LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES */
#define N_LISTEN 3
#define FIRST_FD 3 /* of those handed down: SD_LISTEN_FDS_START */

static char home_entry[PLAN_HOME_SIZE];
static char listen_pid_entry[PLAN_LISTEN_PID_SIZE];

/* The entries of an environment by name: open addressing, twice as many slots as entries. */
struct env_index {
	size_t *slots; /* 1 + index of the entry, 0: empty */
	size_t mask;
	uint64_t seed;
};

static size_t name_len(const char *entry)
{
	return strcspn(entry, "=");
}

static int env_index_init(struct env_index *x, size_t n)
{
	size_t size = 16;

	while (size < 2 * n)
		size *= 2;
	x->slots = calloc(size, sizeof(*x->slots));
	x->mask = size - 1;
	/* A seed of the kernel's: nobody writes an environment that falls into one slot. */
	memcpy(&x->seed, (const void *)getauxval(AT_RANDOM), sizeof(x->seed));
	return x->slots ? 0 : -ENOMEM;
}

static void env_index_done(struct env_index *x)
{
	free(x->slots);
}

/* The slot of a name: that of the entry with this name, or the empty one where it belongs. */
static size_t *env_slot(const struct env_index *x, const char **envp, const char *name)
{
	size_t len = name_len(name), *slot;
	uint64_t hash = x->seed;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 0x9e3779b97f4a7c15u;
	for (size_t at = hash >> 20;; at++) {
		slot = &x->slots[at & x->mask];
		if (*slot == 0)
			return slot;
		if (strncmp(envp[*slot - 1], name, len) == 0 && name_len(envp[*slot - 1]) == len)
			return slot;
	}
}

struct env {
	const char **entries;
	size_t n;
	struct env_index index;
};

/* A later entry takes the place of an earlier one of the same name. */
static void env_set(struct env *env, const char *entry)
{
	size_t *slot = env_slot(&env->index, env->entries, entry);

	if (*slot == 0)
		*slot = ++env->n;
	env->entries[*slot - 1] = entry;
}

static const char *env_value(const struct env *env, const char *name)
{
	size_t slot = *env_slot(&env->index, env->entries, name), len = strlen(name);

	if (slot == 0 || env->entries[slot - 1][len] != '=')
		return NULL;
	return env->entries[slot - 1] + len + 1;
}

/* The number of sockets that whoever started us passes on (sd_listen_fds(3)); 0 when none. */
static unsigned listen_fds(void)
{
	const char *fds = getenv("LISTEN_FDS"), *for_pid = getenv("LISTEN_PID");
	uint32_t n = 0;
	int pid;

	if (!fds || num_parse_u32(fds, &n) < 0)
		return 0;
	if (for_pid && (num_parse_int(for_pid, &pid) < 0 || pid != getpid()))
		return 0;
	return n;
}

/* What is handed down was open when we were started: ours all close with an exec. */
static int check_handed_down(const struct host_env *h, unsigned n_listen, struct err *e)
{
	uint64_t n = (uint64_t)n_listen + h->preserve_fds;

	for (uint64_t fd = FIRST_FD; !h->dry_run && fd < FIRST_FD + n; fd++) {
		int flags = fd <= INT_MAX ? fcntl((int)fd, F_GETFD) : -1;

		if (flags >= 0 && !(flags & FD_CLOEXEC))
			continue;
		if (fd < FIRST_FD + (uint64_t)n_listen)
			return err_bad(e, "", "LISTEN_FDS=%u: descriptor %u is not open", n_listen,
				       (unsigned)fd);
		return err_bad(e, "", "option --preserve-fds %u: descriptor %u is not open",
			       h->preserve_fds, (unsigned)fd);
	}
	return 0;
}

/* The number of the container's first process in its own namespace is known when it runs. */
static int add_listen(struct env *env, unsigned n, struct plan_process *pp, struct arena *arena)
{
	const char *names = getenv("LISTEN_FDNAMES");
	const char *fds_entry = arena_printf(arena, "LISTEN_FDS=%u", n);
	const char *names_entry = names ? arena_printf(arena, "LISTEN_FDNAMES=%s", names) : "";

	if (!fds_entry || !names_entry)
		return -ENOMEM;
	env_set(env, fds_entry);
	fmt_str(listen_pid_entry, sizeof(listen_pid_entry), "LISTEN_PID=1");
	pp->listen_pid = listen_pid_entry;
	env_set(env, listen_pid_entry);
	if (names)
		env_set(env, names_entry);
	return 0;
}

static void add_home(struct env *env, struct plan_process *pp)
{
	const char *home = env_value(env, "HOME");

	if (home && home[0])
		return;
	fmt_str(home_entry, sizeof(home_entry), "HOME=/");
	pp->home = home_entry;
	env_set(env, home_entry);
}

static int fill_env(struct env *env, const struct spec_process *sp, unsigned n_listen, bool notify,
		    struct plan_process *pp, struct arena *arena)
{
	const char *path;

	for (size_t i = 0; i < sp->env.n; i++) {
		const char *entry = arena_strdup(arena, sp->env.items[i]);

		if (!entry)
			return -ENOMEM;
		env_set(env, entry);
	}
	if (n_listen > 0 && add_listen(env, n_listen, pp, arena) < 0)
		return -ENOMEM;
	if (notify)
		env_set(env, NOTIFY_ENTRY);
	add_home(env, pp);
	path = env_value(env, "PATH");
	pp->path = path ? path : "/bin:/usr/bin"; /* execvp(3) does so as well */
	pp->envp = env->entries;
	return 0;
}

static int plan_env(const struct spec_process *sp, unsigned n_listen, bool notify,
		    struct plan_process *pp, struct arena *arena, struct err *e)
{
	size_t max = sp->env.n + N_LISTEN + 2; /* and HOME, NOTIFY_SOCKET */
	struct env env = { .entries = arena_array_of(arena, const char *, max + 1) };
	int r = env.entries ? env_index_init(&env.index, max) : -ENOMEM;

	if (r == 0)
		r = fill_env(&env, sp, n_listen, notify, pp, arena);
	env_index_done(&env.index);
	return r < 0 ? err_nomem(e) : 0;
}

static int plan_args(const struct spec_process *sp, struct plan_process *pp, struct arena *arena,
		     struct err *e)
{
	pp->argv = arena_array_of(arena, const char *, sp->args.n + 1);
	if (!pp->argv)
		return err_nomem(e);
	for (size_t i = 0; i < sp->args.n; i++) {
		pp->argv[i] = arena_strdup(arena, sp->args.items[i]);
		if (!pp->argv[i])
			return err_nomem(e);
	}
	return 0;
}

/* Adds what the kernel counts for a list: the strings and the pointers to them. */
static int add_size(const char **list, const char *where, size_t *total, struct err *e)
{
	for (size_t i = 0; list[i]; i++) {
		size_t size = strlen(list[i]) + 1;

		if (size > MAX_STRING) {
			err_bad(e, "", "%zu bytes: the kernel takes %u at most", size, MAX_STRING);
			return err_at(e, "%s[%zu]", where, i);
		}
		*total += size + sizeof(*list);
	}
	return 0;
}

/* A quarter of the stack that the program will have; unlimited when only the plan is asked for. */
static size_t size_limit(const struct host_env *h, const struct plan_process *pp)
{
	struct rlimit stack = { .rlim_cur = RLIM_INFINITY };

	if (!h->dry_run)
		(void)getrlimit(RLIMIT_STACK, &stack); /* cannot fail */
	for (size_t i = 0; i < pp->n_rlimits; i++)
		if (pp->rlimits[i].resource == RLIMIT_STACK)
			stack = pp->rlimits[i].value;
	if (stack.rlim_cur / 4 < MIN_TOTAL)
		return MIN_TOTAL;
	return stack.rlim_cur / 4 > MAX_TOTAL ? MAX_TOTAL : (size_t)(stack.rlim_cur / 4);
}

static int check_size(const struct host_env *h, const struct plan_process *pp, struct err *e)
{
	size_t total = 0, limit = size_limit(h, pp);
	int r = add_size(pp->argv, "process.args", &total, e);

	if (r == 0)
		r = add_size(pp->envp, "process.env", &total, e);
	if (r == 0 && total > limit)
		r = err_bad(e, "process.env",
			    "%zu bytes with process.args: the kernel takes %zu at most, a quarter "
			    "of RLIMIT_STACK up to 6 MiB",
			    total, limit);
	return r;
}

static int copy_string(const char *s, const char **ret, struct arena *arena, struct err *e)
{
	if (!s)
		return 0;
	*ret = arena_strdup(arena, s);
	return *ret ? 0 : err_nomem(e);
}

static int plan_rest(const struct host_env *h, const struct spec_process *sp,
		     struct plan_process *pp, struct arena *arena, struct err *e)
{
	const struct spec_exec_cpu_affinity *affinity = sp->exec_cpu_affinity;
	int r = copy_string(sp->cwd, &pp->cwd, arena, e);

	if (r == 0 && affinity)
		r = copy_string(affinity->initial, &pp->initial_affinity, arena, e);
	if (r == 0 && affinity)
		r = copy_string(affinity->final, &pp->final_affinity, arena, e);
	if (r < 0)
		return r;
	if (!h->no_new_keyring) {
		pp->session_keyring = arena_printf(arena, "_ses.%s", h->id);
		if (!pp->session_keyring)
			return err_nomem(e);
	}
	pp->terminal = sp->terminal;
	if (sp->terminal) {
		pp->rows = (unsigned short)sp->console_size.height;
		pp->columns = (unsigned short)sp->console_size.width;
	}
	pp->umask = sp->user.has_umask ? sp->user.umask & 0777 : DEFAULT_UMASK;
	pp->no_new_privs = sp->no_new_privileges;
	return 0;
}

int process_plan(const struct host_env *h, const struct spec *s, const struct spec_process *sp,
		 struct plan_process *pp, struct arena *arena, struct err *e)
{
	/* Sockets are for the container's first process, which LISTEN_PID names. */
	unsigned n_listen = sp == s->process && !h->dry_run ? listen_fds() : 0;
	bool notify = sp == s->process && notify_is_wanted(h, s);
	int r = check_handed_down(h, n_listen, e);

	pp->preserve_fds = h->preserve_fds + n_listen;
	if (r == 0)
		r = plan_args(sp, pp, arena, e);
	if (r == 0)
		r = plan_env(sp, n_listen, notify, pp, arena, e);
	if (r == 0)
		r = plan_rest(h, sp, pp, arena, e);
	if (r == 0)
		r = rlimits_plan(sp, pp, arena, e);
	if (r == 0)
		r = check_size(h, pp, e);
	if (r == 0)
		r = creds_plan(h, s, sp, pp, arena, e);
	if (r == 0)
		r = sched_plan(s, sp, pp, arena, e);
	if (r == 0)
		r = mempolicy_plan(s, pp, arena, e);
	if (r == 0)
		r = lsm_plan(h, sp, pp, arena, e);
	return r < 0 ? r : seccomp_plan(h, s, pp, arena, e);
}
