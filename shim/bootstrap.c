/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The start of a shim. The process that containerd has started prepares itself (core scheduling,
 * cgroup, badness), and forks: the daemon is what it is, and nothing has to be done to it from
 * outside. The socket is listened on before the address is printed, so that a client may come at
 * once. The daemon keeps neither standard output nor standard error: containerd reads them to their
 * end.
 */
#include "bootstrap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "address.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/fmt.h"
#include "base/num.h"
#include "bundle.h"
#include "proto.h"
#include "serve.h"
#include "shim/proto/bootstrap.pb-c.h"

#define INPUT_MAX (4u << 20)
#define PROTOCOL "ttrpc"
#define API_VERSION 3
#define BADNESS_MAX 1000
/* <linux/prctl.h> of Linux 5.14 */
#define SCHED_CORE 62
#define SCHED_CORE_CREATE 1
#define SCHED_CORE_PROCESS_GROUP 2

/* ---- what containerd says ---- */

int bootstrap_read(struct arena *arena, void **ret, size_t *ret_len, struct err *e)
{
	_cleanup_buf_ struct buf text = {};
	char chunk[4096];
	ssize_t n;

	while ((n = fd_read_full(STDIN_FILENO, chunk, sizeof(chunk))) > 0 && text.len <= INPUT_MAX)
		buf_add(&text, chunk, (size_t)n);
	if (n < 0)
		return err_sys(e, (int)n, "read", "standard input");
	if (text.len > INPUT_MAX)
		return err_bad(e, "", "standard input: more than %u bytes", INPUT_MAX);
	*ret_len = text.len;
	*ret = arena_alloc(arena, text.len + 1);
	if (!*ret || buf_ok(&text) < 0)
		return err_nomem(e);
	if (text.len)
		memcpy(*ret, text.data, text.len);
	return 0;
}

static int options_from(const Google__Protobuf__Any *any, struct arena *arena, struct options *ret,
			struct err *e)
{
	return options_decode(any->type_url, any->value.data, any->value.len, arena, ret, e);
}

static bool names_us(const Bootstrap__BootstrapParams *p, const struct args *a)
{
	return p && strcmp(p->instance_id, a->id) == 0 && strcmp(p->namespace_, a->ns) == 0;
}

/* Extensions of types that are none of runtime options are not for us. */
static int parse_params(const Bootstrap__BootstrapParams *p, struct arena *arena,
			struct bootstrap_input *ret, struct err *e)
{
	ret->form = BOOTSTRAP_MESSAGE;
	ret->socket_dir = p->socket_dir[0] ? p->socket_dir : NULL;
	ret->containerd = p->containerd_grpc_address[0] ? p->containerd_grpc_address : NULL;
	for (size_t i = 0; i < p->n_extensions; i++) {
		const Google__Protobuf__Any *any = p->extensions[i]->value;

		if (any && (proto_type_is(any->type_url, "containerd.runc.v1.Options") ||
			    proto_type_is(any->type_url, "runtimeoptions.v1.Options")))
			return options_from(any, arena, &ret->options, e);
	}
	return 0;
}

int bootstrap_parse(const struct args *a, const void *data, size_t len, struct arena *arena,
		    struct bootstrap_input *ret, struct err *e)
{
	const char *api = getenv("HULL_SHIM_API");
	const Bootstrap__BootstrapParams *params =
		proto_decode(&bootstrap__bootstrap_params__descriptor, data, len, arena);
	const Google__Protobuf__Any *any;

	*ret = (struct bootstrap_input){
		.form = api && strcmp(api, "3") == 0 ? BOOTSTRAP_JSON : BOOTSTRAP_TEXT,
	};
	if (names_us(params, a))
		return parse_params(params, arena, ret, e);
	any = proto_decode(&google__protobuf__any__descriptor, data, len, arena);
	if (!any)
		return err_bad(e, "", "standard input is neither runtime options nor parameters");
	return options_from(any, arena, &ret->options, e);
}

/* ---- what it is told ---- */

static int answer_json(const char *address, struct buf *out, struct err *e)
{
	struct json_writer *w = json_writer_new(0);

	if (!w)
		return err_nomem(e);
	json_open_object(w);
	json_key(w, "version"), json_i64(w, API_VERSION);
	json_key(w, "address"), json_str(w, address);
	json_key(w, "protocol"), json_str(w, PROTOCOL);
	json_close_object(w);
	return json_writer_finish(w, out, e);
}

static int answer_message(const char *address, struct buf *out, struct err *e)
{
	Bootstrap__BootstrapResult m = BOOTSTRAP__BOOTSTRAP_RESULT__INIT;

	m.version = API_VERSION;
	m.address = (char *)address;
	m.protocol = (char *)PROTOCOL;
	return proto_encode(&m.base, out) < 0 ? err_nomem(e) : 0;
}

int bootstrap_answer(enum bootstrap_form form, const char *address, struct buf *out, struct err *e)
{
	switch (form) {
	case BOOTSTRAP_MESSAGE:
		return answer_message(address, out, e);
	case BOOTSTRAP_JSON:
		return answer_json(address, out, e);
	case BOOTSTRAP_TEXT:
		break;
	}
	buf_str(out, address);
	return buf_ok(out) < 0 ? err_nomem(e) : 0;
}

