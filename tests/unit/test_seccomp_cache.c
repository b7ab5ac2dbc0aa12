/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled filters that are kept: taken when everything is the same, and never otherwise. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "host/host.h"
#include "spec/spec_check.h"
#include "tempdir.h"

#define CACHE "cache"
#define N_SLOTS 64

/* Fifty names and more, and in the second rule one of everything. */
static const char profile[] =
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
	"\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_ARM\"],"
	"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"syscalls\":["
	"{\"names\":[\"accept\",\"access\",\"bind\",\"brk\",\"chdir\",\"chmod\",\"chown\","
	"\"clone\",\"close\",\"connect\",\"dup\",\"dup2\",\"dup3\",\"execve\",\"exit\","
	"\"faccessat\",\"fchdir\",\"fchmod\",\"fchown\",\"fcntl\",\"fork\",\"fstat\",\"fsync\","
	"\"futex\",\"getcwd\",\"getegid\",\"geteuid\",\"getgid\",\"getpid\",\"getppid\","
	"\"getuid\",\"ioctl\",\"kill\",\"link\",\"listen\",\"lseek\",\"mkdir\",\"mmap\","
	"\"mprotect\",\"munmap\",\"nanosleep\",\"open\",\"openat\",\"pause\",\"pipe\",\"pipe2\","
	"\"poll\",\"read\",\"readlink\",\"rename\",\"write\",\"writev\"],"
	"\"action\":\"SCMP_ACT_ALLOW\"},"
	"{\"names\":[\"personality\",\"ptrace\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":5,"
	"\"args\":[{\"index\":1,\"value\":6,\"valueTwo\":4,\"op\":\"SCMP_CMP_MASKED_EQ\"},"
	"{\"index\":2,\"value\":7,\"op\":\"SCMP_CMP_NE\"}]}]}";

