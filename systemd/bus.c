/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting, calling, waiting: never longer than until the deadline. */
#include "bus.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define USEC_PER_SEC 1000000ull

static uint64_t now_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

/* Never 0, which would mean sd-bus's own idea of a time-out. */
static uint64_t left_usec(const struct bus *b)
{
	uint64_t now = now_usec();

	return now < b->deadline ? b->deadline - now : 1;
}

int bus_wait(struct bus *b)
{
	int r = sd_bus_process(b->sd, NULL);

	if (r != 0)
		return r < 0 ? r : 0;
	if (now_usec() >= b->deadline)
		return -ETIMEDOUT;
	r = sd_bus_wait(b->sd, left_usec(b));
	return r < 0 && r != -EINTR ? r : 0;
}

/* Authentication and greeting: whoever accepted the connection may never say a word. */
static int greet(struct bus *b)
{
	int r = 0;

	while (r >= 0 && (r = sd_bus_is_ready(b->sd)) == 0)
		r = bus_wait(b);
	return r < 0 ? r : 0;
}

/* What may stand in an address as it is (D-Bus specification, "Server Addresses"). */
static void escape(const char *path, char *out, size_t size)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_/.*";
	size_t n = 0;

	for (; *path && n + 4 < size; path++)
		n += (size_t)snprintf(out + n, size - n, strchr(plain, *path) ? "%c" : "%%%02x",
				      (unsigned char)*path);
	out[n] = '\0';
}

static int private_address(bool user, char *ret, size_t size)
{
	const char *dir = user ? getenv("XDG_RUNTIME_DIR") : "/run";
	char escaped[PATH_MAX];

	if (!dir)
		return -ENOENT;
	escape(dir, escaped, sizeof(escaped));
	snprintf(ret, size, "unix:path=%s/systemd/private", escaped);
	return 0;
}

static int connect_directly(bool user, sd_bus **ret)
{
	char address[PATH_MAX + 64];
	int r = private_address(user, address, sizeof(address));

	if (r >= 0)
		r = sd_bus_new(ret);
	if (r >= 0)
		r = sd_bus_set_address(*ret, address);
	return r < 0 ? r : sd_bus_start(*ret);
}

static bool is_no_bus(int r)
{
	return r == -ENOENT || r == -ECONNREFUSED || r == -ENOMEDIUM;
}

static int connect_somehow(bool user, struct bus *b)
{
	int r = user ? sd_bus_open_user(&b->sd) : sd_bus_open_system(&b->sd);

	if (is_no_bus(r)) {
		b->direct = connect_directly(user, &b->sd) >= 0;
		r = b->direct ? 0 : r;
	}
	if (r >= 0)
		r = greet(b);
	/* For the calls that libsystemd makes on its own: matches, properties. */
	return r < 0 ? r : sd_bus_set_method_call_timeout(b->sd, left_usec(b));
}

int bus_open(bool user, unsigned seconds, struct bus *ret, struct err *e)
{
	struct bus b = { .deadline = now_usec() + seconds * USEC_PER_SEC };
	int r = connect_somehow(user, &b);

	/* A bus that is being restarted, or has too many connections at this moment. */
	if (r == -ECONNRESET || r == -EPIPE || r == -ENOTCONN || r == -EAGAIN) {
		bus_close(&b);
		r = connect_somehow(user, &b);
	}
	if (r >= 0) {
		*ret = b;
		return 0;
	}
	bus_close(&b);
	if (r == -ETIMEDOUT)
		return err_kind(e, ERR_TIMEOUT, "the %s does not answer",
				user ? "user's bus" : "system bus");
	if (!is_no_bus(r))
		return err_sys(e, r, "connect", "to the %s", user ? "user's bus" : "system bus");
	return err_kind(e, ERR_UNSUPPORTED, "%s",
			user ? "no systemd of this user is running: log in, or use `loginctl "
			       "enable-linger`; XDG_RUNTIME_DIR must be set"
			     : "no systemd is running: leave out --systemd-cgroup");
}

void bus_close(struct bus *b)
{
	b->sd = sd_bus_close_unref(b->sd);
}

int bus_call(struct bus *b, sd_bus_message *m, sd_bus_error *error, sd_bus_message **ret_reply)
{
	return sd_bus_call(b->sd, m, left_usec(b), error, ret_reply);
}

int bus_error(int r, const sd_bus_error *error, const char *op, const char *unit, struct err *e)
{
	if (r == -ETIMEDOUT || sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY))
		return err_kind(e, ERR_TIMEOUT, "%s %s: systemd does not answer", op, unit);
	if (error && error->message)
		return err_sys(e, 0, op, "%s: %s", unit, error->message);
	return err_sys(e, r, op, "%s", unit);
}
