/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkpoint: a container becomes files, by CRIU. The configuration is the one kept at create; it is
 * compiled again, without touching anything, to know what CRIU must take for given. CRIU freezes the
 * cgroup itself, and leaves a paused container paused.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "host/cgroup.h"
#include "host/criu.h"
#include "libcontainer.h"
#include "life/bundle.h"
#include "life/destroy.h"
#include "life/external.h"
#include "life/images.h"
#include "sys/sys.h"

struct checkpoint {
	struct lc_ctx *ctx;
	const struct lc_checkpoint_opts *opts;
	struct statedir dir;
	struct plan plan; /* of a dry run; its arena is that of everything here */
	struct spec *spec;
	struct record record;
	struct images images;
	char program[PATH_MAX];
};

static void checkpoint_done(struct checkpoint *c)
{
	images_close(&c->images);
	statedir_close(&c->dir);
	plan_done(&c->plan);
}

/* The other end of the socket for sd_notify(3) is whoever has called create, once. */
static int check_state(const struct checkpoint *c, struct err *e)
{
	enum lc_status status = record_status(&c->dir, &c->record, c->ctx->cgroup_root);

	if (status != LC_RUNNING && status != LC_PAUSED)
		return err_kind(e, ERR_STATE, "cannot checkpoint a container that is %s",
				lc_status_name(status));
	if (faccessat(c->dir.dir_fd, STATEDIR_NOTIFY, F_OK, 0) == 0)
		return err_kind(
			e, ERR_UNSUPPORTED,
			"cannot checkpoint a container that was created with NOTIFY_SOCKET");
	return 0;
}

static int open_container(struct checkpoint *c, const char *id, struct err *e)
{
	int r = plan_init(&c->plan, e);

	if (r == 0)
		r = statedir_open(c->ctx->root, id, STATEDIR_LOCKED, &c->dir, e);
	if (r == 0)
		r = record_read(&c->dir, id, c->plan.arena, &c->record, e);
	return r == 0 ? check_state(c, e) : r;
}

static int compile(struct checkpoint *c, struct err *e)
{
	struct host_env h = {
		.id = c->record.id,
		.bundle = c->record.bundle,
		.bundle_fd = AT_FDCWD,
		.cgroup_root = c->ctx->cgroup_root,
		.dry_run = true,
		.rootless = c->ctx->rootless,
		.cgroup_disabled = !c->record.cgroup_path && !c->record.unit,
		.cgroup_systemd = c->record.unit != NULL,
	};
	int r = spec_load_config(c->dir.dir_fd, STATEDIR_CONFIG, c->plan.arena, &c->spec, NULL, e);

	return r == 0 ? plan_build(&h, c->spec, &c->plan, e) : r;
}

/* What CRIU leaves out, restore can move in again. */
static int check_netdevs(const struct checkpoint *c, struct err *e)
{
	if (c->plan.n_netdevs == 0 || c->opts->criu.empty_network ||
	    !(c->plan.ns.new_flags & CLONE_NEWNET))
		return 0;
	err_kind(e, ERR_UNSUPPORTED,
		 "CRIU cannot save network devices of the host: only with --empty-ns network");
	return err_at(e, "linux.netDevices");
}

/* CRIU finds it from the directory of the images. */
static int check_parent(const struct checkpoint *c, struct err *e)
{
	const char *path = c->opts->parent_path;
	struct stat st;
	int r;

	if (!path)
		return 0;
	if (path[0] == '/')
		return err_bad(e, "", "option --parent-path: %s must be relative to the image path",
			       path);
	r = sys_fstatat(c->images.fd, path, &st, 0);
	return r < 0 ? err_sys(e, r, "open", "parent images %s", path) : 0;
}

