/* SPDX-License-Identifier: Apache-2.0 */
/* The shim about itself. */
#include "info.h"

#include <errno.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "bootstrap.h"
#include "config.h"
#include "libcontainer.h"
#include "oci.h"
#include "proto.h"
#include "shim/proto/runtime_info.pb-c.h"

#define NAME "io.containerd.hull.v2"
/* A JSON value in an Any, named as containerd names Go's type. */
#define FEATURES_TYPE "types.containerd.io/opencontainers/runtime-spec/1/features/Features"

static int write_out(const struct buf *out, struct err *e)
{
	int r = buf_ok(out) < 0 ? -ENOMEM : fd_write_all(STDOUT_FILENO, out->data, out->len);

	return r < 0 ? err_sys(e, r, "write", "standard output") : 0;
}

/* ---- the features of a runtime ---- */

/* Its complaints are for whoever reads ours. */
static int spawn(char *const *argv, int out, pid_t *ret)
{
	posix_spawn_file_actions_t plan;
	int r = posix_spawn_file_actions_init(&plan);

	if (r != 0)
		return r;
	r = posix_spawn_file_actions_adddup2(&plan, out, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawnp(ret, argv[0], &plan, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&plan);
	return r;
}

static int run(const char *binary, int out, struct err *e)
{
	char *const argv[] = { (char *)binary, (char *)"features", NULL };
	int r, status;
	pid_t pid;

	r = spawn(argv, out, &pid);
	if (r != 0)
		return err_sys(e, r, "posix_spawn", "%s features", binary);
	while ((r = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
		;
	if (r < 0)
		return err_sys(e, errno, "waitpid", "%s features", binary);
	if (WIFSIGNALED(status))
		return err_kind(e, ERR_STATE, "%s features was killed by signal %d", binary,
				WTERMSIG(status));
	return WEXITSTATUS(status) == 0 ? 0
					: err_kind(e, ERR_STATE, "%s features ended with status %d",
						   binary, WEXITSTATUS(status));
}

static int features_of(const char *binary, struct buf *json, struct err *e)
{
	_cleanup_close_ int out = memfd_create("features", MFD_CLOEXEC);
	char chunk[4096];
	ssize_t n;
	int r;

	if (out < 0)
		return err_sys(e, errno, "memfd_create", "%s features", binary);
	r = run(binary, out, e);
	if (r < 0)
		return r;
	if (lseek(out, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "lseek", "%s features", binary);
	while ((n = fd_read_full(out, chunk, sizeof(chunk))) > 0)
		buf_add(json, chunk, (size_t)n);
	return n < 0 ? err_sys(e, (int)n, "read", "%s features", binary) : 0;
}

/* ---- all of it ---- */

static int read_options(struct arena *arena, Google__Protobuf__Any **ret,
			struct options *ret_options, struct err *e)
{
	Google__Protobuf__Any *any;
	void *data;
	size_t len;
	int r = bootstrap_read(arena, &data, &len, e);

	if (r < 0)
		return r;
	any = proto_decode(&google__protobuf__any__descriptor, data, len, arena);
	if (!any)
		return err_bad(e, "", "standard input is no runtime options");
	*ret = any->type_url[0] ? any : NULL;
	return options_decode(any->type_url, any->value.data, any->value.len, arena, ret_options,
			      e);
}

static int print(Google__Protobuf__Any *options, const struct buf *json, struct err *e)
{
	Info__RuntimeInfo m = INFO__RUNTIME_INFO__INIT;
	Info__RuntimeVersion version = INFO__RUNTIME_VERSION__INIT;
	Google__Protobuf__Any features = GOOGLE__PROTOBUF__ANY__INIT;
	_cleanup_buf_ struct buf out = {};

	version.version = (char *)HULL_VERSION;
	version.revision = (char *)HULL_COMMIT;
	features.type_url = (char *)FEATURES_TYPE;
	features.value.data = (uint8_t *)json->data;
	features.value.len = json->len;
	m.name = (char *)NAME;
	m.version = &version;
	m.options = options;
	m.features = &features;
	/* no annotation: of what containerd's mount manager does, nothing is left to us */
	return proto_encode(&m.base, &out) < 0 ? err_nomem(e) : write_out(&out, e);
}

int info_print(struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_buf_ struct buf json = {};
	Google__Protobuf__Any *any = NULL;
	struct options options;
	const char *other;
	int r = arena ? read_options(arena, &any, &options, e) : err_nomem(e);

	if (r < 0)
		return r;
	other = oci_other_runtime(&options);
	r = other ? features_of(other, &json, e) : lc_features(&json, e);
	if (r == 0 && buf_ok(&json) < 0)
		r = err_nomem(e);
	return r == 0 ? print(any, &json, e) : r;
}

int info_print_version(struct err *e)
{
	_cleanup_buf_ struct buf out = {};

	buf_fmt(&out, "containerd-shim-hull-v2:\n  Version:  %s\n  Revision: %s\n", HULL_VERSION,
		HULL_COMMIT);
	return write_out(&out, e);
}
