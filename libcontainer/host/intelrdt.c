/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes of service and monitoring groups of resctrl: directories like those of a cgroup.
 *
 * A class may be the container's own (called like it, or by a closID that is new), then we make and
 * remove it; or it was there, then it must already be what config.json wants, and stays.
 */
#include "host/intelrdt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/fmt.h"
#include "host/host.h"
#include "host/mount_tree.h"
#include "sys/sys.h"

#define SCHEMATA_MAX (64u << 10)
#define WHERE "linux.intelRdt"

/* ---- the wanted schemata -------------------------------------------------------------------- */

static int add_line(struct plan_rdt *rdt, const char *line, size_t len, struct arena *arena,
		    struct err *e)
{
	size_t cap = rdt->n_schemata;
	const char **grown;

	if (len == 0)
		return 0;
	grown = arena_grow(arena, rdt->schemata, &cap, rdt->n_schemata + 1, sizeof(*grown));
	if (!grown)
		return err_nomem(e);
	rdt->schemata = grown;
	grown[rdt->n_schemata] = arena_strndup(arena, line, len);
	return grown[rdt->n_schemata++] ? 0 : err_nomem(e);
}

/* The lines of a text; without_mb: but for those of the memory bandwidth, which are given apart. */
static int add_lines(struct plan_rdt *rdt, const char *text, bool without_mb, struct arena *arena,
		     struct err *e)
{
	int r = 0;

	while (text && *text && r == 0) {
		size_t len = strcspn(text, "\n");

		if (!without_mb || strncmp(text, "MB:", 3) != 0)
			r = add_line(rdt, text, len, arena, e);
		text += len + (text[len] == '\n');
	}
	return r;
}

static int add_schemata(struct plan_rdt *rdt, const struct spec_intel_rdt *given,
			struct arena *arena, struct err *e)
{
	const char *mb = given->mem_bw_schema;
	int r = add_lines(rdt, given->l3_cache_schema, mb && mb[0], arena, e);

	if (r == 0)
		r = add_lines(rdt, mb, false, arena, e);
	for (size_t i = 0; i < given->schemata.n && r == 0; i++)
		r = add_lines(rdt, given->schemata.items[i], false, arena, e);
	return r;
}

/* ---- the schemata that is there ------------------------------------------------------------- */

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* The rest of the line of a resource ("L3", "MB") in a schemata file, or NULL. */
static const char *find_resource(const char *file, const char *name, size_t len)
{
	for (const char *line = file; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *p = skip_blanks(line);

		if (strncmp(p, name, len) == 0 && p[len] == ':')
			return p + len + 1;
	}
	return NULL;
}

/* "f" and "0000f", "0x70" and "70" are the same mask: the kernel pads what it prints. */
static const char *skip_padding(const char *p)
{
	p = skip_blanks(p);
	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		p += 2;
	while (*p == '0' && p[1] && strchr("0123456789abcdefABCDEF", p[1]))
		p++;
	return p;
}

static bool same_value(const char *a, const char *b)
{
	size_t n;

	a = skip_padding(a);
	b = skip_padding(b);
	n = strcspn(a, "; \t\n");
	return n == strcspn(b, "; \t\n") && strncasecmp(a, b, n) == 0;
}

/* The value of "DOMAIN=" in a list of a schemata file, or NULL. */
static const char *find_domain(const char *list, const char *domain, size_t len)
{
	for (const char *p = skip_blanks(list);; p = skip_blanks(p + 1)) {
		if (strncmp(p, domain, len) == 0 && p[len] == '=')
			return p + len + 1;
		p += strcspn(p, ";\n");
		if (*p != ';')
			return NULL;
	}
}

/* Is each domain of the wanted line as the file has it? */
static bool line_holds(const char *line, const char *file)
{
	const char *p = skip_blanks(line), *have;
	size_t len = strcspn(p, ":");

	have = p[len] == ':' ? find_resource(file, p, len) : NULL;
	if (!have)
		return false;
	for (p += len; *p == ':' || *p == ';'; p += strcspn(p, ";")) {
		const char *value;

		p = skip_blanks(p + 1);
		len = strcspn(p, "=;");
		value = p[len] == '=' ? find_domain(have, p, len) : NULL;
		if (!value || !same_value(p + len + 1, value))
			return false;
	}
	return true;
}