/* One change of the profile for each row: a text in it and what takes its place. */
static const struct change {
	const char *what, *from, *to;
} changes[] = {
	{ "nothing", "{", "{" },
	{ "defaultAction", "SCMP_ACT_ERRNO\",", "SCMP_ACT_TRACE\"," },
	{ "defaultErrnoRet", ":38", ":39" },
	{ "defaultErrnoRet zero", ":38", ":0" },
	{ "defaultErrnoRet absent", ",\"defaultErrnoRet\":38", "" },
	{ "architectures", "_X86", "_X32" },
	{ "architectures: one less", "\"SCMP_ARCH_X86\",", "" },
	{ "architectures: order", "_X86\",\"SCMP_ARCH_ARM", "_ARM\",\"SCMP_ARCH_X86" },
	{ "flags", "FLAG_LOG", "FLAG_TSYNC" },
	{ "flags: one more", "FLAG_LOG\"", "FLAG_LOG\",\"SECCOMP_FILTER_FLAG_TSYNC\"" },
	{ "flags empty", "\"SECCOMP_FILTER_FLAG_LOG\"", "" },
	{ "flags absent", "\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],", "" },
	{ "names", "\"ptrace", "\"ptracf" },
	{ "names: one more", "\"ptrace\"", "\"ptrace\",\"reboot\"" },
	{ "names: one less", ",\"ptrace\"", "" },
	{ "names: order", "\"personality\",\"ptrace\"", "\"ptrace\",\"personality\"" },
	{ "names: other ends", "\"dup2\",\"dup3\"", "\"dup\",\"2dup3\"" },
	{ "names: another rule's", ",\"writev\"],\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[",
	  "],\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"writev\"," },
	{ "action", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG" },
	{ "errnoRet", "\"errnoRet\":5", "\"errnoRet\":6" },
	{ "errnoRet zero", "\"errnoRet\":5", "\"errnoRet\":0" },
	{ "errnoRet absent", "\"errnoRet\":5,", "" },
	{ "args: one less", ",{\"index\":2,\"value\":7,\"op\":\"SCMP_CMP_NE\"}", "" },
	{ "index", "\"index\":2", "\"index\":3" },
	{ "value", "\"value\":6", "\"value\":22" },
	{ "value: upper half", "\"value\":7", "\"value\":4294967303" },
	{ "valueTwo", "\"valueTwo\":4", "\"valueTwo\":2" },
	{ "op", "SCMP_CMP_NE", "SCMP_CMP_EQ" },
	{ "syscalls: order of rules", "{\"names\":[\"accept",
	  "{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_LOG\"},{\"names\":[\"accept" },
};

static struct arena *arena;
static struct err e;

static void set_up(void)
{
	tempdir_enter();
	arena = arena_new();
	cr_assert_eq(log_open(&(struct log_config){ .target = "log", .level = LOG_DEBUG }), 0);
}

static void tear_down(void)
{
	log_close();
	arena = arena_free(arena);
	tempdir_leave();
}

TestSuite(seccomp_cache, .init = set_up, .fini = tear_down, .timeout = 120);

/* ---- planning ----------------------------------------------------------------------------------- */

static const char *changed(const char *from, const char *to)
{
	const char *at = strstr(profile, from);

	cr_assert_not_null(at, "%s is in the profile", from);
	return arena_printf(arena, "%.*s%s%s", (int)(at - profile), profile, to, at + strlen(from));
}

static struct plan_seccomp planned(const char *seccomp, const char *dir)
{
	struct host_env env = { .seccomp_cache = dir };
	struct plan_process plan = {};
	struct spec *s;
	char *text =
		arena_printf(arena,
			     "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},"
			     "\"linux\":{\"namespaces\":[{\"type\":\"mount\"}],\"seccomp\":%s}}",
			     seccomp);
	int r = spec_parse_config(text, strlen(text), arena, NULL, &s, &e);

	if (r >= 0)
		r = spec_check(s, NULL, &e);
	if (r >= 0)
		r = seccomp_plan(&env, s, &plan, arena, &e);
	cr_assert_eq(r, 0, "%s: %s", e.where, e.msg);
	return plan.seccomp;
}

static bool is_equal(const struct plan_seccomp *a, const struct plan_seccomp *b)
{
	return a->flags == b->flags && a->prog->len == b->prog->len &&
	       memcmp(a->prog->filter, b->prog->filter, a->prog->len * sizeof(*a->prog->filter)) ==
		       0;
}

/* Plans with the cache: whether the filter came from there. It is the right one in any case. */
static bool is_hit(const char *seccomp)
{
	struct plan_seccomp with, without;
	_cleanup_free_ char *log = NULL;
	size_t len;

	cr_assert_eq(truncate("log", 0), 0);
	with = planned(seccomp, CACHE);
	cr_assert_eq(file_read_at(AT_FDCWD, "log", 1 << 20, &log, &len, &e), 0);
	without = planned(seccomp, NULL);
	cr_assert(is_equal(&with, &without), "the filter of %s", seccomp);
	return strstr(log, "the filter is the one in " CACHE "/") != NULL;
}

/* ---- the slots ---------------------------------------------------------------------------------- */

/* Entries of the cache; the path of the last one seen. */
static size_t count_slots(char ret_path[16])
{
	DIR *d = opendir(CACHE);
	struct dirent *entry;
	size_t n = 0;

	cr_assert_not_null(d);
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		cr_assert_eq(strlen(entry->d_name), 2, "%s", entry->d_name);
		snprintf(ret_path, 16, CACHE "/%.2s", entry->d_name);
		n++;
	}
	closedir(d);
	return n;
}

struct slot {
	char path[16];
	char *data;
	size_t len;
};

/* The slot of a profile, filled. */
static struct slot filled_slot(const char *seccomp)
{
	struct slot s;

	cr_assert(!is_hit(seccomp));
	cr_assert_eq(count_slots(s.path), 1);
	cr_assert_eq(file_read_at(AT_FDCWD, s.path, 1 << 20, &s.data, &s.len, &e), 0);
	return s;
}

static void put(const char *path, const char *data, size_t len)
{
	cr_assert_eq(file_write_new_at(AT_FDCWD, path, data, len, 0600, &e), 0, "%s", e.msg);
}

static const char *slot_path(unsigned i)
{
	static char path[16];

	snprintf(path, sizeof(path), CACHE "/%02x", i);
	return path;
}

/* Wherever a filter is looked for, there is this one. */
static void put_everywhere(const struct slot *s)
{
	for (unsigned i = 0; i < N_SLOTS; i++)
		put(slot_path(i), s->data, s->len);
}

static void empty_slots(void)
{
	for (unsigned i = 0; i < N_SLOTS; i++)
		cr_assert_eq(unlink(slot_path(i)), 0);
}

static void assert_heals(const struct slot *s)
{
	_cleanup_free_ char *data = NULL;
	struct stat st;
	size_t len;

	cr_assert(!is_hit(profile));
	cr_assert(is_hit(profile));
	cr_assert_eq(lstat(s->path, &st), 0);
	cr_assert(S_ISREG(st.st_mode));
	cr_assert_eq(file_read_at(AT_FDCWD, s->path, 1 << 20, &data, &len, &e), 0);
	cr_assert_eq(len, s->len);
	cr_assert_eq(memcmp(data, s->data, len), 0);
}

