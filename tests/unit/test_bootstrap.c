/* SPDX-License-Identifier: Apache-2.0 */
/* What `start` understands and answers, and where shims listen. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "shim/address.h"
#include "shim/bootstrap.h"
#include "shim/bundle.h"
#include "shim/proto.h"
#include "shim/proto/bootstrap.pb-c.h"
#include "shim/proto/runc_options.pb-c.h"
#include "tempdir.h"

static const struct args args = { .ns = "default",
				  .id = "c1",
				  .address = "/run/containerd/c.sock" };
static struct arena *arena;
static struct bootstrap_input in;
static struct err e;

static void set_up(void)
{
	arena = arena_new();
	unsetenv("HULL_SHIM_API");
}

TestSuite(bootstrap, .init = set_up);

static Google__Protobuf__Any *options_any(struct buf *value)
{
	static Google__Protobuf__Any any;
	Containerd__Runc__V1__Options m = CONTAINERD__RUNC__V1__OPTIONS__INIT;

	m.root = "/r";
	cr_assert_eq(proto_encode(&m.base, value), 0);
	google__protobuf__any__init(&any);
	any.type_url = "containerd.runc.v1.Options";
	any.value.data = (uint8_t *)value->data;
	any.value.len = value->len;
	return &any;
}

static struct buf encode_params(const char *id, Google__Protobuf__Any *options)
{
	Bootstrap__BootstrapParams m = BOOTSTRAP__BOOTSTRAP_PARAMS__INIT;
	Bootstrap__Extension other = BOOTSTRAP__EXTENSION__INIT, ours = BOOTSTRAP__EXTENSION__INIT;
	Google__Protobuf__Any unknown = GOOGLE__PROTOBUF__ANY__INIT;
	Bootstrap__Extension *extensions[] = { &other, &ours };
	struct buf b = {};

	unknown.type_url = "some.other.Thing";
	other.value = &unknown;
	ours.value = options;
	m.instance_id = (char *)id;
	m.namespace_ = "default";
	m.socket_dir = "/run/sockets";
	m.containerd_grpc_address = "/run/other.sock";
	m.extensions = extensions;
	m.n_extensions = 2;
	cr_assert_eq(proto_encode(&m.base, &b), 0);
	return b;
}

Test(bootstrap, nothing_on_stdin_is_answered_with_text)
{
	struct buf out = {};

	cr_assert_eq(bootstrap_parse(&args, "", 0, arena, &in, &e), 0);
	cr_assert_eq(in.form, BOOTSTRAP_TEXT);
	cr_assert_eq(bootstrap_answer(in.form, "unix:///run/x", &out, &e), 0);
	cr_assert_str_eq(out.data, "unix:///run/x");
}

Test(bootstrap, an_any_has_options_and_is_answered_with_text)
{
	struct buf value = {}, b = {};

	cr_assert_eq(proto_encode(&options_any(&value)->base, &b), 0);
	cr_assert_eq(bootstrap_parse(&args, b.data, b.len, arena, &in, &e), 0);
	cr_assert_eq(in.form, BOOTSTRAP_TEXT);
	cr_assert_str_eq(in.options.root, "/r");
	cr_assert_null(in.socket_dir);
}

Test(bootstrap, parameters_are_answered_with_a_message)
{
	const Bootstrap__BootstrapResult *result;
	struct buf value = {}, b = encode_params("c1", options_any(&value)), out = {};

	cr_assert_eq(bootstrap_parse(&args, b.data, b.len, arena, &in, &e), 0);
	cr_assert_eq(in.form, BOOTSTRAP_MESSAGE);
	cr_assert_str_eq(in.socket_dir, "/run/sockets");
	cr_assert_str_eq(in.containerd, "/run/other.sock");
	cr_assert_str_eq(in.options.root, "/r");
	cr_assert_eq(bootstrap_answer(in.form, "unix:///a", &out, &e), 0);
	result = proto_decode(&bootstrap__bootstrap_result__descriptor, out.data, out.len, arena);
	cr_assert_eq(result->version, 3);
	cr_assert_str_eq(result->address, "unix:///a");
	cr_assert_str_eq(result->protocol, "ttrpc");
}

Test(bootstrap, parameters_of_another_container_are_an_any_of_unknown_type)
{
	struct buf value = {}, b = encode_params("c2", options_any(&value));

	cr_assert_lt(bootstrap_parse(&args, b.data, b.len, arena, &in, &e), 0);
	cr_assert(strstr(e.msg, "unknown type c2"), "%s", e.msg);
}

Test(bootstrap, version_3_in_json_is_for_who_asks)
{
	struct buf out = {};

	setenv("HULL_SHIM_API", "3", 1);
	cr_assert_eq(bootstrap_parse(&args, "", 0, arena, &in, &e), 0);
	cr_assert_eq(bootstrap_answer(in.form, "unix:///a", &out, &e), 0);
	cr_assert_str_eq(out.data,
			 "{\"version\":3,\"address\":\"unix:///a\",\"protocol\":\"ttrpc\"}");
}

Test(bootstrap, rubbish_on_stdin_is_refused)
{
	cr_assert_lt(bootstrap_parse(&args, "\xff\xff\xff", 3, arena, &in, &e), 0);
}

/* ---- addresses ---- */

Test(address, is_the_digest_of_socket_namespace_and_group)
{
	char a[ADDRESS_SIZE];

	/* sha256 of "/run/containerd/containerd.sock/default/w1" */
	cr_assert_eq(address_make("/run/containerd/s", "/run/containerd/containerd.sock", "default",
				  "w1", a, &e),
		     0);
	cr_assert_str_eq(address_path(a), a + strlen("unix://"));
	cr_assert_str_eq(a, "unix:///run/containerd/s/"
			    "f2e8ea6cdc5bd202918514e300b8f49589d8b3d18f967d89e1077100e6c07ccb");
}

