/* SPDX-License-Identifier: Apache-2.0 */
/* Runtime options, as each kind of client sends them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/options.h"
#include "shim/proto.h"
#include "shim/proto/runc_options.pb-c.h"
#include "shim/proto/runtime_options.pb-c.h"

static struct arena *arena;
static struct options o;
static struct err e;

static void set_up(void)
{
	arena = arena_new();
}

TestSuite(options, .init = set_up);

static int decode_toml(const char *text)
{
	Runtimeoptions__V1__Options m = RUNTIMEOPTIONS__V1__OPTIONS__INIT;
	struct buf b = {};

	m.config_body.data = (uint8_t *)text;
	m.config_body.len = strlen(text);
	cr_assert_eq(proto_encode(&m.base, &b), 0);
	return options_decode("runtimeoptions.v1.Options", b.data, b.len, arena, &o, &e);
}

Test(options, none_are_all_defaults)
{
	cr_assert_eq(options_decode(NULL, NULL, 0, arena, &o, &e), 0);
	cr_assert_null(o.binary_name);
	cr_assert_str_eq(options_state_dir(&o, "k8s.io", arena), "/run/containerd/hull/k8s.io");
}

Test(options, of_runc)
{
	Containerd__Runc__V1__Options m = CONTAINERD__RUNC__V1__OPTIONS__INIT;
	struct buf b = {};

	m.no_pivot_root = true;
	m.no_new_keyring = true;
	m.systemd_cgroup = true;
	m.shim_cgroup = "/shims";
	m.binary_name = "/usr/bin/crun";
	m.root = "/run/x";
	m.io_uid = 1000;
	m.io_gid = 1001;
	cr_assert_eq(proto_encode(&m.base, &b), 0);
	cr_assert_eq(options_decode("containerd.runc.v1.Options", b.data, b.len, arena, &o, &e), 0);
	cr_assert(o.no_pivot_root && o.no_new_keyring && o.systemd_cgroup);
	cr_assert_str_eq(o.shim_cgroup, "/shims");
	cr_assert_str_eq(o.binary_name, "/usr/bin/crun");
	cr_assert_eq(o.io_uid, 1000);
	cr_assert_eq(o.io_gid, 1001);
	cr_assert_str_eq(options_state_dir(&o, "ns", arena), "/run/x/ns");
}

Test(options, the_bytes_that_ctr_sends)
{
	static const uint8_t value[] = "\x32\x0e/usr/sbin/runc";

	cr_assert_eq(options_decode("containerd.runc.v1.Options", value, 16, arena, &o, &e), 0);
	cr_assert_str_eq(o.binary_name, "/usr/sbin/runc");
	cr_assert_null(o.root);
}

/* By ctr of containerd 1.6 and 1.7 to any runtime that is not called runc. */
Test(options, the_bytes_that_ctr_sends_for_a_user_namespace)
{
	static const char value[] = "\x50\xa0\x8d\x06\x58\xa1\x8d\x06";

	cr_assert_eq(options_decode("containerd.linux.runc.CreateOptions", value, sizeof(value) - 1,
				    arena, &o, &e),
		     0);
	cr_assert_eq(o.io_uid, 100000);
	cr_assert_eq(o.io_gid, 100001);
	cr_assert_lt(
		options_decode("containerd.linux.runc.CreateOptions", "\x4a\xff", 2, arena, &o, &e),
		0);
}

Test(options, of_cri_as_toml)
{
	cr_assert_eq(decode_toml("# from config.toml\n"
				 "BinaryName = \"\"\n"
				 "Root = '/run/hull' # where\n"
				 "  SystemdCgroup=true\n"
				 "NoPivotRoot = false\n"
				 "IoUid = 7\n"
				 "Unknown.dotted = 1\n"
				 "Other = [1, 2]\n"
				 "\n[table]\nRoot = 3\n"),
		     0);
	cr_assert_null(o.binary_name);
	cr_assert_str_eq(o.root, "/run/hull");
	cr_assert(o.systemd_cgroup);
	cr_assert_not(o.no_pivot_root);
	cr_assert_eq(o.io_uid, 7);
}

Test(options, toml_strings_have_escapes)
{
	cr_assert_eq(decode_toml("Root = \"/a\\\"b\\\\c\"\nBinaryName = 'd\\e'"), 0);
	cr_assert_str_eq(o.root, "/a\"b\\c");
	cr_assert_str_eq(o.binary_name, "d\\e");
}

