# SPDX-License-Identifier: Apache-2.0
# The command: main.c, and the rest as a library that unit tests link, too.

noinst_LIBRARIES += runtime/libruntime.a
runtime_libruntime_a_CPPFLAGS = $(HULL_PROGRAM_CPPFLAGS)
runtime_libruntime_a_SOURCES = \
	runtime/cmd_check.c \
	runtime/cmd_checkpoint.c \
	runtime/cmd_checkpoint.h \
	runtime/cmd_create.c \
	runtime/cmd_create.h \
	runtime/cmd_delete.c \
	runtime/cmd_events.c \
	runtime/cmd_exec.c \
	runtime/cmd_features.c \
	runtime/cmd_kill.c \
	runtime/cmd_list.c \
	runtime/cmd_mounts.c \
	runtime/cmd_pause.c \
	runtime/cmd_ps.c \
	runtime/cmd_restore.c \
	runtime/cmd_run.c \
	runtime/cmd_run.h \
	runtime/cmd_spec.c \
	runtime/cmd_start.c \
	runtime/cmd_state.c \
	runtime/cmd_top.c \
	runtime/cmd_update.c \
	runtime/command.h \
	runtime/figures.c \
	runtime/figures.h \
	runtime/foreground.c \
	runtime/foreground.h \
	runtime/help.c \
	runtime/help.h \
	runtime/input.c \
	runtime/input.h \
	runtime/matching.c \
	runtime/matching.h \
	runtime/notify.c \
	runtime/notify.h \
	runtime/opts.c \
	runtime/opts.h \
	runtime/report.c \
	runtime/report.h \
	runtime/screen.c \
	runtime/screen.h \
	runtime/sheet.c \
	runtime/sheet.h \
	runtime/signals.c \
	runtime/signals.h \
	runtime/terminal.c \
	runtime/terminal.h \
	runtime/version.c \
	runtime/version.h

# libexec/hull/hull is the program; bin/hull becomes it (runtime/launch.c). Where the launcher has not
# been ported to, the program itself is bin/hull.
if LAUNCHER
pkglibexec_PROGRAMS += libexec/hull
libexec_hull_SOURCES = runtime/main.c
libexec_hull_CPPFLAGS = $(HULL_PROGRAM_CPPFLAGS)
libexec_hull_LDFLAGS = $(AM_LDFLAGS) $(HULL_PROGRAM_LDFLAGS)
libexec_hull_LDADD = runtime/libruntime.a libcontainer/libcontainer.a $(HULL_LIBS) $(HULL_PROGRAM_LIBC)

bin_PROGRAMS += hull
hull_SOURCES = runtime/launch.c
hull_CFLAGS = $(HULL_LAUNCHER_CFLAGS)
hull_LDFLAGS = $(HULL_LAUNCHER_LDFLAGS)
else
bin_PROGRAMS += hull
hull_SOURCES = runtime/main.c
hull_CPPFLAGS = $(HULL_PROGRAM_CPPFLAGS)
hull_LDFLAGS = $(AM_LDFLAGS) $(HULL_PROGRAM_LDFLAGS)
hull_LDADD = runtime/libruntime.a libcontainer/libcontainer.a $(HULL_LIBS) $(HULL_PROGRAM_LIBC)
endif
