/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversation with CRIU. One process serves one job:
 *
 *	1 VERSION, and FEATURE_CHECK when the job asks for what not every kernel can
 *	2 DUMP, SINGLE_PRE_DUMP or RESTORE with all options
 *	3 NOTIFY at each of its steps, which waits for our answer
 *	4 the result
 */
#include "host/criu.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "libcontainer/host/proto/criu.pb-c.h"
#include "sys/sys.h"

#define OLDEST 31500 /* 3.15: freezes cgroup v2, restores into another group */
#define OLDEST_TEXT "3.15"
#define LOG_LEVEL 4 /* everything: who needs the log needs all of it */
#define MESSAGE_MAX 65536

#define SET(m, field, value) ((m)->has_##field = 1, (m)->field = (value))

struct talk {
	const struct criu_job *job;
	struct criu_process process;
};

static int send_request(const struct talk *t, const Criu__Request *q, struct err *e)
{
	size_t size = criu__request__get_packed_size(q);
	_cleanup_free_ uint8_t *data = malloc(size);
	int r;

	if (!data)
		return err_nomem(e);
	r = fd_send(t->process.sock, data, criu__request__pack(q, data), NULL, 0, e);
	return r < 0 ? err_wrap(e, "criu") : 0;
}

static void free_response(Criu__Response **m)
{
	if (*m)
		criu__response__free_unpacked(*m, NULL);
}
#define _cleanup_response_ _cleanup_(free_response)

/* ret_fd: what came with it, or -EBADF. */
static int receive(const struct talk *t, Criu__Response **ret, int *ret_fd, struct err *e)
{
	_cleanup_free_ uint8_t *data = malloc(MESSAGE_MAX);
	_cleanup_close_ int fd = -EBADF;
	size_t n = 1;
	ssize_t len = data ? fd_recv(t->process.sock, data, MESSAGE_MAX, &fd, &n, e) : err_nomem(e);

	if (len == 0)
		return criu_log_explain(t->job, "criu ended without an answer", e);
	if (len < 0)
		return (int)len;
	*ret = criu__response__unpack(NULL, (size_t)len, data);
	if (!*ret)
		return err_kind(e, ERR_BUG, "criu sent a message that is none of its protocol");
	*ret_fd = take_fd(fd);
	return 0;
}

/* ---- what it can do ---- */

static int ask(const struct talk *t, Criu__Type type, Criu__Features *features,
	       Criu__Response **ret, struct err *e)
{
	Criu__Request q = CRIU__REQUEST__INIT;
	_cleanup_close_ int fd = -EBADF;
	int r;

	q.type = type;
	q.features = features;
	SET(&q, keep_open, 1);
	r = send_request(t, &q, e);
	return r == 0 ? receive(t, ret, &fd, e) : r;
}

static int check_version(const struct talk *t, struct err *e)
{
	_cleanup_response_ Criu__Response *m = NULL;
	int r = ask(t, CRIU__TYPE__VERSION, NULL, &m, e);
	const Criu__Version *v = m ? m->version : NULL;

	if (r < 0)
		return r;
	if (!v)
		return err_kind(e, ERR_UNSUPPORTED,
				"%s is too old: install criu " OLDEST_TEXT " or newer",
				t->job->program);
	if (v->major_number * 10000 + v->minor_number * 100 + v->sublevel >= OLDEST)
		return 0;
	return err_kind(e, ERR_UNSUPPORTED,
			"%s is version %d.%d: install criu " OLDEST_TEXT " or newer",
			t->job->program, v->major_number, v->minor_number);
}

static bool tracks_memory(const struct criu_job *j)
{
	return j->dump && (j->dump->pre_dump || j->dump->parent_path);
}

static int check_features(const struct talk *t, struct err *e)
{
	_cleanup_response_ Criu__Response *m = NULL;
	Criu__Features wanted = CRIU__FEATURES__INIT;
	int r;

	if (!tracks_memory(t->job) && !t->job->opts->lazy_pages)
		return 0;
	SET(&wanted, mem_track, tracks_memory(t->job));
	SET(&wanted, lazy_pages, t->job->opts->lazy_pages);
	r = ask(t, CRIU__TYPE__FEATURE_CHECK, &wanted, &m, e);
	if (r < 0)
		return r;
	if (wanted.mem_track && !(m->features && m->features->mem_track))
		return err_kind(e, ERR_UNSUPPORTED,
				"this kernel cannot track memory changes (CONFIG_MEM_SOFT_DIRTY): "
				"no --pre-dump, no --parent-path");
	if (wanted.lazy_pages && !(m->features && m->features->lazy_pages))
		return err_kind(e, ERR_UNSUPPORTED,
				"this kernel or criu knows no userfaultfd: no --lazy-pages");
	return 0;
}