Test(options, in_a_file)
{
	Runtimeoptions__V1__Options m = RUNTIMEOPTIONS__V1__OPTIONS__INIT;
	char path[] = "/tmp/hull-options.XXXXXX";
	struct buf b = {};
	int fd = mkstemp(path);

	cr_assert_eq(dprintf(fd, "Root = \"/from/file\"\n"), 20);
	m.config_path = path;
	cr_assert_eq(proto_encode(&m.base, &b), 0);
	cr_assert_eq(
		options_decode("types/runtimeoptions.v1.Options", b.data, b.len, arena, &o, &e), 0);
	unlink(path);
	cr_assert_str_eq(o.root, "/from/file");
}

struct bad {
	const char *text, *says;
};

Test(options, errors_name_the_line)
{
	static const struct bad bad[] = {
		{ "IoUid = 1\nRoot = /x\n", "line 2: expected a string" },
		{ "Root = \"open\n", "line 1: expected a string" },
		{ "SystemdCgroup = yes", "line 1: expected true or false" },
		{ "IoUid = -1", "line 1: expected a number" },
		{ "IoUid = 1 2", "line 1: more than one value" },
		{ "\n\nnonsense", "line 3: expected KEY = VALUE" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_lt(decode_toml(bad[i].text), 0, "%s", bad[i].text);
		cr_assert(strstr(e.msg, bad[i].says), "%s", e.msg);
	}
}

Test(options, of_unknown_type_are_refused)
{
	cr_assert_lt(options_decode("x.y.Z", "", 0, arena, &o, &e), 0);
	cr_assert(strstr(e.msg, "x.y.Z"));
}

Test(options, that_are_malformed_are_refused)
{
	cr_assert_lt(options_decode("containerd.runc.v1.Options", "\x32\xff", 2, arena, &o, &e), 0);
}

/* ---- of a checkpoint ---- */

static struct lc_checkpoint_opts checkpoint;

static int decode_checkpoint(Containerd__Runc__V1__CheckpointOptions *m)
{
	struct buf b = {};

	cr_assert_eq(proto_encode(&m->base, &b), 0);
	return options_checkpoint("containerd.runc.v1.CheckpointOptions", b.data, b.len, arena,
				  &checkpoint, &e);
}

Test(options, a_checkpoint_leaves_the_task_running_unless_told)
{
	Containerd__Runc__V1__CheckpointOptions m = CONTAINERD__RUNC__V1__CHECKPOINT_OPTIONS__INIT;

	cr_assert_eq(options_checkpoint("", NULL, 0, arena, &checkpoint, &e), 0);
	cr_assert(checkpoint.leave_running);
	cr_assert_lt(checkpoint.status_fd, 0);
	m.exit = true;
	cr_assert_eq(decode_checkpoint(&m), 0);
	cr_assert_not(checkpoint.leave_running);
}

Test(options, of_a_checkpoint)
{
	Containerd__Runc__V1__CheckpointOptions m = CONTAINERD__RUNC__V1__CHECKPOINT_OPTIONS__INIT;
	char *empty[] = { (char *)"network" };

	m.open_tcp = m.external_unix_sockets = m.terminal = m.file_locks = true;
	m.empty_namespaces = empty;
	m.n_empty_namespaces = 1;
	m.cgroups_mode = (char *)"strict";
	m.work_path = (char *)"/work";
	cr_assert_eq(decode_checkpoint(&m), 0);
	cr_assert(checkpoint.criu.tcp_established && checkpoint.criu.ext_unix_sk);
	cr_assert(checkpoint.criu.shell_job && checkpoint.criu.file_locks);
	cr_assert(checkpoint.criu.empty_network);
	cr_assert_eq(checkpoint.criu.cgroups_mode, LC_CGROUPS_STRICT);
	cr_assert_str_eq(checkpoint.criu.work_path, "/work");
	cr_assert_null(checkpoint.criu.image_path);
}

Test(options, of_a_checkpoint_that_make_no_sense_are_refused)
{
	Containerd__Runc__V1__CheckpointOptions m = CONTAINERD__RUNC__V1__CHECKPOINT_OPTIONS__INIT;
	char *empty[] = { (char *)"pid" };

	m.cgroups_mode = (char *)"none";
	cr_assert_lt(decode_checkpoint(&m), 0);
	m.cgroups_mode = (char *)"";
	m.empty_namespaces = empty;
	m.n_empty_namespaces = 1;
	cr_assert_lt(decode_checkpoint(&m), 0);
	cr_assert_lt(options_checkpoint("x.Y", NULL, 0, arena, &checkpoint, &e), 0);
	cr_assert_lt(options_checkpoint("containerd.runc.v1.CheckpointOptions", "\xff", 1, arena,
					&checkpoint, &e),
		     0);
}