Test(address, of_a_path_is_that_of_its_clean_form)
{
	char a[ADDRESS_SIZE], b[ADDRESS_SIZE];

	cr_assert_eq(address_make("/s", "/run//x/../c.sock", "n", "g", a, &e), 0);
	cr_assert_eq(address_make("/s", "/run/c.sock", "n", "g", b, &e), 0);
	cr_assert_str_eq(a, b);
}

Test(address, a_directory_with_a_long_name_is_refused)
{
	char a[ADDRESS_SIZE], dir[64];

	memset(dir, 'd', sizeof(dir));
	dir[0] = '/';
	dir[sizeof(dir) - 1] = '\0';
	cr_assert_lt(address_make(dir, "/c", "n", "g", a, &e), 0);
}

static char address[ADDRESS_SIZE];

static void enter(void)
{
	char sub[sizeof(tempdir_path) + 2];

	tempdir_enter();
	fmt_str(sub, sizeof(sub), "%s/s", tempdir_path);
	cr_assert_eq(address_make(sub, "/c", "n", "g", address, &e), 0);
}

TestSuite(listen, .init = enter, .fini = tempdir_leave);

Test(listen, makes_a_private_socket)
{
	struct stat st;
	int fd = -1;

	cr_assert_eq(address_listen(address, &fd, &e), 0, "%s", e.msg);
	cr_assert_geq(fd, 0);
	cr_assert_eq(stat(address_path(address), &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0600);
	cr_assert(address_answers(address));
}

Test(listen, leaves_the_socket_of_a_living_shim)
{
	int first = -1, second = -1;

	cr_assert_eq(address_listen(address, &first, &e), 0);
	cr_assert_eq(address_listen(address, &second, &e), 0);
	cr_assert_eq(second, -EBADF, "the group has a shim");
	cr_assert(address_answers(address));
}

Test(listen, replaces_the_socket_of_a_dead_one)
{
	int first = -1, second = -1;

	cr_assert_eq(address_listen(address, &first, &e), 0);
	close(first);
	cr_assert_not(address_answers(address));
	cr_assert_eq(address_listen(address, &second, &e), 0);
	cr_assert_geq(second, 0);
}

/* A worker of a shim that was killed has its listening socket for the moment that it takes to end. */
Test(listen, replaces_the_socket_of_one_that_is_about_to_be_dead)
{
	int first = -1, second = -1;
	pid_t dying;

	cr_assert_eq(address_listen(address, &first, &e), 0);
	dying = fork();
	if (dying == 0) {
		usleep(200000);
		_exit(0);
	}
	close(first);
	cr_assert_eq(address_listen(address, &second, &e), 0);
	cr_assert_geq(second, 0);
	cr_assert_eq(waitpid(dying, NULL, 0), dying);
}

/* ---- the bundle ---- */

static void make_bundle(void)
{
	arena = arena_new();
	tempdir_enter();
}

TestSuite(bundle, .init = make_bundle, .fini = tempdir_leave);

static const char *group_of(const char *config)
{
	const char *group = NULL;

	cr_assert_eq(bundle_write_text(AT_FDCWD, "config.json", config, &e), 0);
	cr_assert_eq(bundle_group(AT_FDCWD, "c1", arena, &group, &e), 0, "%s", e.msg);
	return group;
}

Test(bundle, the_group_is_an_annotation_or_the_id)
{
	cr_assert_str_eq(group_of("{\"ociVersion\":\"1.0.2\"}"), "c1");
	cr_assert_str_eq(group_of("{\"annotations\":{\"io.kubernetes.cri.sandbox-id\":\"pod\"}}"),
			 "pod");
	cr_assert_str_eq(group_of("{\"annotations\":{\"io.kubernetes.cri.sandbox-id\":\"pod\","
				  "\"io.containerd.runc.v2.group\":\"g\"}}"),
			 "g");
}

Test(bundle, remembers_options_and_exit)
{
	struct options o = { .root = "/r", .systemd_cgroup = true, .io_gid = 4 }, back;
	struct bundle_exit x = { .pid = 77, .status = 137, .at = { 12345678901, 999999999 } }, seen;

	cr_assert_eq(bundle_save_options(AT_FDCWD, &o, &e), 0);
	cr_assert_eq(bundle_load_options(AT_FDCWD, arena, &back, &e), 0);
	cr_assert_str_eq(back.root, "/r");
	cr_assert(back.systemd_cgroup);
	cr_assert_eq(back.io_gid, 4);
	cr_assert_null(back.binary_name);
	cr_assert_eq(bundle_save_exit(AT_FDCWD, &x, &e), 0);
	cr_assert_eq(bundle_load_exit(AT_FDCWD, &seen, &e), 0);
	cr_assert_eq(seen.pid, 77);
	cr_assert_eq(seen.status, 137);
	cr_assert_eq(seen.at.tv_sec, 12345678901);
	cr_assert_eq(seen.at.tv_nsec, 999999999);
}

Test(bundle, that_remembers_nothing_has_defaults_and_no_exit)
{
	struct options o;
	struct bundle_exit x;

	cr_assert_eq(bundle_load_options(AT_FDCWD, arena, &o, &e), 0);
	cr_assert_null(o.root);
	cr_assert_eq(bundle_load_exit(AT_FDCWD, &x, &e), -ENOENT);
}
