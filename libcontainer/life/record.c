/* SPDX-License-Identifier: Apache-2.0 */
/* Writing, reading and believing state.json. */
#include "life/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "base/hash.h"
#include "base/num.h"
#include "host/cgroup.h"
#include "sys/sys.h"

#define RECORD_MAX (1u << 20)
#define CHECKSUM_KEY ",\"checksum\":\""
#define CHECKSUM_DIGITS 16

static const struct json_field process_fields[] = {
	JSON_FIELD("pid", J_I64, struct record_process, pid, .flags = JSON_REQUIRED),
	JSON_FIELD("start", J_U64, struct record_process, start, .flags = JSON_REQUIRED),
	{},
};

static const struct json_field record_fields[] = {
	JSON_FIELD("id", J_STRING, struct record, id, .flags = JSON_REQUIRED),
	JSON_FIELD("bundle", J_STRING, struct record, bundle, .flags = JSON_REQUIRED),
	JSON_FIELD("rootfs", J_STRING, struct record, rootfs, .flags = JSON_REQUIRED),
	JSON_FIELD("ociVersion", J_STRING, struct record, oci_version, .flags = JSON_REQUIRED),
	JSON_FIELD("created", J_STRING, struct record, created, .flags = JSON_REQUIRED),
	JSON_FIELD("owner", J_STRING, struct record, owner, .flags = JSON_REQUIRED),
	JSON_FIELD("bootId", J_STRING, struct record, boot_id, .flags = JSON_REQUIRED),
	JSON_FIELD("cgroupPath", J_STRING, struct record, cgroup_path, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("systemdUnit", J_STRING, struct record, unit, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("systemdUser", J_BOOL, struct record, unit_user, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("delegated", J_BOOL, struct record, delegated, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("rdtGroup", J_STRING, struct record, rdt_group, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("rdtMade", J_BOOL, struct record, rdt_made, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("rdtMonitor", J_STRING, struct record, rdt_monitor, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("creator", J_OBJECT, struct record, creator, .fields = process_fields),
	JSON_FIELD("init", J_OBJECT, struct record, init, .fields = process_fields),
	JSON_FIELD("stdio", J_OBJECT, struct record, stdio, .fields = images_stdio_fields),
	JSON_FIELD("namespaces", J_U64, struct record, namespaces),
	JSON_FIELD("poststart", J_BOOL, struct record, has_poststart),
	JSON_FIELD("poststop", J_BOOL, struct record, has_poststop),
	JSON_FIELD("notify", J_BOOL, struct record, has_notify),
	JSON_FIELD("listener", J_BOOL, struct record, has_listener),
	JSON_FIELD("addedMounts", J_ARRAY, struct record, added_mounts, .flags = JSON_OMIT_EMPTY,
		   .elem = J_U64, .size = sizeof(uint64_t)),
	JSON_FIELD("annotations", J_MAP, struct record, annotations, .flags = JSON_OMIT_EMPTY),
	{},
};

static void checksum_text(const char *text, size_t len, char ret[CHECKSUM_DIGITS + 1])
{
	uint64_t h = hash_add(HASH_START, text, len);

	for (int i = CHECKSUM_DIGITS - 1; i >= 0; i--, h >>= 4)
		ret[i] = "0123456789abcdef"[h & 15];
	ret[CHECKSUM_DIGITS] = '\0';
}

int record_write(const struct statedir *d, const struct record *r, struct err *e)
{
	_cleanup_buf_ struct buf text = {};
	char sum[CHECKSUM_DIGITS + 1];
	int ret = json_encode(record_fields, r, 0, &text, e);

	if (ret < 0)
		return ret;
	while (text.len > 0 && text.data[text.len - 1] != '}')
		text.len--;
	text.len--; /* the checksum becomes the last property of the object */
	checksum_text(text.data, text.len, sum);
	buf_fmt(&text, CHECKSUM_KEY "%s\"}\n", sum);
	if (buf_ok(&text) < 0)
		return err_nomem(e);
	return file_write_atomic_at(d->dir_fd, STATEDIR_RECORD, text.data, text.len, 0600, e);
}

static bool checksum_holds(const char *text, size_t len)
{
	const size_t tail = strlen(CHECKSUM_KEY) + CHECKSUM_DIGITS + strlen("\"}\n");
	char sum[CHECKSUM_DIGITS + 1];

	if (len < tail || memcmp(text + len - tail, CHECKSUM_KEY, strlen(CHECKSUM_KEY)) != 0)
		return false;
	checksum_text(text, len - tail, sum);
	return memcmp(text + len - tail + strlen(CHECKSUM_KEY), sum, CHECKSUM_DIGITS) == 0;
}

int record_read(const struct statedir *d, const char *id, struct arena *arena, struct record *ret,
		struct err *e)
{
	_cleanup_free_ char *text = NULL;
	struct record rec = { .stdio = IMAGES_NO_STDIO };
	size_t len;
	int r = file_read_at(d->dir_fd, STATEDIR_RECORD, RECORD_MAX, &text, &len, e);

	if (r == -ENOENT)
		return err_kind(e, ERR_NOTFOUND,
				"container %s has no record: `hull delete --force %s` cleans up",
				id, id);
	if (r < 0)
		return r;
	if (!checksum_holds(text, len))
		return err_bad(
			e, "",
			"record of container %s is damaged: `hull delete --force %s` cleans up", id,
			id);
	r = json_decode(record_fields, &rec, text, len, arena, NULL, e);
	if (r < 0)
		return err_wrap(e, "record of container %s", id);
	if (strcmp(rec.id, id) != 0)
		return err_bad(e, "", "record of container %s names another: %s", id, rec.id);
	*ret = rec;
	return 0;
}

/* Days since 1970-01-01 as a date of the Gregorian calendar. libc's own would read the time zone. */
static void civil_date(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468, era = z / 146097, doe = z % 146097; /* from 0000-03-01 */
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

/* Writes n in decimal with leading zeros. */
static char *digits(char *p, int64_t n, int width)
{
	for (int i = width - 1; i >= 0; i--, n /= 10)
		p[i] = (char)('0' + n % 10);
	return p + width;
}

/* RFC 3339 with nanoseconds, UTC. */
static const char *now_text(struct arena *arena)
{
	char text[] = "yyyy-mm-ddThh:mm:ss.nnnnnnnnnZ", *p = text;
	int year, month, day;
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	civil_date(ts.tv_sec / 86400, &year, &month, &day);
	p = digits(p, year, 4) + 1;
	p = digits(p, month, 2) + 1;
	p = digits(p, day, 2) + 1;
	p = digits(p, ts.tv_sec / 3600 % 24, 2) + 1;
	p = digits(p, ts.tv_sec / 60 % 60, 2) + 1;
	p = digits(p, ts.tv_sec % 60, 2) + 1;
	(void)digits(p, ts.tv_nsec, 9);
	return arena_strdup(arena, text);
}

/* It stays what it is: a list of a thousand containers reads it once. */
static int read_boot_id(const char **ret)
{
	static char id[64];
	ssize_t n =
		id[0] ? 0
		      : file_read_buf(AT_FDCWD, "/proc/sys/kernel/random/boot_id", id, sizeof(id));

	*ret = id;
	return n < 0 ? (int)n : 0;
}

int record_stamp(struct record *r, struct arena *arena, struct err *e)
{
	const char *boot;
	int ret = read_boot_id(&boot);

	if (ret < 0)
		return err_sys(e, ret, "read", "/proc/sys/kernel/random/boot_id");
	r->boot_id = arena_strdup(arena, boot);
	r->created = now_text(arena);
	r->owner = arena_printf(arena, "%u", (unsigned)geteuid());
	r->creator =
		(struct record_process){ .pid = getpid(), .start = record_start_time(getpid()) };
	if (!r->boot_id || !r->created || !r->owner)
		return err_nomem(e);
	return 0;
}

uint64_t record_start_time(pid_t pid)
{
	char path[32], stat[1024];
	uint64_t start = 0;
	char *p, *save = NULL;

	fmt_str(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_read_buf(AT_FDCWD, path, stat, sizeof(stat)) < 0)
		return 0;
	p = strrchr(stat, ')'); /* the name may hold anything */
	if (!p || p[1] != ' ' || p[2] == 'Z' || p[2] == 'X')
		return 0;
	p = strtok_r(p + 2, " ", &save); /* field 3, the state */
	for (int field = 3; p && field < 22; field++)
		p = strtok_r(NULL, " ", &save);
	if (!p || num_parse_u64(p, &start) < 0)
		return 0;
	return start;
}

static bool alive(const struct record *r, const struct record_process *p)
{
	const char *boot;

	if (p->pid <= 1 || p->pid > INT32_MAX || p->start == 0)
		return false;
	if (record_start_time((pid_t)p->pid) != p->start)
		return false;
	return read_boot_id(&boot) == 0 && strcmp(boot, r->boot_id) == 0;
}

struct plan_systemd record_unit(const struct record *r)
{
	return (struct plan_systemd){ .unit = r->unit, .user = r->unit_user };
}

enum lc_status record_status(const struct statedir *d, const struct record *r,
			     const char *cgroup_root)
{
	if (r->init.pid == 0)
		return alive(r, &r->creator) ? LC_CREATING : LC_STOPPED;
	if (!alive(r, &r->init))
		return LC_STOPPED;
	if (faccessat(d->dir_fd, STATEDIR_FIFO, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return LC_CREATED;
	if (r->cgroup_path && cgroup_is_frozen(cgroup_root, r->cgroup_path) == 1)
		return LC_PAUSED;
	return LC_RUNNING;
}

int record_open_init(const struct record *r, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;

	if (r->init.pid > 1 && r->init.pid <= INT32_MAX)
		fd = sys_pidfd_open((pid_t)r->init.pid, 0);
	/* the start time is compared after the open: the pidfd pins what it was compared with */
	if (fd < 0 || !alive(r, &r->init))
		return err_kind(e, ERR_STATE, "container not running");
	return take_fd(fd);
}
