# SPDX-License-Identifier: Apache-2.0
# The test programs, by tier: tests/<tier>/<name>.c is one program. tests/run.sh runs them.

LDADD = $(TEST_LIB) $(TESTED_LIBS) $(HULL_LIBS) $(CRITERION_LIBS) -lm

# The code under test, for the libc that Criterion is linked to.
if MUSL
TESTED_LIBS = tests/lib/libtested.a
check_LIBRARIES += $(TESTED_LIBS)
tests_lib_libtested_a_SOURCES = $(libcontainer_libcontainer_a_SOURCES) \
	$(runtime_libruntime_a_SOURCES) $(shim_libshim_a_SOURCES)
nodist_tests_lib_libtested_a_SOURCES = $(nodist_shim_libmessages_a_SOURCES) \
	$(nodist_libcontainer_libcontainer_a_SOURCES)
else
TESTED_LIBS = runtime/libruntime.a shim/libshim.a shim/libmessages.a \
	libcontainer/libcontainer.a
endif

if HAVE_CRITERION
TEST_LIB = tests/lib/libtest.a
check_LIBRARIES += $(TEST_LIB)
endif
tests_lib_libtest_a_SOURCES = \
	tests/lib/fake_containerd.c \
	tests/lib/fake_containerd.h \
	tests/lib/fixtures.c \
	tests/lib/fixtures.h \
	tests/lib/frames.c \
	tests/lib/frames.h \
	tests/lib/plans.h \
	tests/lib/seccomp_model.c \
	tests/lib/seccomp_model.h \
	tests/lib/seccomp_vm.c \
	tests/lib/seccomp_vm.h \
	tests/lib/tempdir.h \
	tests/lib/ttrpc_peer.c \
	tests/lib/ttrpc_peer.h

unit_tests = \
	tests/unit/test_arena \
	tests/unit/test_args \
	tests/unit/test_bootstrap \
	tests/unit/test_buf \
	tests/unit/test_cgroup_devices \
	tests/unit/test_cgroup_fs \
	tests/unit/test_cgroup_limits \
	tests/unit/test_cgroup_path \
	tests/unit/test_cgroup_systemd \
	tests/unit/test_cpulist \
	tests/unit/test_creds_plan \
	tests/unit/test_destroy \
	tests/unit/test_devices_plan \
	tests/unit/test_err \
	tests/unit/test_ev \
	tests/unit/test_fd \
	tests/unit/test_features \
	tests/unit/test_figures \
	tests/unit/test_file \
	tests/unit/test_fmt \
	tests/unit/test_foreground \
	tests/unit/test_home \
	tests/unit/test_hooks \
	tests/unit/test_idmap_option \
	tests/unit/test_idmap_plan \
	tests/unit/test_intelrdt \
	tests/unit/test_io_binary \
	tests/unit/test_io_console \
	tests/unit/test_io_fifo \
	tests/unit/test_io_file \
	tests/unit/test_json_in \
	tests/unit/test_json_locate \
	tests/unit/test_json_out \
	tests/unit/test_log \
	tests/unit/test_mount_opts \
	tests/unit/test_mounts_plan \
	tests/unit/test_namespaces_plan \
	tests/unit/test_num \
	tests/unit/test_options \
	tests/unit/test_opts \
	tests/unit/test_path \
	tests/unit/test_paths_plan \
	tests/unit/test_process_plan \
	tests/unit/test_program \
	tests/unit/test_proto \
	tests/unit/test_publish \
	tests/unit/test_reaper \
	tests/unit/test_report \
	tests/unit/test_rlimits_plan \
	tests/unit/test_sched_plan \
	tests/unit/test_seccomp_cache \
	tests/unit/test_seccomp_diff \
	tests/unit/test_seccomp_plan \
	tests/unit/test_sha256 \
	tests/unit/test_signals \
	tests/unit/test_spec_check \
	tests/unit/test_spec_default \
	tests/unit/test_spec_load \
	tests/unit/test_spec_tables \
	tests/unit/test_stats \
	tests/unit/test_stats_write \
	tests/unit/test_sys_fault \
	tests/unit/test_sysctl_plan \
	tests/unit/test_task_table \
	tests/unit/test_terminal \
	tests/unit/test_ttrpc_client \
	tests/unit/test_ttrpc_frame \
	tests/unit/test_ttrpc_hostile \
	tests/unit/test_ttrpc_server \
	tests/unit/test_worker

fuzz_targets = \
	tests/fuzz/fuzz_idmap \
	tests/fuzz/fuzz_json \
	tests/fuzz/fuzz_seccomp \
	tests/fuzz/fuzz_spec \
	tests/fuzz/fuzz_ttrpc

if HAVE_CRITERION
check_PROGRAMS += $(unit_tests)
endif
if FUZZING
check_PROGRAMS += $(fuzz_targets)
endif
tests_fuzz_fuzz_idmap_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_idmap_LDADD = libcontainer/libcontainer.a $(HULL_LIBS)
tests_fuzz_fuzz_json_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_json_LDADD = libcontainer/libcontainer.a $(HULL_LIBS)
tests_fuzz_fuzz_seccomp_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_seccomp_LDADD = $(TEST_LIB) libcontainer/libcontainer.a $(HULL_LIBS)
tests_fuzz_fuzz_spec_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_spec_LDADD = libcontainer/libcontainer.a $(HULL_LIBS)
tests_fuzz_fuzz_ttrpc_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_ttrpc_LDADD = shim/libshim.a shim/libmessages.a libcontainer/libcontainer.a \
	$(HULL_LIBS)

EXTRA_DIST += \
	tests/packages.txt \
	tests/quickstart.sh \
	tests/run.sh \
	tests/setup.sh \
	tests/tap.sh \
	tests/lint \
	tests/golden \
	tests/fixtures \
	tests/bench \
	tests/fuzz/corpus \
	tests/unit/cgroup_tree.h \
	tests/unit/io_peers.h \
	tests/lib/hijack.c \
	tests/lib/probe.c \
	tests/lib/racer.c \
	tests/lib \
	tests/fault \
	tests/integration \
	tests/containerd \
	tests/vm