int intelrdt_read(const char *clos, char **ret, struct err *e)
{
	char path[PATH_MAX];
	size_t len;

	fmt_str(path, sizeof(path), "%s/schemata", clos);
	return file_read_at(AT_FDCWD, path, SCHEMATA_MAX, ret, &len, e);
}

static int check_schemata(const struct plan_rdt *rdt, struct err *e)
{
	_cleanup_free_ char *file = NULL;
	int r = rdt->n_schemata ? intelrdt_read(rdt->clos, &file, e) : 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < rdt->n_schemata; i++)
		if (!line_holds(rdt->schemata[i], file))
			return err_kind(
				e, ERR_EXISTS,
				"class of service %s is there with another schemata than %s",
				rdt->clos, rdt->schemata[i]);
	return 0;
}

/* ---- the plan ------------------------------------------------------------------------------- */

static int find_root(const struct host_env *h, char *ret, size_t size, struct err *e)
{
	if (h->resctrl_root || h->dry_run) {
		fmt_str(ret, size, "%s", h->resctrl_root ? h->resctrl_root : "/sys/fs/resctrl");
		return 0;
	}
	if (mount_tree_find_fstype("resctrl", ret, size, e) < 0)
		return err_kind(e, ERR_UNSUPPORTED,
				"no resctrl file system is mounted (mount -t resctrl resctrl "
				"/sys/fs/resctrl, on processors that have it)");
	return 0;
}