/* ---- the request ---- */

static Criu__CgroupsMode cgroups_mode(enum lc_cgroups_mode mode)
{
	static const Criu__CgroupsMode modes[] = {
		[LC_CGROUPS_SOFT] = CRIU__CGROUPS_MODE__SOFT,
		[LC_CGROUPS_FULL] = CRIU__CGROUPS_MODE__FULL,
		[LC_CGROUPS_STRICT] = CRIU__CGROUPS_MODE__STRICT,
		[LC_CGROUPS_IGNORE] = CRIU__CGROUPS_MODE__IGNORE,
	};

	return modes[mode];
}

static void set_common(const struct talk *t, Criu__Options *o)
{
	const struct criu_job *j = t->job;
	const struct lc_criu_opts *c = j->opts;

	o->images_dir_fd = j->images_fd;
	SET(o, work_dir_fd, t->process.work_fd >= 0 ? t->process.work_fd : j->work_fd);
	SET(o, log_level, LOG_LEVEL);
	o->log_file = (char *)criu_log_name(j);
	o->config_file = (char *)j->config_file;
	SET(o, notify_scripts, 1);
	SET(o, orphan_pts_master, 1);
	SET(o, manage_cgroups_mode, cgroups_mode(c->cgroups_mode));
	SET(o, tcp_established, c->tcp_established);
	SET(o, ext_unix_sk, c->ext_unix_sk);
	SET(o, shell_job, c->shell_job);
	SET(o, file_locks, c->file_locks);
	SET(o, auto_dedup, c->auto_dedup);
	SET(o, lazy_pages, c->lazy_pages);
	SET(o, empty_ns, c->empty_network ? CLONE_NEWNET : 0);
	o->external = (char **)j->external;
	o->n_external = j->n_external;
}

static void set_dump(const struct criu_job *j, Criu__Options *o)
{
	const struct lc_checkpoint_opts *d = j->dump;

	SET(o, pid, j->pid);
	SET(o, leave_running, d->leave_running || d->pre_dump);
	SET(o, tcp_skip_in_flight, d->tcp_skip_in_flight);
	SET(o, link_remap, d->link_remap);
	SET(o, track_mem, tracks_memory(j));
	o->parent_img = (char *)d->parent_path;
	o->freeze_cgroup = (char *)j->freeze;
	if (d->status_fd >= 0)
		SET(o, status_fd, d->status_fd);
}

static void set_restore(const struct criu_job *j, Criu__Options *o)
{
	const struct lc_restore_opts *s = j->restore;

	o->root = (char *)j->root;
	SET(o, rst_sibling, 1);
	SET(o, evasive_devices, 1);
	SET(o, tcp_close, s->tcp_close);
	o->lsm_profile = (char *)s->lsm_profile;
	o->lsm_mount_context = (char *)s->lsm_mount_context;
}

/* The lists of messages, which protobuf wants as pointers to each. */
struct lists {
	Criu__InheritFd *inherit, **inherits;
	Criu__JoinNamespace *join, **joins;
	Criu__CgroupRoot cgroup, *cgroups[1];
	Criu__PageServer page_server;
};

static void lists_done(struct lists *l)
{
	free(l->inherit);
	free(l->inherits);
	free(l->join);
	free(l->joins);
}

static int set_inherit(const struct criu_job *j, struct lists *l, Criu__Options *o, struct err *e)
{
	l->inherit = calloc(j->n_inherit + 1, sizeof(*l->inherit));
	l->inherits = calloc(j->n_inherit + 1, sizeof(void *));
	if (!l->inherit || !l->inherits)
		return err_nomem(e);
	for (size_t i = 0; i < j->n_inherit; i++) {
		criu__inherit_fd__init(&l->inherit[i]);
		l->inherit[i].key = (char *)j->inherit[i].key;
		l->inherit[i].fd = j->inherit[i].fd;
		l->inherits[i] = &l->inherit[i];
	}
	o->inherit_fd = l->inherits;
	o->n_inherit_fd = j->n_inherit;
	return 0;
}

