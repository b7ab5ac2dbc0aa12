# SPDX-License-Identifier: Apache-2.0
# The library, bottom layer first: doc/ARCHITECTURE.md says who may use whom.

noinst_LIBRARIES += libcontainer/libcontainer.a
libcontainer_libcontainer_a_CPPFLAGS = $(HULL_PROGRAM_CPPFLAGS)
libcontainer_libcontainer_a_SOURCES = libcontainer/libcontainer.h

# What follows the libraries when programs are linked to musl.
if MUSL
noinst_LIBRARIES += libcontainer/libfortify.a
libcontainer_libfortify_a_SOURCES = libcontainer/base/fortify.c
libcontainer_libfortify_a_CPPFLAGS = $(HULL_PROGRAM_CPPFLAGS)
HULL_PROGRAM_LIBC = libcontainer/libfortify.a $(HULL_LIBC)
endif


libcontainer_libcontainer_a_SOURCES += \
	libcontainer/base/arena.c \
	libcontainer/base/arena.h \
	libcontainer/base/buf.c \
	libcontainer/base/buf.h \
	libcontainer/base/cleanup.h \
	libcontainer/base/cpulist.c \
	libcontainer/base/cpulist.h \
	libcontainer/base/err.c \
	libcontainer/base/err.h \
	libcontainer/base/ev.c \
	libcontainer/base/ev.h \
	libcontainer/base/fd.c \
	libcontainer/base/fd.h \
	libcontainer/base/file.c \
	libcontainer/base/file.h \
	libcontainer/base/file_io.c \
	libcontainer/base/fmt.c \
	libcontainer/base/fmt.h \
	libcontainer/base/hash.h \
	libcontainer/base/json.h \
	libcontainer/base/json_in.c \
	libcontainer/base/json_keys.c \
	libcontainer/base/json_keys.h \
	libcontainer/base/json_locate.c \
	libcontainer/base/json_out.c \
	libcontainer/base/json_text.c \
	libcontainer/base/json_text.h \
	libcontainer/base/json_value.c \
	libcontainer/base/json_value.h \
	libcontainer/base/log.c \
	libcontainer/base/log.h \
	libcontainer/base/log_socket.c \
	libcontainer/base/log_socket.h \
	libcontainer/base/map.h \
	libcontainer/base/num.c \
	libcontainer/base/num.h \
	libcontainer/base/path.c \
	libcontainer/base/path.h \
	libcontainer/base/utf8.c \
	libcontainer/base/utf8.h

libcontainer_libcontainer_a_SOURCES += \
	libcontainer/sys/cred.c \
	libcontainer/sys/fault.c \
	libcontainer/sys/fault.h \
	libcontainer/sys/file.c \
	libcontainer/sys/mount.c \
	libcontainer/sys/netlink.c \
	libcontainer/sys/proc.c \
	libcontainer/sys/result.h \
	libcontainer/sys/socket.c \
	libcontainer/sys/sys.h

libcontainer_libcontainer_a_SOURCES += \
	libcontainer/spec/features.c \
	libcontainer/spec/spec.h \
	libcontainer/spec/spec_check.c \
	libcontainer/spec/spec_check.h \
	libcontainer/spec/spec_check_linux.c \
	libcontainer/spec/spec_check_process.c \
	libcontainer/spec/spec_check_resources.c \
	libcontainer/spec/spec_check_seccomp.c \
	libcontainer/spec/spec_check_sysctl.c \
	libcontainer/spec/spec_default.c \
	libcontainer/spec/spec_default.h \
	libcontainer/spec/spec_load.c \
	libcontainer/spec/spec_names.c \
	libcontainer/spec/spec_rules.h \
	libcontainer/spec/spec_tables.c \
	libcontainer/spec/spec_tables.h \
	libcontainer/spec/spec_tables_linux.c

