/* SPDX-License-Identifier: Apache-2.0 */
/* Mount options, as mount(8) understands them: one table, read in order, the last word wins. What
 * is not in the table belongs to the file system. */
#include "host/mounts.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "host/host.h"

/* The longest value fsconfig(2) takes, without its terminator. */
#define VALUE_MAX_LEN 255

enum option_action {
	OPT_ATTR,	 /* attributes of the mount */
	OPT_ATTR_REC,	 /* the same, of everything mounted below it too */
	OPT_PROPAGATION, /* set: MS_* */
	OPT_SUPERBLOCK,	 /* a flag that fsconfig(2) knows for every file system; void for binds */
	OPT_NOTHING,	 /* accepted: see the row */
	OPT_BIND,
	OPT_RBIND,
	OPT_REMOUNT,
	OPT_IDMAP,
	OPT_RIDMAP,
	OPT_COPY_UP,
	OPT_COPY_SYMLINK,
	OPT_SOURCE_NOFOLLOW,
	OPT_TARGET_NOFOLLOW,
};

#define RDONLY MOUNT_ATTR_RDONLY
#define NOSUID MOUNT_ATTR_NOSUID
#define NODEV MOUNT_ATTR_NODEV
#define NOEXEC MOUNT_ATTR_NOEXEC
#define NOATIME MOUNT_ATTR_NOATIME
#define STRICTATIME MOUNT_ATTR_STRICTATIME
#define RELATIME MOUNT_ATTR_RELATIME
#define NODIRATIME MOUNT_ATTR_NODIRATIME
#define NOSYMFOLLOW MOUNT_ATTR_NOSYMFOLLOW
/* Access times are one field with three values; `atime`, `norelatime` and `nostrictatime` take back
 * one value, which leaves the kernel's default, relatime. */
#define ATIME MOUNT_ATTR__ATIME

#define MOUNT_OPTIONS(O)                                                                       \
	O("async", OPT_SUPERBLOCK, 0, 0)                                                       \
	O("atime", OPT_ATTR, 0, NOATIME)                                                       \
	O("bind", OPT_BIND, 0, 0)                                                              \
	O("copy-symlink", OPT_COPY_SYMLINK, 0, 0)                                              \
	O("defaults", OPT_ATTR, 0, RDONLY | NOSUID | NODEV | NOEXEC)                           \
	O("dest-nofollow", OPT_TARGET_NOFOLLOW, 0, 0)                                          \
	O("dev", OPT_ATTR, 0, NODEV)                                                           \
	O("diratime", OPT_ATTR, 0, NODIRATIME)                                                 \
	O("dirsync", OPT_SUPERBLOCK, 0, 0)                                                     \
	O("exec", OPT_ATTR, 0, NOEXEC)                                                         \
	O("idmap", OPT_IDMAP, 0, 0)                                                            \
	/* file systems that count versions always do; the new mount API has no such flag */   \
	O("iversion", OPT_NOTHING, 0, 0)                                                       \
	O("lazytime", OPT_SUPERBLOCK, 0, 0)                                                    \
	/* loud and silent are about the kernel's log, which the new mount API leaves alone */ \
	O("loud", OPT_NOTHING, 0, 0)                                                           \
	O("mand", OPT_SUPERBLOCK, 0, 0)                                                        \
	O("noatime", OPT_ATTR, NOATIME, ATIME)                                                 \
	O("nodev", OPT_ATTR, NODEV, 0)                                                         \
	O("nodiratime", OPT_ATTR, NODIRATIME, 0)                                               \
	O("noexec", OPT_ATTR, NOEXEC, 0)                                                       \
	O("noiversion", OPT_NOTHING, 0, 0)                                                     \
	O("nolazytime", OPT_SUPERBLOCK, 0, 0)                                                  \
	O("nomand", OPT_SUPERBLOCK, 0, 0)                                                      \
	/* relatime is the kernel's default: taking it back changes nothing */                 \
	O("norelatime", OPT_NOTHING, 0, 0)                                                     \
	O("nostrictatime", OPT_ATTR, 0, STRICTATIME)                                           \
	O("nosuid", OPT_ATTR, NOSUID, 0)                                                       \
	O("nosymfollow", OPT_ATTR, NOSYMFOLLOW, 0)                                             \
	O("private", OPT_PROPAGATION, MS_PRIVATE, 0)                                           \
	O("ratime", OPT_ATTR_REC, 0, NOATIME)                                                  \
	O("rbind", OPT_RBIND, 0, 0)                                                            \
	O("rdev", OPT_ATTR_REC, 0, NODEV)                                                      \
	O("rdiratime", OPT_ATTR_REC, 0, NODIRATIME)                                            \
	O("relatime", OPT_ATTR, RELATIME, ATIME)                                               \
	O("remount", OPT_REMOUNT, 0, 0)                                                        \
	O("rexec", OPT_ATTR_REC, 0, NOEXEC)                                                    \
	O("ridmap", OPT_RIDMAP, 0, 0)                                                          \
	O("rnoatime", OPT_ATTR_REC, NOATIME, ATIME)                                            \
	O("rnodev", OPT_ATTR_REC, NODEV, 0)                                                    \
	O("rnodiratime", OPT_ATTR_REC, NODIRATIME, 0)                                          \
	O("rnoexec", OPT_ATTR_REC, NOEXEC, 0)                                                  \
	O("rnorelatime", OPT_NOTHING, 0, 0)                                                    \
	O("rnostrictatime", OPT_ATTR_REC, 0, STRICTATIME)                                      \
	O("rnosuid", OPT_ATTR_REC, NOSUID, 0)                                                  \
	O("rnosymfollow", OPT_ATTR_REC, NOSYMFOLLOW, 0)                                        \
	O("ro", OPT_ATTR, RDONLY, 0)                                                           \
	O("rprivate", OPT_PROPAGATION, MS_PRIVATE | MS_REC, 0)                                 \
	O("rrelatime", OPT_ATTR_REC, RELATIME, ATIME)                                          \
	O("rro", OPT_ATTR_REC, RDONLY, 0)                                                      \
	O("rrw", OPT_ATTR_REC, 0, RDONLY)                                                      \
	O("rshared", OPT_PROPAGATION, MS_SHARED | MS_REC, 0)                                   \
	O("rslave", OPT_PROPAGATION, MS_SLAVE | MS_REC, 0)                                     \
	O("rstrictatime", OPT_ATTR_REC, STRICTATIME, ATIME)                                    \
	O("rsuid", OPT_ATTR_REC, 0, NOSUID)                                                    \
	O("rsymfollow", OPT_ATTR_REC, 0, NOSYMFOLLOW)                                          \
	O("runbindable", OPT_PROPAGATION, MS_UNBINDABLE | MS_REC, 0)                           \
	O("rw", OPT_ATTR, 0, RDONLY)                                                           \
	O("shared", OPT_PROPAGATION, MS_SHARED, 0)                                             \
	O("silent", OPT_NOTHING, 0, 0)                                                         \
	O("slave", OPT_PROPAGATION, MS_SLAVE, 0)                                               \
	O("src-nofollow", OPT_SOURCE_NOFOLLOW, 0, 0)                                           \
	O("strictatime", OPT_ATTR, STRICTATIME, ATIME)                                         \
	O("suid", OPT_ATTR, 0, NOSUID)                                                         \
	O("symfollow", OPT_ATTR, 0, NOSYMFOLLOW)                                               \
	O("sync", OPT_SUPERBLOCK, 0, 0)                                                        \
	O("tmpcopyup", OPT_COPY_UP, 0, 0)                                                      \
	O("unbindable", OPT_PROPAGATION, MS_UNBINDABLE, 0)

