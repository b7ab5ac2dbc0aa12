/* SPDX-License-Identifier: Apache-2.0 */
/* From the disk alone: processes, cgroup, state, mounts, and the socket of a shim that died. */
#include "delete.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/num.h"
#include "bundle.h"
#include "libcontainer.h"
#include "oci.h"
#include "proto.h"
#include "task.h"

/* When nobody has seen it end, it was killed: now, by us. */
static struct bundle_exit find_exit(int dir)
{
	struct bundle_exit x = { .status = 128 + SIGKILL };
	char text[32];
	int pid = 0;
	struct err e;

	if (bundle_load_exit(dir, &x, &e) == 0)
		return x;
	clock_gettime(CLOCK_REALTIME, &x.at);
	if (file_read_buf(dir, BUNDLE_PID, text, sizeof(text)) >= 0)
		(void)num_parse_int(text, &pid); /* torn: it stays unknown */
	x.pid = pid;
	return x;
}

/* Without the note, it is where a container of its own has it. */
static bool find_address(const struct args *a, int dir, char ret[ADDRESS_SIZE])
{
	struct err e;

	if (file_read_buf(dir, BUNDLE_ADDRESS, ret, ADDRESS_SIZE) > 0)
		return true;
	return a->address && address_make(ADDRESS_DIR, a->address, a->ns, a->id, ret, &e) == 0;
}

/* The shim of a group may still serve other containers. */
static void unlink_socket(const struct args *a, int dir)
{
	char address[ADDRESS_SIZE];

	if (find_address(a, dir, address) && !address_answers(address))
		(void)unlink(address_path(address)); /* a dead shim's, or gone */
}

static int print(const struct bundle_exit *x, struct err *e)
{
	Task__DeleteResponse m = TASK__DELETE_RESPONSE__INIT;
	Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	_cleanup_buf_ struct buf out = {};
	int r;

	at.seconds = x->at.tv_sec;
	at.nanos = (int32_t)x->at.tv_nsec;
	m.pid = (uint32_t)x->pid;
	m.exit_status = x->status;
	m.exited_at = &at;
	if (proto_encode(&m.base, &out) < 0)
		return err_nomem(e);
	r = fd_write_all(STDOUT_FILENO, out.data, out.len);
	return r < 0 ? err_sys(e, r, "write", "standard output") : 0;
}

static void warn(const struct err *e)
{
	char text[640];
	size_t n = err_text(e, text, sizeof(text) - 1);

	text[n++] = '\n';
	(void)fd_write_all(STDERR_FILENO, text, n); /* there is nowhere else to complain */
}

/* Defaults when the bundle is gone, or cannot tell. */
static struct options find_options(int dir, struct arena *arena)
{
	struct options o = {};
	struct err e;

	if (dir >= 0 && bundle_load_options(dir, arena, &o, &e) < 0)
		warn(&e);
	return o;
}

static int remove_container(const struct args *a, const char *bundle, int dir, struct arena *arena,
			    struct err *e)
{
	struct task t = { .bundle = bundle, .options = find_options(dir, arena) };
	pid_t none;

	t.init = (struct proc){ .task = &t, .id = a->id };
	t.state_dir = options_state_dir(&t.options, a->ns, arena);
	return t.state_dir ? oci_delete(&t.init, -EBADF, &none, e) : err_nomem(e);
}

int delete_container(const struct args *a, struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	char cwd[PATH_MAX];
	const char *bundle = a->bundle ? a->bundle : getcwd(cwd, sizeof(cwd));
	_cleanup_close_ int dir = bundle ? open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	struct bundle_exit x;

	if (!arena)
		return err_nomem(e);
	x = find_exit(dir);
	/* What is still there is the smaller trouble than no answer: containerd goes on. */
	if (remove_container(a, bundle ? bundle : ".", dir, arena, e) < 0)
		warn(e);
	unlink_socket(a, dir);
	return print(&x, e);
}
