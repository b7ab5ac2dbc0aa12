/* SPDX-License-Identifier: Apache-2.0 */
/* How a container is to be run, as containerd's configuration says: runtime options. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "libcontainer.h"

#define OPTIONS_ROOT "/run/containerd/hull"

struct options {
	const char *root;	 /* of the state directories, one a namespace; NULL: OPTIONS_ROOT */
	const char *binary_name; /* of another OCI runtime, NULL: we are it */
	const char *shim_cgroup;
	bool systemd_cgroup, no_pivot_root, no_new_keyring;
	uint32_t io_uid, io_gid;
};

/* One row each, named as the keys of containerd's configuration: for TOML and for JSON. */
extern const struct json_field options_fields[];

/* From the encoded message in an Any: containerd.runc.v1.Options, or runtimeoptions.v1.Options with
 * a TOML text or the path of one. No type (NULL or ""): all defaults. Strings live in the arena. */
int options_decode(const char *type_url, const void *value, size_t len, struct arena *arena,
		   struct options *ret, struct err *e);
/* From the encoded containerd.runc.v1.CheckpointOptions in an Any: as containerd says what a checkpoint
 * may do. No type: all defaults; the container goes on unless they say that it ends. */
int options_checkpoint(const char *type_url, const void *value, size_t len, struct arena *arena,
		       struct lc_checkpoint_opts *ret, struct err *e);
/* The state directory of a namespace; in the arena. */
const char *options_state_dir(const struct options *o, const char *ns, struct arena *arena);
