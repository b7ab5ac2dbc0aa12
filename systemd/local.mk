# SPDX-License-Identifier: Apache-2.0
# What speaks to systemd for hull: a program of its own, because libsystemd is a shared library only.

if SYSTEMD
pkglibexec_PROGRAMS += libexec/hull-systemd
libexec_hull_systemd_CPPFLAGS = $(AM_CPPFLAGS)
libexec_hull_systemd_SOURCES = \
	libcontainer/base/buf.c \
	libcontainer/base/err.c \
	libcontainer/base/fmt.c \
	libcontainer/base/num.c \
	systemd/bus.c \
	systemd/bus.h \
	systemd/main.c \
	systemd/property.c \
	systemd/unit.c \
	systemd/unit.h
libexec_hull_systemd_LDFLAGS = $(AM_LDFLAGS) $(HULL_GC_LDFLAGS)
libexec_hull_systemd_LDADD = $(SYSTEMD_LIBS)
endif
