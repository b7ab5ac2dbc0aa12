/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon: everything that one shim has, passed to all of its parts. */
#pragma once

#include "base/ev.h"
#include "libcontainer.h"
#include "publish.h"
#include "reaper.h"
#include "ttrpc.h"

struct task;

struct shim {
	const char *ns;
	struct ev_loop *loop;
	struct reaper *reaper;
	struct publisher *events;
	struct ttrpc_server *server;
	struct task *tasks;
	struct ev_timer idle;
	bool closing; /* Shutdown came: events are being delivered */
};

/* serve.c: a task came or went, ran or stopped: the shim's idleness has to be thought over. */
void shim_changed(struct shim *s);
/* Shutdown: ends the loop when the events are delivered, unless a task comes in between. */
void shim_shut_down(struct shim *s);