struct option {
	const char *name;
	enum option_action action;
	uint64_t set, clr;
};

#define OPTION_ROW(n, a, s, c) { .name = (n), .action = (a), .set = (s), .clr = (c) },
#define OPTION_NAME(n, a, s, c) n,

static const struct option table[] = { MOUNT_OPTIONS(OPTION_ROW) };
const char *const mount_opts_names[] = { MOUNT_OPTIONS(OPTION_NAME) NULL };

_Static_assert(ARRAY_SIZE(mount_opts_names) == ARRAY_SIZE(table) + 1, "one name a row");

static const struct option *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static void merge_attr(const struct option *o, uint64_t *attr_set, uint64_t *attr_clr)
{
	uint64_t clr = o->clr, atime = *attr_set & ATIME;

	if (clr & ATIME) {
		if (clr != ATIME && atime && atime != clr)
			return; /* takes back a value that is not in force */
		clr = ATIME; /* mount_setattr(2): the field is cleared whole before a value is set */
	}
	*attr_set = (*attr_set & ~clr) | o->set;
	*attr_clr = (*attr_clr & ~o->set) | clr;
}

static void apply(const struct option *o, struct mount_opts *opts)
{
	switch (o->action) {
	case OPT_ATTR:
		merge_attr(o, &opts->attr_set, &opts->attr_clr);
		break;
	case OPT_ATTR_REC:
		merge_attr(o, &opts->rec_attr_set, &opts->rec_attr_clr);
		break;
	case OPT_PROPAGATION:
		opts->propagation = o->set & ~(uint64_t)MS_REC;
		opts->propagation_rec = o->set & MS_REC;
		break;
	case OPT_BIND:
		opts->bind = true;
		break;
	case OPT_RBIND:
		opts->bind = opts->recursive_bind = true;
		break;
	case OPT_REMOUNT:
		opts->remount = true;
		break;
	case OPT_IDMAP:
		opts->idmap = true;
		break;
	case OPT_RIDMAP:
		opts->idmap = opts->ridmap = true;
		break;
	case OPT_COPY_UP:
		opts->copy_up = true;
		break;
	case OPT_COPY_SYMLINK:
		opts->copy_symlink = true;
		break;
	case OPT_SOURCE_NOFOLLOW:
		opts->source_nofollow = true;
		break;
	case OPT_TARGET_NOFOLLOW:
		opts->target_nofollow = true;
		break;
	case OPT_SUPERBLOCK:
	case OPT_NOTHING:
		break;
	}
}

