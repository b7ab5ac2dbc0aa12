/* SPDX-License-Identifier: Apache-2.0 */
/* `start`: answers containerd with the address of a shim for the container, a new one or that of its
 * group, and leaves the new one behind. */
#pragma once

#include "args.h"
#include "base/arena.h"
#include "base/buf.h"
#include "options.h"

/* How containerd speaks: what it said decides what it understands. */
enum bootstrap_form {
	BOOTSTRAP_TEXT,	   /* an Any or nothing came: the address as text is understood by all */
	BOOTSTRAP_JSON,	   /* the same, and the operator asked for version 3 by HULL_SHIM_API=3 */
	BOOTSTRAP_MESSAGE, /* BootstrapParams came (containerd 2.3): a message goes back */
};

struct bootstrap_input {
	enum bootstrap_form form;
	const char *socket_dir; /* NULL: the usual one */
	const char *containerd; /* address of its GRPC socket, NULL: see the arguments */
	struct options options;
};

/* Standard input to its end, at most 4 MiB; in the arena. */
int bootstrap_read(struct arena *arena, void **ret, size_t *ret_len, struct err *e);
/* Understands standard input. The two kinds of messages cannot be told apart by their encoding:
 * parameters are only what names this very container and namespace. */
int bootstrap_parse(const struct args *a, const void *data, size_t len, struct arena *arena,
		    struct bootstrap_input *ret, struct err *e);
/* Appends the answer. */
int bootstrap_answer(enum bootstrap_form form, const char *address, struct buf *out, struct err *e);
/* The whole action; in the daemon it does not return before the daemon's end. The exit status, or
 * negative with *e filled. */
int bootstrap_start(const struct args *a, int argc, char **argv, struct err *e);
