/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: made where they happen, completed on the way up, shown once at the top.
 *
 * The doctrine:
 *  1. A function that can fail returns >= 0, or a negative errno with *e filled; never one
 *     without the other. Thin wrappers that take no struct err return the number alone.
 *  2. An error is made in one line, where it happens, by whoever knows the operation and the
 *     object: `return err_sys(e, r, "mount", "%s on %s", source, target);`.
 *  3. Callers that know more add it in front (err_at for the place in the configuration,
 *     err_wrap for the object) and pass the number on; nobody rewrites an error from below.
 *  4. Nobody matches on the number of our own functions. What a caller must tell apart is a
 *     documented positive return or a kind.
 *  5. Text names the operation and the object, in the user's words: no "failed to", no full stop,
 *     no newline. The reason of a system call comes from its errno, not from the text.
 *  6. The library never prints. The program reports an error once, and the kind decides its exit
 *     status, its ttrpc status and its name in logs: the table below is the only place for these.
 *  7. struct err is plain data of fixed size: it is written to a pipe or a socket as it is, by
 *     processes that may not allocate. Nothing here allocates, takes a lock or knows a locale.
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/fmt.h"

/* errnum: stands for the kind where a number is wanted. status: of ttrpc and gRPC. */
static const struct {
	const char *name;
	int errnum, status;
} kinds[] = {
	[ERR_NONE] = { .name = "none", .errnum = 0, .status = 0 },
	[ERR_SYS] = { .name = "sys", .errnum = EIO, .status = 2 },
	[ERR_INVALID] = { .name = "invalid", .errnum = EINVAL, .status = 3 },
	[ERR_NOTFOUND] = { .name = "notfound", .errnum = ENOENT, .status = 5 },
	[ERR_EXISTS] = { .name = "exists", .errnum = EEXIST, .status = 6 },
	[ERR_STATE] = { .name = "state", .errnum = EBADFD, .status = 9 },
	[ERR_DENIED] = { .name = "denied", .errnum = EACCES, .status = 7 },
	[ERR_UNSUPPORTED] = { .name = "unsupported", .errnum = EOPNOTSUPP, .status = 12 },
	[ERR_TIMEOUT] = { .name = "timeout", .errnum = ETIMEDOUT, .status = 4 },
	[ERR_BUSY] = { .name = "busy", .errnum = EBUSY, .status = 14 },
	[ERR_BUG] = { .name = "bug", .errnum = ENOTRECOVERABLE, .status = 13 },
};
_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == ERR_N_KINDS, "every kind has its row");

/* A record may come from another process: its kind is not trusted as an index. */
static int kind_index(int kind)
{
	return kind >= 0 && kind < ERR_N_KINDS ? kind : ERR_BUG;
}

/* The new error is built aside, since the arguments may point into the old one. */
static int make(struct err *e, struct err *made, const char *fmt, va_list ap)
{
	fmt_strv(made->msg, sizeof(made->msg), fmt, ap);
	*e = *made;
	return err_errno(e);
}

int err_sys(struct err *e, int errnum, const char *op, const char *fmt, ...)
{
	struct err made = { .kind = ERR_SYS, .errnum = errnum < 0 ? -errnum : errnum };
	va_list ap;
	int r;

	fmt_str(made.op, sizeof(made.op), "%s", op);
	va_start(ap, fmt);
	r = make(e, &made, fmt, ap);
	va_end(ap);
	return r;
}

int err_bad(struct err *e, const char *where, const char *fmt, ...)
{
	struct err made = { .kind = ERR_INVALID };
	va_list ap;
	int r;

	fmt_str(made.where, sizeof(made.where), "%s", where);
	va_start(ap, fmt);
	r = make(e, &made, fmt, ap);
	va_end(ap);
	return r;
}

int err_kind(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	struct err made = { .kind = kind };
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = make(e, &made, fmt, ap);
	va_end(ap);
	return r;
}

int err_nomem(struct err *e)
{
	return err_sys(e, ENOMEM, "malloc", "%s", "");
}

/* Puts formatted text and a separator in front of the text already in buf. */
static void prepend(char *buf, size_t size, const char *separator, const char *fmt, va_list ap)
{
	char old[sizeof(((struct err *)NULL)->msg)];
	size_t n;

	fmt_str(old, sizeof(old), "%s", buf);
	n = fmt_strv(buf, size, fmt, ap);
	fmt_str(buf + n, size - n, "%s%s", separator, old);
}

int err_at(struct err *e, const char *fmt, ...)
{
	bool joined = e->where[0] == '\0' || e->where[0] == '[';
	va_list ap;

	va_start(ap, fmt);
	prepend(e->where, sizeof(e->where), joined ? "" : ".", fmt, ap);
	va_end(ap);
	return err_errno(e);
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	prepend(e->msg, sizeof(e->msg), e->msg[0] ? ": " : "", fmt, ap);
	va_end(ap);
	return err_errno(e);
}

int err_errno(const struct err *e)
{
	if (e->kind == ERR_SYS && e->errnum > 0)
		return -e->errnum;
	return -kinds[kind_index(e->kind)].errnum;
}

size_t err_text(const struct err *e, char *buf, size_t size)
{
	const char *reason = e->errnum ? strerror(e->errnum) : "";
	const char *parts[] = { e->where, e->op, e->msg, reason };
	size_t len = fmt_str(buf, size, "%s", "");

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i][0])
			len += fmt_str(buf + len, size - len, "%s%s", len ? ": " : "", parts[i]);
	fmt_printable(buf);
	return len;
}

const char *err_kind_name(enum err_kind kind)
{
	return kinds[kind_index((int)kind)].name;
}

int err_kind_status(enum err_kind kind)
{
	return kinds[kind_index((int)kind)].status;
}