/* The length of the first option of a comma-separated list. As in mount(8) commas between double
 * quotes (SELinux contexts) and behind a backslash (paths of overlay) belong to the option. */
static size_t option_length(const char *s)
{
	bool quoted = false;
	size_t n = 0;

	for (; s[n] && (quoted || s[n] != ','); n++) {
		if (s[n] == '"')
			quoted = !quoted;
		else if (s[n] == '\\' && s[n + 1])
			n++;
	}
	return n;
}

static void drop_quotes(char *value)
{
	size_t n = strlen(value);

	if (n < 2 || value[0] != '"' || value[n - 1] != '"')
		return;
	memmove(value, value + 1, n - 2);
	value[n - 2] = '\0';
}

static int add_data(struct mount_opts *opts, char *option, struct arena *arena, size_t *cap,
		    struct err *e)
{
	char *value = strchr(option, '=');
	struct plan_fs_option *grown;

	if (value) {
		*value++ = '\0';
		drop_quotes(value);
	}
	if (value && strlen(value) > VALUE_MAX_LEN)
		return err_bad(e, "", "the value of %s is longer than the kernel's %d bytes",
			       option, VALUE_MAX_LEN);
	grown = arena_grow(arena, opts->data, cap, opts->n_data + 1, sizeof(*grown));
	if (!grown)
		return err_nomem(e);
	opts->data = grown;
	opts->data[opts->n_data++] = (struct plan_fs_option){ option, value };
	return 0;
}

/* Where the data of one string of the list began, so that binds can name what they refuse. */
struct parser {
	struct mount_opts opts;
	struct arena *arena;
	size_t cap;
	const char *foreign; /* the first option that only a file system could know */
	size_t foreign_index;
};

/* idmap and ridmap with a value. */
static bool take_id_maps(char *option, struct mount_opts *opts)
{
	bool recursive = option[0] == 'r';

	if (strncmp(option + recursive, "idmap=", strlen("idmap=")) != 0)
		return false;
	opts->idmap = true;
	opts->ridmap |= recursive;
	opts->id_maps = strchr(option, '=') + 1;
	return true;
}

static int parse_one(struct parser *p, const char *text, size_t len, size_t index, struct err *e)
{
	char *name = arena_strndup(p->arena, text, len);
	const struct option *o;

	if (!name)
		return err_nomem(e);
	if (take_id_maps(name, &p->opts))
		return 0;
	o = find(name);
	if (o)
		apply(o, &p->opts);
	if (o && o->action != OPT_SUPERBLOCK)
		return 0;
	if (!o && !p->foreign) {
		p->foreign = name;
		p->foreign_index = index;
	}
	return add_data(&p->opts, name, p->arena, &p->cap, e);
}

/* One string may hold several options, as the data of mount(2) does. */
static int parse_string(struct parser *p, const char *text, size_t index, struct err *e)
{
	while (*text) {
		size_t len = option_length(text);
		int r = len ? parse_one(p, text, len, index, e) : 0;

		if (r < 0)
			return r;
		text += len + (text[len] == ',');
	}
	return 0;
}

/* A bind mount has no file system of its own to give options to. */
static int finish_bind(struct parser *p, const char *at, struct err *e)
{
	char where[sizeof(e->where)];

	if (p->foreign) {
		fmt_str(where, sizeof(where), "%s[%zu]", at, p->foreign_index);
		return err_bad(e, where, "%s is no option of a %s mount", p->foreign,
			       p->opts.remount ? "re" : "bind");
	}
	p->opts.data = NULL;
	p->opts.n_data = 0;
	return 0;
}

int mount_opts_parse(const spec_strings *options, const char *at, struct mount_opts *ret,
		     struct arena *arena, struct err *e)
{
	struct parser p = { .arena = arena };
	int r;

	for (size_t i = 0; i < options->n; i++) {
		r = parse_string(&p, options->items[i], i, e);
		if (r < 0)
			return err_at(e, "%s[%zu]", at, i);
	}
	if (p.opts.bind || p.opts.remount) {
		r = finish_bind(&p, at, e);
		if (r < 0)
			return r;
	}
	*ret = p.opts;
	return 0;
}