static int set_join(const struct criu_job *j, struct lists *l, Criu__Options *o, struct err *e)
{
	l->join = calloc(j->n_join + 1, sizeof(*l->join));
	l->joins = calloc(j->n_join + 1, sizeof(void *));
	if (!l->join || !l->joins)
		return err_nomem(e);
	for (size_t i = 0; i < j->n_join; i++) {
		criu__join_namespace__init(&l->join[i]);
		l->join[i].ns = (char *)j->join[i].ns;
		l->join[i].ns_file = (char *)j->join[i].path;
		l->joins[i] = &l->join[i];
	}
	o->join_ns = l->joins;
	o->n_join_ns = j->n_join;
	return 0;
}

static void set_cgroup(const struct criu_job *j, struct lists *l, Criu__Options *o)
{
	criu__cgroup_root__init(&l->cgroup);
	l->cgroup.path = (char *)j->cgroup;
	l->cgroups[0] = &l->cgroup;
	o->cg_root = l->cgroups;
	o->n_cg_root = j->cgroup ? 1 : 0;
}

static void set_page_server(const struct criu_job *j, struct lists *l, Criu__Options *o)
{
	criu__page_server__init(&l->page_server);
	l->page_server.address = (char *)j->page_address;
	SET(&l->page_server, port, j->page_port);
	o->ps = j->page_address ? &l->page_server : NULL;
}

static int set_lists(const struct criu_job *j, struct lists *l, Criu__Options *o, struct err *e)
{
	int r = set_inherit(j, l, o, e);

	if (r == 0)
		r = set_join(j, l, o, e);
	if (r < 0)
		return r;
	set_cgroup(j, l, o);
	set_page_server(j, l, o);
	return 0;
}

static int request(const struct talk *t, struct err *e)
{
	const struct criu_job *j = t->job;
	Criu__Request q = CRIU__REQUEST__INIT;
	Criu__Options o = CRIU__OPTIONS__INIT;
	_cleanup_(lists_done) struct lists l = {};
	int r = set_lists(j, &l, &o, e);

	if (r < 0)
		return r;
	set_common(t, &o);
	if (j->dump)
		set_dump(j, &o);
	else
		set_restore(j, &o);
	q.type = !j->dump	     ? CRIU__TYPE__RESTORE
		 : j->dump->pre_dump ? CRIU__TYPE__SINGLE_PRE_DUMP
				     : CRIU__TYPE__DUMP;
	q.opts = &o;
	return send_request(t, &q, e);
}

/* ---- the answers ---- */

/* Returns our own failure, CRIU having been told to give up. */
static int answer_step(const struct talk *t, const Criu__Notice *n, int fd, struct err *e)
{
	const struct criu_job *j = t->job;
	Criu__Request q = CRIU__REQUEST__INIT;
	struct err ignored;
	int r = 0;

	if (j->step && n && n->script)
		r = j->step(j->data, n->script, n->pid, fd, e);
	q.type = CRIU__TYPE__NOTIFY;
	SET(&q, notify_success, r == 0);
	if (r == 0)
		return send_request(t, &q, e);
	(void)send_request(t, &q, &ignored); /* the first error is the one to tell */
	return r;
}

static int take_result(const struct talk *t, const Criu__Response *m, pid_t *ret_pid, struct err *e)
{
	if (!m->success)
		return criu_log_explain(
			t->job, t->job->dump ? "criu cannot dump" : "criu cannot restore", e);
	if (ret_pid)
		*ret_pid = m->restore ? m->restore->pid : 0;
	return 0;
}

/* Returns 1 when the result came. */
static int converse_once(const struct talk *t, pid_t *ret_pid, struct err *e)
{
	_cleanup_response_ Criu__Response *m = NULL;
	_cleanup_close_ int fd = -EBADF;
	int r = receive(t, &m, &fd, e);

	if (r < 0)
		return r;
	if (m->type == CRIU__TYPE__NOTIFY)
		return answer_step(t, m->notify, fd, e);
	r = take_result(t, m, ret_pid, e);
	return r < 0 ? r : 1;
}

static void talk_done(struct talk *t)
{
	criu_process_end(&t->process);
}

int criu_run(const struct criu_job *j, pid_t *ret_pid, struct err *e)
{
	_cleanup_(talk_done) struct talk t = { .job = j, .process = CRIU_PROCESS_NONE };
	int r;

	(void)sys_unlinkat(j->work_fd, criu_log_name(j), 0); /* of another job */
	r = criu_process_start(j, &t.process, e);
	if (r == 0)
		r = check_version(&t, e);
	if (r == 0)
		r = check_features(&t, e);
	if (r == 0)
		r = request(&t, e);
	while (r == 0)
		r = converse_once(&t, ret_pid, e);
	return r < 0 ? r : 0;
}