/* "ADDRESS:PORT" of the job. */
static int find_page_server(const struct checkpoint *c, struct criu_job *j, struct err *e)
{
	const char *given = c->opts->page_server, *colon = given ? strrchr(given, ':') : NULL;
	struct in6_addr ignored;

	if (!given && c->opts->criu.lazy_pages)
		return err_bad(e, "", "option --lazy-pages: --page-server has to tell where");
	if (!given)
		return 0;
	if (!colon || num_parse_int(colon + 1, &j->page_port) < 0 || j->page_port < 1 ||
	    j->page_port > UINT16_MAX)
		return err_bad(e, "", "\"%s\" is no ADDRESS:PORT of a page server", given);
	j->page_address = arena_strndup(c->plan.arena, given, (size_t)(colon - given));
	if (!j->page_address)
		return err_nomem(e);
	if (inet_pton(AF_INET, j->page_address, &ignored) == 1 ||
	    inet_pton(AF_INET6, j->page_address, &ignored) == 1)
		return 0;
	return err_bad(e, "", "page server: \"%s\" is no IP address", j->page_address);
}

/* ret: the directory of the container's cgroup, or NULL. */
static int find_cgroup(const struct checkpoint *c, const char **ret, struct err *e)
{
	char root[PATH_MAX];
	_cleanup_close_ int fd = -EBADF;

	if (!c->record.cgroup_path)
		return 0;
	fd = cgroup_open_root(c->ctx->cgroup_root, root, e);
	if (fd < 0)
		return fd;
	*ret = arena_printf(c->plan.arena, "%s%s", root, c->record.cgroup_path);
	return *ret ? 0 : err_nomem(e);
}

/* CRIU's own words are about mounts. */
static int explain_terminal(const struct checkpoint *c, struct err *e)
{
	for (int fd = 0; fd < 3 && !c->opts->criu.shell_job; fd++)
		if (images_is_terminal(c->record.stdio.names[fd]))
			return err_wrap(e, "an open terminal of the outside takes --shell-job");
	return err_errno(e);
}

static int dump(struct checkpoint *c, struct err *e)
{
	struct criu_job j = {
		.program = c->program,
		.opts = &c->opts->criu,
		.dump = c->opts,
		.images_fd = c->images.fd,
		.work_fd = c->images.work_fd,
		.work_path = c->images.work_path,
		.pid = (pid_t)c->record.init.pid,
		.cgroup_fd = -EBADF,
	};
	const struct images_stdio *stdio = &c->record.stdio;
	int r = find_page_server(c, &j, e);

	if (r == 0)
		r = criu_config_file(c->spec, &j.config_file, e);
	if (r == 0)
		r = images_save_stdio(&c->images, stdio, e);
	if (r == 0)
		r = find_cgroup(c, &j.freeze, e);
	if (r == 0)
		r = external_dump(&c->plan, c->spec, stdio, &j, c->plan.arena, e);
	if (r < 0)
		return r;
	r = criu_run(&j, NULL, e);
	return r < 0 ? explain_terminal(c, e) : 0;
}

static int write_images(struct checkpoint *c, struct err *e)
{
	int r = images_open(&c->opts->criu, true, c->plan.arena, &c->images, e);

	if (r < 0)
		return r;
	r = check_parent(c, e);
	if (r == 0)
		r = dump(c, e);
	if (r < 0)
		images_undo(&c->images);
	return r;
}

int lc_checkpoint(struct lc_ctx *ctx, const char *id, const struct lc_checkpoint_opts *o,
		  struct err *e)
{
	_cleanup_(checkpoint_done) struct checkpoint c = {
		.ctx = ctx,
		.opts = o,
		.dir = STATEDIR_EMPTY,
		.images = IMAGES_EMPTY,
	};
	int r = criu_find(c.program, e);

	if (r == 0)
		r = open_container(&c, id, e);
	if (r == 0)
		r = compile(&c, e);
	if (r == 0)
		r = check_netdevs(&c, e);
	if (r == 0)
		r = write_images(&c, e);
	if (r < 0 || o->leave_running || o->pre_dump)
		return r;
	return destroy(ctx, &c.dir, &c.record, e);
}
