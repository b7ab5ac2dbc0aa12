/* SPDX-License-Identifier: Apache-2.0 */
/* The one error type: fixed size, no pointers, so it crosses fork, socket and fifo unchanged. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum err_kind {
	ERR_NONE,
	ERR_SYS,	 /* a system call failed; errnum says how */
	ERR_INVALID,	 /* bad input: configuration, option, id */
	ERR_NOTFOUND,	 /* no such container, process, file asked for */
	ERR_EXISTS,	 /* the id is taken */
	ERR_STATE,	 /* the container is in a state that forbids it */
	ERR_DENIED,	 /* permission */
	ERR_UNSUPPORTED, /* known, but not by this build, kernel or host */
	ERR_TIMEOUT,	 /* a deadline passed */
	ERR_BUSY,	 /* somebody else holds it */
	ERR_BUG,	 /* our own invariant is broken */
	ERR_N_KINDS,
};

/* `where` is the place in config.json ("process.rlimits[2].type"), `op` the operation in one word
 * ("mount", "clone3"), `msg` names the object and says what to do. All three may be empty. */
struct err {
	int kind;
	int errnum;
	char op[24];
	char where[136];
	char msg[440];
};

/* Every maker fills *e (e must not be NULL) and returns a negative errno, so that a failure is one
 * line: `return err_sys(e, r, "mount", "%s on %s", src, dst);`. The format understands %s %d %u
 * %zu %llu %lld %o %x %c %% only and never allocates: callable in init. Long text is cut. */

/* A failed call: errnum is positive or negative errno. */
int err_sys(struct err *e, int errnum, const char *op, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Bad input at `where` (may be ""): ERR_INVALID, -EINVAL. */
int err_bad(struct err *e, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Any other kind; returns the errno that stands for the kind (-ENOENT, -EEXIST, ...). */
int err_kind(struct err *e, enum err_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Out of memory. */
int err_nomem(struct err *e);
/* Adds context in front: of `where` ("mounts[3]" + "options" -> "mounts[3].options") ... */
int err_at(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* ... or of `msg` ("hook /bin/x: " + msg). Both return the errno that stands for *e. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The negative errno that stands for *e; 0 when kind is ERR_NONE. */
int err_errno(const struct err *e);
/* Writes "where: op: msg: strerror" without the empty parts into buf, as one line whatever the parts
 * hold; returns its length, which is < size. 640 bytes hold every error. */
size_t err_text(const struct err *e, char *buf, size_t size);
/* The faces of a kind: stable name for logs ("invalid", "sys"), ttrpc/gRPC status code. */
const char *err_kind_name(enum err_kind kind);
int err_kind_status(enum err_kind kind);
