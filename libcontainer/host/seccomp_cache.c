/* SPDX-License-Identifier: Apache-2.0 */
/* A cache of 64 slots, a file each, chosen by the hash of the key: a filter takes the place of
 * whichever was there. A file is a struct header, the key, the instructions and a checksum, in the
 * byte order of this machine. */
#include "host/seccomp_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/fmt.h"
#include "base/hash.h"
#include "base/log.h"
#include "config.h"
#include "host/seccomp.h"
#include "sys/sys.h"

/* To be raised with every change of what a profile is compiled to. */
#define GENERATOR 1

#define MIN_NAMES 50 /* a smaller profile is compiled before its file is read */
#define MAX_SIZE ((size_t)1 << 20)
#define MODE 0600
#define SLOT_NAME 3 /* two digits and their end */

struct header {
	char magic[8];
	uint32_t key_len, n_instructions;
};

static const char magic[8] = "hullbpf1";

/* ---- the key: lists begin with their length, strings end with their NUL -------------------------- */

static void add_number(struct buf *b, uint64_t value)
{
	buf_add(b, &value, sizeof(value));
}

static void add_strings(struct buf *b, const spec_strings *list)
{
	add_number(b, list->n);
	for (size_t i = 0; i < list->n; i++)
		buf_add(b, list->items[i], strlen(list->items[i]) + 1);
}

static void add_rule(struct buf *b, const struct spec_syscall *c)
{
	add_number(b, c->action);
	add_number(b, c->has_errno_ret);
	add_number(b, c->errno_ret);
	add_strings(b, &c->names);
	add_number(b, c->args.n);
	for (size_t i = 0; i < c->args.n; i++) {
		add_number(b, c->args.items[i].index);
		add_number(b, c->args.items[i].op);
		add_number(b, c->args.items[i].value);
		add_number(b, c->args.items[i].value_two);
	}
}

static void add_profile(struct buf *b, const struct spec_seccomp *s)
{
	add_number(b, s->default_action);
	add_number(b, s->has_default_errno_ret);
	add_number(b, s->default_errno_ret);
	add_strings(b, &s->architectures);
	add_number(b, s->has_flags);
	add_number(b, s->flags.n);
	for (size_t i = 0; i < s->flags.n; i++)
		add_number(b, s->flags.items[i]);
	add_number(b, s->syscalls.n);
	for (size_t i = 0; i < s->syscalls.n; i++)
		add_rule(b, &s->syscalls.items[i]);
}

static bool is_worth_it(const struct spec_seccomp *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->syscalls.n; i++)
		n += s->syscalls.items[i].names.n;
	return n >= MIN_NAMES;
}

bool seccomp_cache_key(const struct spec_seccomp *s, struct seccomp_cache_key *ret)
{
	static const char version[] = HULL_VERSION " " HULL_COMMIT;
	struct buf *b = &ret->bytes;

	if (!is_worth_it(s))
		return false;
	buf_add(b, version, sizeof(version));
	add_number(b, GENERATOR);
	add_number(b, seccomp_lib_version());
	add_number(b, seccomp_lib_native());
	add_profile(b, s);
	ret->hash = hash_add(HASH_START, b->data, b->len);
	return buf_ok(b) == 0 && b->len <= MAX_SIZE;
}

void seccomp_cache_key_done(struct seccomp_cache_key *k)
{
	buf_done(&k->bytes);
}

/* ---- the files -------------------------------------------------------------------------------- */

/* Of the whole file, however it is put together. */
static uint64_t checksum(const struct seccomp_cache_key *k, const struct header *h,
			 const void *instructions)
{
	uint64_t hash = hash_add(k->hash, h, sizeof(*h));

	return hash_add(hash, instructions, h->n_instructions * sizeof(struct sock_filter));
}

static struct header header_of(const struct seccomp_cache_key *k, unsigned short n_instructions)
{
	struct header h = { .key_len = (uint32_t)k->bytes.len, .n_instructions = n_instructions };

	memcpy(h.magic, magic, sizeof(magic));
	return h;
}

/* The upper bits of the hash are mixed best. */
static void slot_name(const struct seccomp_cache_key *k, char ret[SLOT_NAME])
{
	unsigned slot = (unsigned)(k->hash >> 58);

	fmt_str(ret, SLOT_NAME, "%x%x", slot >> 4, slot & 15);
}

