/* SPDX-License-Identifier: Apache-2.0 */
/* A file or standard input, whole. */
#include "input.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"

static int read_stdin(struct buf *out, struct err *e)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0 && out->len <= JSON_MAX_SIZE)
		buf_add(out, chunk, (size_t)n);
	if (n < 0)
		return err_sys(e, errno, "read", "standard input");
	if (out->len > JSON_MAX_SIZE)
		return err_bad(e, "", "standard input: more than %u bytes", JSON_MAX_SIZE);
	return 0;
}

static int read_file(const char *path, struct buf *out, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = file_read_at(AT_FDCWD, path, JSON_MAX_SIZE, &text, &len, e);

	if (r == 0)
		buf_add(out, text, len);
	return r;
}

int input_read(const char *path, struct buf *out, struct err *e)
{
	int r = strcmp(path, "-") == 0 ? read_stdin(out, e) : read_file(path, out, e);

	if (r < 0)
		return r;
	buf_add(out, "", 0);
	return buf_ok(out) < 0 ? err_nomem(e) : 0;
}
