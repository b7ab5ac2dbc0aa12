/* SPDX-License-Identifier: Apache-2.0 */
/* The shim about itself. */
#include "info.h"

#include <errno.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "config.h"
#include "libcontainer.h"
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

int info_print(struct err *e)
{
	Info__RuntimeInfo m = INFO__RUNTIME_INFO__INIT;
	Info__RuntimeVersion version = INFO__RUNTIME_VERSION__INIT;
	Google__Protobuf__Any features = GOOGLE__PROTOBUF__ANY__INIT;
	_cleanup_buf_ struct buf json = {}, out = {};
	int r = lc_features(&json, e);

	if (r < 0)
		return r;
	version.version = (char *)HULL_VERSION;
	version.revision = (char *)HULL_COMMIT;
	features.type_url = (char *)FEATURES_TYPE;
	features.value.data = (uint8_t *)json.data;
	features.value.len = json.len;
	m.name = (char *)NAME;
	m.version = &version;
	m.features = &features;
	return proto_encode(&m.base, &out) < 0 ? err_nomem(e) : write_out(&out, e);
}

int info_print_version(struct err *e)
{
	_cleanup_buf_ struct buf out = {};

	buf_fmt(&out, "containerd-shim-hull-v2:\n  Version:  %s\n  Revision: %s\n", HULL_VERSION,
		HULL_COMMIT);
	return write_out(&out, e);
}