/* NULL unless it is ours alone. */
static char *read_file(const char *path, size_t *ret_size)
{
	_cleanup_close_ int fd =
		sys_openat(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	_cleanup_free_ char *data = NULL;
	struct stat st;
	size_t size;

	if (fd < 0 || sys_fstat(fd, &st) < 0)
		return NULL;
	size = (size_t)st.st_size;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 07777) != MODE ||
	    size > MAX_SIZE)
		return NULL;
	data = malloc(size + 1);
	if (!data || fd_read_full(fd, data, size) != (ssize_t)size)
		return NULL;
	*ret_size = size;
	return take_ptr(data);
}

/* Where the instructions are, and their number; NULL unless the file is whole and of this key. */
static const char *find_program(const char *file, size_t size, const struct seccomp_cache_key *k,
				unsigned short *ret_n)
{
	const size_t around = sizeof(struct header) + k->bytes.len + sizeof(uint64_t);
	const char *key = file + sizeof(struct header), *program = key + k->bytes.len;
	size_t n = size > around ? (size - around) / sizeof(struct sock_filter) : 0;
	struct header h;
	uint64_t sum;

	if (n == 0 || n > BPF_MAXINSNS || size != around + n * sizeof(struct sock_filter))
		return NULL;
	h = header_of(k, (unsigned short)n);
	if (memcmp(file, &h, sizeof(h)) != 0 || memcmp(key, k->bytes.data, k->bytes.len) != 0)
		return NULL;
	sum = checksum(k, &h, program);
	if (memcmp(file + size - sizeof(sum), &sum, sizeof(sum)) != 0)
		return NULL;
	*ret_n = (unsigned short)n;
	return program;
}

bool seccomp_cache_read(const char *dir, const struct seccomp_cache_key *k, struct arena *arena,
			struct sock_fprog *ret)
{
	_cleanup_free_ char *file = NULL;
	char path[PATH_MAX], name[SLOT_NAME];
	struct sock_fprog found = {};
	const char *program;
	size_t size;

	slot_name(k, name);
	fmt_str(path, sizeof(path), "%s/%s", dir, name);
	file = read_file(path, &size);
	program = file ? find_program(file, size, k, &found.len) : NULL;
	if (program)
		found.filter = arena_array_of(arena, struct sock_filter, found.len);
	if (!found.filter)
		return false;
	memcpy(found.filter, program, found.len * sizeof(*found.filter));
	log_debug("seccomp: the filter is the one in %s", path);
	*ret = found;
	return true;
}

/* Whoever has the lock writes; others need not wait, theirs is for another time. */
static int open_locked(const char *dir, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = sys_mkdirat(AT_FDCWD, dir, 0700);

	if (r < 0 && r != -EEXIST)
		return err_sys(e, r, "mkdir", "%s", dir);
	fd = sys_openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (fd < 0)
		return err_sys(e, fd, "open", "%s", dir);
	r = sys_flock(fd, LOCK_EX | LOCK_NB);
	return r < 0 ? err_sys(e, r, "flock", "%s", dir) : take_fd(fd);
}

static int write_file(const char *dir, const char *name, const struct buf *data, struct err *e)
{
	_cleanup_close_ int fd = open_locked(dir, e);

	if (fd < 0)
		return fd;
	return file_write_atomic_at(fd, name, data->data, data->len, MODE, e);
}

void seccomp_cache_write(const char *dir, const struct seccomp_cache_key *k,
			 const struct sock_fprog *prog)
{
	struct header h = header_of(k, prog->len);
	uint64_t sum = checksum(k, &h, prog->filter);
	_cleanup_buf_ struct buf file = {};
	char name[SLOT_NAME], why[640];
	struct err e;

	buf_add(&file, &h, sizeof(h));
	buf_add(&file, k->bytes.data, k->bytes.len);
	buf_add(&file, prog->filter, prog->len * sizeof(*prog->filter));
	buf_add(&file, &sum, sizeof(sum));
	if (buf_ok(&file) < 0 || file.len > MAX_SIZE)
		return;
	slot_name(k, name);
	if (write_file(dir, name, &file, &e) == 0)
		return;
	err_text(&e, why, sizeof(why));
	log_debug("seccomp: the filter is not kept: %s", why);
}