libcontainer_libcontainer_a_SOURCES += \
	libcontainer/plan/fs_context.c \
	libcontainer/plan/fs_context.h \
	libcontainer/plan/hook.c \
	libcontainer/plan/hook.h \
	libcontainer/plan/plan.c \
	libcontainer/plan/plan.h \
	libcontainer/plan/plan_dump.c \
	libcontainer/plan/plan_dump.h \
	libcontainer/plan/plan_dump_process.c \
	libcontainer/plan/plan_words.c \
	libcontainer/plan/plan_words.h \
	libcontainer/plan/sync.c \
	libcontainer/plan/sync.h \
	libcontainer/plan/systemd_request.h

libcontainer_libcontainer_a_SOURCES += \
	libcontainer/host/affinity.c \
	libcontainer/host/affinity.h \
	libcontainer/host/bind_mount.c \
	libcontainer/host/cgroup.c \
	libcontainer/host/cgroup.h \
	libcontainer/host/cgroup_below.c \
	libcontainer/host/cgroup_controllers.c \
	libcontainer/host/cgroup_controllers.h \
	libcontainer/host/cgroup_devices.c \
	libcontainer/host/cgroup_freeze.c \
	libcontainer/host/cgroup_fs.c \
	libcontainer/host/cgroup_fs.h \
	libcontainer/host/cgroup_kill.c \
	libcontainer/host/cgroup_limits.c \
	libcontainer/host/cgroup_oom.c \
	libcontainer/host/cgroup_rootless.c \
	libcontainer/host/cgroup_stats.c \
	libcontainer/host/cgroup_systemd.c \
	libcontainer/host/cgroup_systemd.h \
	libcontainer/host/cgroup_systemd_call.c \
	libcontainer/host/cgroup_systemd_limits.c \
	libcontainer/host/cgroup_systemd_variant.c \
	libcontainer/host/cgroup_update.c \
	libcontainer/host/cgroup_weight.c \
	libcontainer/host/creds.c \
	libcontainer/host/criu.c \
	libcontainer/host/criu.h \
	libcontainer/host/criu_log.c \
	libcontainer/host/criu_process.c \
	libcontainer/host/devices.c \
	libcontainer/host/hooks.c \
	libcontainer/host/host.h \
	libcontainer/host/idmap.c \
	libcontainer/host/idmap_mount.c \
	libcontainer/host/idmap_option.c \
	libcontainer/host/idmap_option.h \
	libcontainer/host/intelrdt.c \
	libcontainer/host/intelrdt.h \
	libcontainer/host/lsm.c \
	libcontainer/host/mempolicy.c \
	libcontainer/host/mount_opts.c \
	libcontainer/host/mount_tree.c \
	libcontainer/host/mount_tree.h \
	libcontainer/host/mounts.c \
	libcontainer/host/mounts.h \
	libcontainer/host/namespaces.c \
	libcontainer/host/intelrdt_stats.c \
	libcontainer/host/intelrdt_stats.h \
	libcontainer/host/network_stats.c \
	libcontainer/host/network_stats.h \
	libcontainer/host/netdev.c \
	libcontainer/host/netdev.h \
	libcontainer/host/notify.c \
	libcontainer/host/notify.h \
	libcontainer/host/outside.c \
	libcontainer/host/outside.h \
	libcontainer/host/paths.c \
	libcontainer/host/paths.h \
	libcontainer/host/plan_build.c \
	libcontainer/host/process.c \
	libcontainer/host/rlimits.c \
	libcontainer/host/rootfs.c \
	libcontainer/host/rtnl.c \
	libcontainer/host/rtnl.h \
	libcontainer/host/sched.c \
	libcontainer/host/seccomp.c \
	libcontainer/host/seccomp.h \
	libcontainer/host/seccomp_bpf.c \
	libcontainer/host/seccomp_cache.c \
	libcontainer/host/seccomp_cache.h \
	libcontainer/host/seccomp_lib.c \
	libcontainer/host/seccomp_rules.c \
	libcontainer/host/seccomp_tables.c \
	libcontainer/host/selfexe.c \
	libcontainer/host/sysctl.c \
	libcontainer/host/userns.c \
	libcontainer/host/userns_maps.c \
	libcontainer/host/userns_maps.h