/* ---- the tests ---------------------------------------------------------------------------------- */

Test(seccomp_cache, the_second_time_the_same_filter_comes_from_a_private_file)
{
	struct stat dir, file;
	char path[16];

	umask(0);
	cr_assert(!is_hit(profile));
	cr_assert(is_hit(profile));
	cr_assert_eq(count_slots(path), 1);
	cr_assert_eq(stat(CACHE, &dir), 0);
	cr_assert_eq(stat(path, &file), 0);
	cr_assert_eq(dir.st_mode & 07777, 0700);
	cr_assert_eq(file.st_mode & 07777, 0600);
}

Test(seccomp_cache, a_small_profile_is_not_kept)
{
	cr_assert(!is_hit("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
			  "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\"}]}"));
	cr_assert_eq(access(CACHE, F_OK), -1);
}

Test(seccomp_cache, profiles_that_differ_in_anything_share_no_filter_even_in_one_slot)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		const char *one = changed(changes[i].from, changes[i].to);
		struct slot s = filled_slot(one);

		for (size_t k = 0; k < ARRAY_SIZE(changes); k++) {
			const char *other = changed(changes[k].from, changes[k].to);

			put_everywhere(&s);
			cr_assert_eq(is_hit(other), i == k, "%s, %s", changes[i].what,
				     changes[k].what);
		}
		empty_slots();
		free(s.data);
	}
}

static const struct json_field *field_named(const struct json_field *f, const char *name)
{
	while (f->name && strcmp(f->name, name) != 0)
		f++;
	cr_assert_not_null(f->name, "%s", name);
	return f;
}

static void assert_changed(const struct json_field *f)
{
	size_t i = 0;

	if (strncmp(f->name, "listener", strlen("listener")) == 0)
		return; /* notification is refused before it comes to that */
	while (i < ARRAY_SIZE(changes) && strncmp(changes[i].what, f->name, strlen(f->name)) != 0)
		i++;
	cr_assert_lt(i, ARRAY_SIZE(changes), "there is a row for %s", f->name);
	for (const struct json_field *sub = f->fields; sub && sub->name; sub++)
		assert_changed(sub);
}

Test(seccomp_cache, the_changes_are_those_of_every_member_that_a_profile_has)
{
	const struct json_field *f = field_named(spec_fields, "linux");

	f = field_named(f->fields, "seccomp");
	for (f = f->fields; f->name; f++)
		assert_changed(f);
}

/* Versions, sizes, key, instructions and checksum: there is no byte that does not count. */
Test(seccomp_cache, a_file_with_one_wrong_byte_is_not_taken)
{
	struct slot s = filled_slot(profile);

	for (size_t i = 0; i < s.len; i++) {
		s.data[i] ^= 0x40;
		put(s.path, s.data, s.len);
		s.data[i] ^= 0x40;
		cr_assert(!is_hit(profile), "byte %zu", i);
	}
	cr_assert(is_hit(profile));
	free(s.data);
}

Test(seccomp_cache, a_torn_or_longer_file_is_not_taken)
{
	struct slot s = filled_slot(profile);

	for (size_t len = 0; len < s.len; len++) {
		put(s.path, s.data, len);
		cr_assert(!is_hit(profile), "%zu of %zu bytes", len, s.len);
	}
	for (off_t len = (off_t)s.len + 1; len < 5 << 20; len *= 2) {
		put(s.path, s.data, s.len);
		cr_assert_eq(truncate(s.path, len), 0);
		assert_heals(&s);
	}
	free(s.data);
}

Test(seccomp_cache, a_file_that_others_can_read_or_write_is_not_taken)
{
	static const mode_t modes[] = { 0644, 0640, 0620, 0602, 0604, 0700, 0400, 04600, 01600 };
	struct slot s = filled_slot(profile);

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		cr_assert_eq(chmod(s.path, modes[i]), 0);
		assert_heals(&s);
	}
	free(s.data);
}

Test(seccomp_cache, a_file_of_somebody_else_is_not_taken)
{
	struct slot s;

	if (geteuid() != 0)
		cr_skip_test("needs root");
	s = filled_slot(profile);
	cr_assert_eq(chown(s.path, 12345, (gid_t)-1), 0);
	assert_heals(&s);
	free(s.data);
}

