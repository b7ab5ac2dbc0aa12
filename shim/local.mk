# SPDX-License-Identifier: Apache-2.0
# The containerd shim: main.c, and the rest as a library that unit tests link, too.

noinst_LIBRARIES += shim/libshim.a
shim_libshim_a_CPPFLAGS = $(HULL_PROGRAM_CPPFLAGS)
shim_libshim_a_SOURCES = \
	shim/address.c \
	shim/address.h \
	shim/args.c \
	shim/args.h \
	shim/bootstrap.c \
	shim/bootstrap.h \
	shim/bundle.c \
	shim/bundle.h \
	shim/delete.c \
	shim/delete.h \
	shim/events.c \
	shim/events.h \
	shim/info.c \
	shim/info.h \
	shim/io.c \
	shim/io.h \
	shim/io_binary.c \
	shim/io_console.c \
	shim/io_copy.c \
	shim/io_fifo.c \
	shim/io_file.c \
	shim/io_helper.c \
	shim/io_stream.h \
	shim/oci.c \
	shim/oci.h \
	shim/options.c \
	shim/options.h \
	shim/proc.c \
	shim/proc.h \
	shim/proto.c \
	shim/proto.h \
	shim/publish.c \
	shim/publish.h \
	shim/reaper.c \
	shim/reaper.h \
	shim/request.c \
	shim/request.h \
	shim/runner.c \
	shim/runner.h \
	shim/serve.c \
	shim/serve.h \
	shim/service.c \
	shim/service.h \
	shim/sha256.c \
	shim/sha256.h \
	shim/shim.h \
	shim/stats.c \
	shim/stats.h \
	shim/task.c \
	shim/task.h \
	shim/task_checkpoint.c \
	shim/task_exec.c \
	shim/task_init.c \
	shim/title.c \
	shim/title.h \
	shim/toml.c \
	shim/toml.h \
	shim/trim.c \
	shim/trim.h \
	shim/ttrpc.h \
	shim/ttrpc_client.c \
	shim/ttrpc_conn.c \
	shim/ttrpc_conn.h \
	shim/ttrpc_frame.c \
	shim/ttrpc_frame.h \
	shim/ttrpc_server.c \
	shim/worker.c \
	shim/worker.h

# Started as hull is: runtime/local.mk.
if LAUNCHER
pkglibexec_PROGRAMS += libexec/containerd-shim-hull-v2
libexec_containerd_shim_hull_v2_SOURCES = shim/main.c
libexec_containerd_shim_hull_v2_CPPFLAGS = $(HULL_PROGRAM_CPPFLAGS)
libexec_containerd_shim_hull_v2_LDFLAGS = $(AM_LDFLAGS) $(HULL_PROGRAM_LDFLAGS)
libexec_containerd_shim_hull_v2_LDADD = $(shim_libraries)

bin_PROGRAMS += containerd-shim-hull-v2
containerd_shim_hull_v2_SOURCES = runtime/launch.c
containerd_shim_hull_v2_CFLAGS = $(HULL_LAUNCHER_CFLAGS)
containerd_shim_hull_v2_LDFLAGS = $(HULL_LAUNCHER_LDFLAGS)
else
bin_PROGRAMS += containerd-shim-hull-v2
containerd_shim_hull_v2_SOURCES = shim/main.c
containerd_shim_hull_v2_CPPFLAGS = $(HULL_PROGRAM_CPPFLAGS)
containerd_shim_hull_v2_LDFLAGS = $(AM_LDFLAGS) $(HULL_PROGRAM_LDFLAGS)
containerd_shim_hull_v2_LDADD = $(shim_libraries)
endif

shim_libraries = shim/libshim.a shim/libmessages.a libcontainer/libcontainer.a $(HULL_LIBS) $(HULL_PROGRAM_LIBC)

# Messages: generated, in a library of their own, with whatever warnings protoc-c's code has.
messages = \
	shim/proto/bootstrap.proto \
	shim/proto/cgroups.proto \
	shim/proto/events.proto \
	shim/proto/forward.proto \
	shim/proto/runc_create.proto \
	shim/proto/runc_options.proto \
	shim/proto/runtime_info.proto \
	shim/proto/runtime_options.proto \
	shim/proto/task.proto \
	shim/proto/ttrpc.proto \
	shim/proto/well_known.proto
message_headers = $(messages:.proto=.pb-c.h)

noinst_LIBRARIES += shim/libmessages.a
nodist_shim_libmessages_a_SOURCES = $(messages:.proto=.pb-c.c)
shim_libmessages_a_CPPFLAGS = $(HULL_PROGRAM_CPPFLAGS)
shim_libmessages_a_CFLAGS = $(AM_CFLAGS) -w

BUILT_SOURCES += $(message_headers)
CLEANFILES += $(nodist_shim_libmessages_a_SOURCES) $(message_headers)
EXTRA_DIST += $(messages)

shim/proto/%.pb-c.c shim/proto/%.pb-c.h: shim/proto/%.proto
	$(AM_V_at)$(MKDIR_P) shim/proto
	$(AM_V_GEN)$(PROTOC_C) -I$(srcdir)/shim/proto --c_out=shim/proto $<
