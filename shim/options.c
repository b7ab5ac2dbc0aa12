/* SPDX-License-Identifier: Apache-2.0 */
/* The ways in which containerd hands over options. */
#include "options.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "proto.h"
#include "shim/proto/runc_create.pb-c.h"
#include "shim/proto/runc_options.pb-c.h"
#include "shim/proto/runtime_options.pb-c.h"
#include "toml.h"

#define CONFIG_MAX (1u << 20)

const struct json_field options_fields[] = {
	JSON_FIELD("Root", J_STRING, struct options, root, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("BinaryName", J_STRING, struct options, binary_name, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("ShimCgroup", J_STRING, struct options, shim_cgroup, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("SystemdCgroup", J_BOOL, struct options, systemd_cgroup),
	JSON_FIELD("NoPivotRoot", J_BOOL, struct options, no_pivot_root),
	JSON_FIELD("NoNewKeyring", J_BOOL, struct options, no_new_keyring),
	JSON_FIELD("IoUid", J_U32, struct options, io_uid),
	JSON_FIELD("IoGid", J_U32, struct options, io_gid),
	{},
};

static int from_runc(const void *value, size_t len, struct arena *arena, struct options *ret,
		     struct err *e)
{
	const Containerd__Runc__V1__Options *m =
		proto_decode(&containerd__runc__v1__options__descriptor, value, len, arena);

	if (!m)
		return err_bad(e, "", "runtime options: malformed containerd.runc.v1.Options");
	*ret = (struct options){
		.root = m->root,
		.binary_name = m->binary_name,
		.shim_cgroup = m->shim_cgroup,
		.systemd_cgroup = m->systemd_cgroup,
		.no_pivot_root = m->no_pivot_root,
		.no_new_keyring = m->no_new_keyring,
		.io_uid = m->io_uid,
		.io_gid = m->io_gid,
	};
	return 0;
}

static int from_create(const void *value, size_t len, struct arena *arena, struct options *ret,
		       struct err *e)
{
	const Containerd__Linux__Runc__CreateOptions *m = proto_decode(
		&containerd__linux__runc__create_options__descriptor, value, len, arena);

	if (!m)
		return err_bad(e, "",
			       "runtime options: malformed containerd.linux.runc.CreateOptions");
	*ret = (struct options){
		.shim_cgroup = m->shim_cgroup,
		.no_pivot_root = m->no_pivot_root,
		.no_new_keyring = m->no_new_keyring,
		.io_uid = m->io_uid,
		.io_gid = m->io_gid,
	};
	return 0;
}

static int from_file(const char *path, struct arena *arena, struct options *ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = file_read_at(AT_FDCWD, path, CONFIG_MAX, &text, &len, e);

	if (r == 0)
		r = toml_decode(options_fields, ret, text, len, arena, e);
	return r < 0 ? err_wrap(e, "%s", path) : 0;
}

static int from_generic(const void *value, size_t len, struct arena *arena, struct options *ret,
			struct err *e)
{
	const Runtimeoptions__V1__Options *m =
		proto_decode(&runtimeoptions__v1__options__descriptor, value, len, arena);

	if (!m)
		return err_bad(e, "", "runtime options: malformed runtimeoptions.v1.Options");
	if (m->config_body.len)
		return toml_decode(options_fields, ret, (const char *)m->config_body.data,
				   m->config_body.len, arena, e);
	return m->config_path[0] ? from_file(m->config_path, arena, ret, e) : 0;
}

static const char *or_null(const char *s)
{
	return s && s[0] ? s : NULL;
}

int options_decode(const char *type_url, const void *value, size_t len, struct arena *arena,
		   struct options *ret, struct err *e)
{
	struct options o = {};
	int r = 0;

	if (!type_url || !type_url[0])
		;
	else if (proto_type_is(type_url, "containerd.runc.v1.Options"))
		r = from_runc(value, len, arena, &o, e);
	else if (proto_type_is(type_url, "containerd.linux.runc.CreateOptions"))
		r = from_create(value, len, arena, &o, e);
	else if (proto_type_is(type_url, "runtimeoptions.v1.Options"))
		r = from_generic(value, len, arena, &o, e);
	else
		r = err_bad(e, "", "runtime options of unknown type %s", type_url);
	if (r < 0)
		return r;
	o.root = or_null(o.root);
	o.binary_name = or_null(o.binary_name);
	o.shim_cgroup = or_null(o.shim_cgroup);
	*ret = o;
	return 0;
}

/* ---- of a checkpoint ---- */

static const struct name_value cgroups_modes[] = {
	{ "", LC_CGROUPS_SOFT },	 { "soft", LC_CGROUPS_SOFT },
	{ "full", LC_CGROUPS_FULL },	 { "strict", LC_CGROUPS_STRICT },
	{ "ignore", LC_CGROUPS_IGNORE },
};

static int from_checkpoint(const Containerd__Runc__V1__CheckpointOptions *m,
			   struct lc_checkpoint_opts *o, struct err *e)
{
	const struct name_value *mode = MAP_FIND(cgroups_modes, m->cgroups_mode);

	for (size_t i = 0; i < m->n_empty_namespaces; i++)
		if (strcmp(m->empty_namespaces[i], "network") != 0)
			return err_bad(e, "", "checkpoint options: empty namespace \"%s\"",
				       m->empty_namespaces[i]);
	if (!mode)
		return err_bad(e, "", "checkpoint options: cgroups mode \"%s\"", m->cgroups_mode);
	o->leave_running = !m->exit;
	o->parent_path = or_null(m->parent_path);
	o->criu = (struct lc_criu_opts){
		.image_path = or_null(m->image_path),
		.work_path = or_null(m->work_path),
		.tcp_established = m->open_tcp,
		.ext_unix_sk = m->external_unix_sockets,
		.shell_job = m->terminal,
		.file_locks = m->file_locks,
		.empty_network = m->n_empty_namespaces > 0,
		.cgroups_mode = (enum lc_cgroups_mode)mode->value,
	};
	return 0;
}

int options_checkpoint(const char *type_url, const void *value, size_t len, struct arena *arena,
		       struct lc_checkpoint_opts *ret, struct err *e)
{
	const Containerd__Runc__V1__CheckpointOptions *m;

	*ret = (struct lc_checkpoint_opts){ .leave_running = true, .status_fd = -EBADF };
	if (!or_null(type_url))
		return 0;
	if (!proto_type_is(type_url, "containerd.runc.v1.CheckpointOptions"))
		return err_bad(e, "", "checkpoint options of unknown type %s", type_url);
	m = proto_decode(&containerd__runc__v1__checkpoint_options__descriptor, value, len, arena);
	if (!m)
		return err_bad(e, "", "malformed containerd.runc.v1.CheckpointOptions");
	return from_checkpoint(m, ret, e);
}

const char *options_state_dir(const struct options *o, const char *ns, struct arena *arena)
{
	return arena_printf(arena, "%s/%s", o->root ? o->root : OPTIONS_ROOT, ns);
}