Test(seccomp_cache, a_symlink_is_not_followed)
{
	struct slot s = filled_slot(profile);
	struct stat before, after;

	cr_assert_eq(rename(s.path, "elsewhere"), 0);
	cr_assert_eq(stat("elsewhere", &before), 0);
	cr_assert_eq(symlink("../elsewhere", s.path), 0);
	assert_heals(&s);
	cr_assert_eq(stat("elsewhere", &after), 0);
	cr_assert_eq(memcmp(&before.st_mtim, &after.st_mtim, sizeof(before.st_mtim)), 0);
	free(s.data);
}

Test(seccomp_cache, a_fifo_holds_nobody_up)
{
	struct slot s = filled_slot(profile);

	cr_assert_eq(unlink(s.path), 0);
	cr_assert_eq(mkfifo(s.path, 0600), 0);
	assert_heals(&s);
	free(s.data);
}

Test(seccomp_cache, a_directory_in_a_slot_is_left_alone)
{
	struct slot s = filled_slot(profile);
	char path[16];

	cr_assert_eq(unlink(s.path), 0);
	cr_assert_eq(mkdir(s.path, 0700), 0);
	cr_assert(!is_hit(profile));
	cr_assert(!is_hit(profile));
	cr_assert_eq(count_slots(path), 1);
	cr_assert_eq(rmdir(s.path), 0);
	assert_heals(&s);
	free(s.data);
}

Test(seccomp_cache, without_a_usable_directory_nothing_is_kept_and_nothing_fails)
{
	cr_assert_eq(mkdir("elsewhere", 0700), 0);
	cr_assert_eq(symlink("elsewhere", CACHE), 0);
	cr_assert(!is_hit(profile));
	cr_assert(!is_hit(profile));
	cr_assert_eq(rmdir("elsewhere"), 0); /* still empty */
	cr_assert(!is_hit(profile));
	cr_assert_eq(unlink(CACHE), 0);
	put(CACHE, "", 0);
	cr_assert(!is_hit(profile));
	cr_assert_eq(planned(profile, "not/there").prog->len, planned(profile, NULL).prog->len);
	cr_assert_eq(access("not", F_OK), -1);
}

Test(seccomp_cache, whoever_cannot_write_at_once_does_not_wait)
{
	struct slot s = filled_slot(profile);
	int fd = open(CACHE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert_eq(flock(fd, LOCK_EX), 0);
	cr_assert(is_hit(profile));
	cr_assert_eq(unlink(s.path), 0);
	cr_assert(!is_hit(profile));
	cr_assert(!is_hit(profile));
	close(fd);
	assert_heals(&s);
	free(s.data);
}

/* The profile with another number in it. */
static const char *variant(unsigned i)
{
	char to[32];

	snprintf(to, sizeof(to), "\"errnoRet\":%u", i);
	return changed("\"errnoRet\":5", to);
}

Test(seccomp_cache, however_many_profiles_there_are_no_more_than_64_are_kept)
{
	char path[16];

	for (unsigned i = 0; i < 500; i++)
		cr_assert(!is_hit(variant(i)));
	cr_assert_leq(count_slots(path), N_SLOTS);
	cr_assert_gt(count_slots(path), N_SLOTS / 2);
	cr_assert(is_hit(variant(499)));
}

/* Planned in a process of its own, which ends with the number of wrong filters. */
static pid_t many_starts(const struct plan_seccomp *expected, unsigned n, unsigned first)
{
	pid_t pid = fork();
	int wrong = 0;

	if (pid != 0)
		return pid;
	for (unsigned i = 0; i < 400; i++) {
		unsigned which = (i / 2 + first) % n;
		struct plan_seccomp found = planned(variant(which), CACHE);

		wrong += !is_equal(&found, &expected[which]);
	}
	_exit(wrong > 100 ? 100 : wrong);
}

Test(seccomp_cache, starts_at_the_same_time_all_get_their_filter)
{
	struct plan_seccomp expected[90]; /* more than slots: they push each other out */
	pid_t pids[4];
	char path[16];
	int status;

	for (unsigned i = 0; i < ARRAY_SIZE(expected); i++)
		expected[i] = planned(variant(i), NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = many_starts(expected, ARRAY_SIZE(expected), i * 3);
	for (unsigned i = 0; i < ARRAY_SIZE(pids); i++) {
		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		cr_assert_eq(status, 0, "process %u: status 0x%x", i, status);
	}
	cr_assert_leq(count_slots(path), N_SLOTS);
}