libcontainer_libcontainer_a_SOURCES += \
	libcontainer/init/copy_up.c \
	libcontainer/init/creds.c \
	libcontainer/init/devices.c \
	libcontainer/init/home.c \
	libcontainer/init/hooks.c \
	libcontainer/init/init.c \
	libcontainer/init/init.h \
	libcontainer/init/init_exec.c \
	libcontainer/init/init_mounts.c \
	libcontainer/init/join.c \
	libcontainer/init/lsm.c \
	libcontainer/init/mempolicy.c \
	libcontainer/init/mounts.c \
	libcontainer/init/paths.c \
	libcontainer/init/personality.c \
	libcontainer/init/program.c \
	libcontainer/init/rootfs.c \
	libcontainer/init/seccomp.c \
	libcontainer/init/story.c \
	libcontainer/init/story.h \
	libcontainer/init/sysctl.c \
	libcontainer/init/terminal.c \
	libcontainer/init/uts.c

libcontainer_libcontainer_a_SOURCES += \
	libcontainer/life/bundle.c \
	libcontainer/life/bundle.h \
	libcontainer/life/cgroup_open.c \
	libcontainer/life/check.c \
	libcontainer/life/checkpoint.c \
	libcontainer/life/console.c \
	libcontainer/life/console.h \
	libcontainer/life/create.c \
	libcontainer/life/create.h \
	libcontainer/life/delete.c \
	libcontainer/life/destroy.c \
	libcontainer/life/destroy.h \
	libcontainer/life/documents.c \
	libcontainer/life/enter.c \
	libcontainer/life/enter.h \
	libcontainer/life/exec.c \
	libcontainer/life/exec_process.c \
	libcontainer/life/exec_process.h \
	libcontainer/life/external.c \
	libcontainer/life/external.h \
	libcontainer/life/fuse_mount.c \
	libcontainer/life/images.c \
	libcontainer/life/images.h \
	libcontainer/life/kill.c \
	libcontainer/life/live.c \
	libcontainer/life/live.h \
	libcontainer/life/loop_device.c \
	libcontainer/life/mounts.c \
	libcontainer/life/notify.c \
	libcontainer/life/notify.h \
	libcontainer/life/pause.c \
	libcontainer/life/pidfd_socket.c \
	libcontainer/life/pidfd_socket.h \
	libcontainer/life/ps.c \
	libcontainer/life/record.c \
	libcontainer/life/record.h \
	libcontainer/life/restore.c \
	libcontainer/life/rootfs_mount.c \
	libcontainer/life/rootfs_mount.h \
	libcontainer/life/rootfs_private.c \
	libcontainer/life/rootfs_unmount.c \
	libcontainer/life/seccomp_agent.c \
	libcontainer/life/seccomp_agent.h \
	libcontainer/life/scope.c \
	libcontainer/life/scope.h \
	libcontainer/life/spawn.c \
	libcontainer/life/spawn.h \
	libcontainer/life/start.c \
	libcontainer/life/state.c \
	libcontainer/life/statedir.c \
	libcontainer/life/statedir.h \
	libcontainer/life/stats_write.c \
	libcontainer/life/unix_socket.c \
	libcontainer/life/unix_socket.h \
	libcontainer/life/update.c \
	libcontainer/life/watch.c

# The messages of CRIU's protocol: generated.
criu_messages = libcontainer/host/proto/criu.proto
nodist_libcontainer_libcontainer_a_SOURCES = $(criu_messages:.proto=.pb-c.c)
BUILT_SOURCES += $(criu_messages:.proto=.pb-c.h)
CLEANFILES += $(criu_messages:.proto=.pb-c.c) $(criu_messages:.proto=.pb-c.h)
EXTRA_DIST += $(criu_messages)

libcontainer/host/proto/%.pb-c.c libcontainer/host/proto/%.pb-c.h: libcontainer/host/proto/%.proto
	$(AM_V_at)$(MKDIR_P) libcontainer/host/proto
	$(AM_V_GEN)$(PROTOC_C) -I$(srcdir)/libcontainer/host/proto --c_out=libcontainer/host/proto $<