/* ---- what is done ---- */

/* Programs of containers share a core with nothing but programs of their own. */
static int set_core_scheduling(struct err *e)
{
	const char *wanted = getenv("SCHED_CORE");

	if (!wanted || !wanted[0])
		return 0;
	if (prctl(SCHED_CORE, SCHED_CORE_CREATE, 0, SCHED_CORE_PROCESS_GROUP, 0) < 0)
		return err_sys(e, errno, "prctl", "PR_SCHED_CORE (core scheduling)");
	return 0;
}

static int enter_cgroup(const char *path, struct err *e)
{
	static const char *const trees[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	char file[PATH_MAX];
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(trees); i++) {
		fmt_str(file, sizeof(file), "%s/%s/cgroup.procs", trees[i], path);
		r = file_write_at(AT_FDCWD, file, "0");
	}
	return r < 0 ? err_sys(e, r, "write", "shim cgroup %s", path) : 0;
}

/* A little more likely to be killed than containerd itself: what it makes us inherit. */
static int set_badness(struct err *e)
{
	char path[64], text[16];
	int badness, r;
	ssize_t n;

	fmt_str(path, sizeof(path), "/proc/%d/oom_score_adj", (int)getppid());
	n = file_read_buf(AT_FDCWD, path, text, sizeof(text));
	if (n < 0 || num_parse_int(text, &badness) < 0)
		return 0; /* in another pid namespace we have no parent to look at */
	fmt_str(text, sizeof(text), "%d", badness < BADNESS_MAX ? badness + 1 : BADNESS_MAX);
	r = file_write_at(AT_FDCWD, "/proc/self/oom_score_adj", text);
	return r < 0 && r != -EPERM && r != -EACCES ? err_sys(e, r, "write", "oom_score_adj") : 0;
}

static int prepare(const struct bootstrap_input *in, struct err *e)
{
	int r = set_core_scheduling(e);

	if (r == 0 && in->options.shim_cgroup)
		r = enter_cgroup(in->options.shim_cgroup, e);
	return r == 0 ? set_badness(e) : r;
}

static int print_answer(enum bootstrap_form form, const char *address, struct err *e)
{
	_cleanup_buf_ struct buf out = {};
	int r = bootstrap_answer(form, address, &out, e);

	if (r == 0)
		r = fd_write_all(STDOUT_FILENO, out.data, out.len);
	return r < 0 ? err_sys(e, r, "write", "standard output") : 0;
}

/* A directory of sockets that is not the usual one is found again by this link. */
static int link_socket_dir(const struct bootstrap_input *in, struct err *e)
{
	if (!in->socket_dir || symlink(in->socket_dir, "s") == 0 || errno == EEXIST)
		return 0;
	return err_sys(e, errno, "symlink", "s");
}

static int launch(const struct args *a, const char *address, int listener, int argc, char **argv,
		  struct err *e)
{
	pid_t pid = fork();

	if (pid < 0)
		return err_sys(e, errno, "fork", "the shim");
	if (pid == 0)
		exit(serve(a, address, listener, argc, argv));
	return 0;
}

static int find_address(const struct args *a, const struct bootstrap_input *in, struct arena *arena,
			char ret[ADDRESS_SIZE], struct err *e)
{
	const char *group;
	int r = bundle_group(AT_FDCWD, a->id, arena, &group, e);

	if (r < 0)
		return r;
	return address_make(in->socket_dir ? in->socket_dir : ADDRESS_DIR,
			    in->containerd ? in->containerd : a->address, a->ns, group, ret, e);
}

static int launch_at(const struct args *a, const struct bootstrap_input *in, const char *address,
		     int argc, char **argv, struct err *e)
{
	_cleanup_close_ int listener = -EBADF;
	int r = address_listen(address, &listener, e);

	if (r < 0 || listener < 0)
		return r; /* a shim of the group is there already */
	r = prepare(in, e);
	if (r == 0)
		r = launch(a, address, listener, argc, argv, e);
	if (r < 0)
		(void)unlink(address_path(address)); /* ours, and nobody will serve it */
	return r;
}

int bootstrap_start(const struct args *a, int argc, char **argv, struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bootstrap_input in;
	char address[ADDRESS_SIZE];
	void *data;
	size_t len;
	int r = arena ? bootstrap_read(arena, &data, &len, e) : err_nomem(e);

	if (r == 0)
		r = bootstrap_parse(a, data, len, arena, &in, e);
	if (r == 0)
		r = find_address(a, &in, arena, address, e);
	if (r == 0)
		r = link_socket_dir(&in, e);
	if (r == 0)
		r = bundle_write_text(AT_FDCWD, BUNDLE_ADDRESS, address, e);
	if (r == 0)
		r = launch_at(a, &in, address, argc, argv, e);
	return r == 0 ? print_answer(in.form, address, e) : r;
}