/* What the kernel itself keeps in the directory of classes. */
static bool is_reserved(const char *name)
{
	static const char *const names[] = { "info", "mon_data", "mon_groups" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static int plan_dirs(const char *root, const char *id, const struct spec_intel_rdt *given,
		     struct plan *p, struct err *e)
{
	const char *name = given->clos_id ? given->clos_id : id;

	if (is_reserved(name))
		return err_bad(e, "closID", "%s is a name that resctrl keeps for itself", name);
	p->rdt.clos = strcmp(name, "/") == 0 ? arena_strdup(p->arena, root)
					     : arena_printf(p->arena, "%s/%s", root, name);
	if (given->enable_monitoring)
		p->rdt.monitor = arena_printf(p->arena, "%s/mon_groups/%s", p->rdt.clos, id);
	return p->rdt.clos && (p->rdt.monitor || !given->enable_monitoring) ? 0 : err_nomem(e);
}

/* Made by us or there already: what is there must be what is wanted. */
static int check_class(const struct spec_intel_rdt *given, struct plan_rdt *rdt, struct err *e)
{
	rdt->make = access(rdt->clos, F_OK) < 0;
	if (!rdt->make)
		return check_schemata(rdt, e);
	if (given->clos_id && rdt->n_schemata == 0)
		return err_kind(e, ERR_NOTFOUND,
				"there is no class of service %s, and no schemata to make it of",
				rdt->clos);
	return 0;
}

int intelrdt_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	const struct spec_intel_rdt *given = s->linux_.intel_rdt;
	char root[PATH_MAX];
	int r;

	if (!given)
		return 0;
	r = find_root(h, root, sizeof(root), e);
	if (r == 0)
		r = plan_dirs(root, h->id, given, p, e);
	if (r == 0)
		r = add_schemata(&p->rdt, given, p->arena, e);
	if (r == 0 && !h->dry_run)
		r = check_class(given, &p->rdt, e);
	return r < 0 ? err_at(e, WHERE) : 0;
}

/* ---- carrying it out ------------------------------------------------------------------------ */

static int make_class(struct plan_rdt *rdt, struct err *e)
{
	int r = sys_mkdirat(AT_FDCWD, rdt->clos, 0755);

	rdt->made = r == 0;
	if (r == 0)
		return 0;
	if (r == -EEXIST)
		return check_schemata(rdt, e);
	return err_sys(e, r, "mkdir", "%s%s", rdt->clos,
		       r == -ENOSPC ? ": the processor has no more classes of service" : "");
}

int intelrdt_make(struct plan_rdt *rdt, struct err *e)
{
	int r = rdt->clos && rdt->make ? make_class(rdt, e) : 0;

	if (r < 0)
		return err_at(e, WHERE);
	r = rdt->monitor ? sys_mkdirat(AT_FDCWD, rdt->monitor, 0755) : 0;
	if (r < 0) {
		err_sys(e, r, "mkdir", "%s", rdt->monitor);
		return err_at(e, WHERE ".enableMonitoring");
	}
	rdt->monitored = rdt->monitor != NULL;
	return 0;
}

/* The kernel's own words about a write that it refused, when it has any. */
static int refused(const char *clos, const char *line, int r, struct err *e)
{
	static const char status[] = "info/last_cmd_status";
	char path[PATH_MAX], words[256];

	/* info is beside the class, or in it when that is the root */
	fmt_str(path, sizeof(path), "%s/../%s", clos, status);
	if (file_read_buf(AT_FDCWD, path, words, sizeof(words)) < 0) {
		fmt_str(path, sizeof(path), "%s/%s", clos, status);
		if (file_read_buf(AT_FDCWD, path, words, sizeof(words)) < 0)
			words[0] = '\0';
	}
	return err_sys(e, r, "write", "%s to %s/schemata%s%s", line, clos, words[0] ? ": " : "",
		       words);
}

/* Line by line: of two for one resource the later holds, in one write they would be refused. */
static int write_schemata(const char *clos, const char *const *lines, size_t n, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char path[PATH_MAX], text[1024];

	fmt_str(path, sizeof(path), "%s/schemata", clos);
	fd = sys_openat(AT_FDCWD, path, O_WRONLY | O_TRUNC, 0);
	if (fd < 0)
		return err_sys(e, fd, "open", "%s", path);
	for (size_t i = 0; i < n; i++) {
		size_t len = fmt_str(text, sizeof(text), "%s\n", lines[i]);
		ssize_t r;

		if (len != strlen(lines[i]) + 1)
			return err_bad(e, "", "%s: too long for a line of schemata", lines[i]);
		r = sys_write(fd, text, len);
		if (r < 0)
			return refused(clos, lines[i], (int)r, e);
	}
	return 0;
}

static int add_task(const char *dir, pid_t pid, struct err *e)
{
	char path[PATH_MAX], text[16];
	int r;

	fmt_str(path, sizeof(path), "%s/tasks", dir);
	fmt_str(text, sizeof(text), "%d", (int)pid);
	r = file_write_at(AT_FDCWD, path, text);
	return r < 0 ? err_sys(e, r, "write", "%s", path) : 0;
}

int intelrdt_enter(const char *clos, const char *monitor, pid_t pid, struct err *e)
{
	int r = clos ? add_task(clos, pid, e) : 0;

	if (r == 0 && monitor)
		r = add_task(monitor, pid, e);
	return r < 0 ? err_at(e, WHERE) : 0;
}

int intelrdt_apply(const struct plan_rdt *rdt, pid_t pid, struct err *e)
{
	int r = 0;

	if (rdt->made && rdt->n_schemata)
		r = write_schemata(rdt->clos, rdt->schemata, rdt->n_schemata, e);
	return r < 0 ? err_at(e, WHERE) : intelrdt_enter(rdt->clos, rdt->monitor, pid, e);
}

int intelrdt_update(const char *clos, const char *l3_cache, const char *mem_bw, struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct spec_intel_rdt given = { .l3_cache_schema = l3_cache,
					      .mem_bw_schema = mem_bw };
	struct plan_rdt rdt = { .clos = clos };
	int r = arena ? add_schemata(&rdt, &given, arena, e) : err_nomem(e);

	return r == 0 ? write_schemata(clos, rdt.schemata, rdt.n_schemata, e) : r;
}

int intelrdt_remove(const char *dir, struct err *e)
{
	int r = sys_unlinkat(AT_FDCWD, dir, AT_REMOVEDIR);

	return r < 0 && r != -ENOENT ? err_sys(e, r, "rmdir", "%s", dir) : 0;
}
