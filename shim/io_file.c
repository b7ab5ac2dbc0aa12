/* SPDX-License-Identifier: Apache-2.0 */
/* file:// URIs, and what URIs have in common. */
#include "io_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

bool io_uri_is(const char *uri, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncmp(uri, scheme, n) == 0 && strncmp(uri + n, "://", 3) == 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 'a' ^ 'A';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void io_uri_decode(char *text, bool plus)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		int high = *from == '%' ? hex_digit(from[1]) : -1;
		int low = high >= 0 ? hex_digit(from[2]) : -1;

		if (low >= 0) {
			*to++ = (char)(high << 4 | low);
			from += 2;
		} else {
			*to++ = *from == '+' && plus ? ' ' : *from;
		}
	}
	*to = '\0';
}

int io_uri_path(const char *uri, char **ret, struct err *e)
{
	const char *path = strstr(uri, "://") + 3;
	char *copy;

	if (*path != '/')
		return err_bad(e, "", "%s: the path has to be absolute", uri);
	copy = strndup(path, strcspn(path, "?#"));
	if (!copy)
		return err_nomem(e);
	io_uri_decode(copy, false);
	*ret = copy;
	return 0;
}

static int make_parents(char *path, struct err *e)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return err_sys(e, errno, "mkdir", "%s", path);
		*slash = '/';
	}
	return 0;
}

int io_file_output(const char *uri, struct io_stream *s, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	int r = io_uri_path(uri, &path, e);

	if (r < 0)
		return r;
	r = make_parents(path, e);
	return r < 0 ? r : io_fifo_output(path, O_CREAT, s, e);
}
