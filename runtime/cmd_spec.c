/* SPDX-License-Identifier: Apache-2.0 */
/* hull spec */
#include <errno.h>
#include <fcntl.h>

#include "command.h"
#include "base/cleanup.h"
#include "base/fd.h"

#define CONFIG "config.json"

struct spec_args {
	const char *bundle;
	bool rootless;
};

static const struct opt options[] = {
	OPT(spec_args, bundle, OPT_STRING, "bundle", .letter = 'b', .value = "DIR", .standard = ".",
	    .help = "directory to write " CONFIG " to"),
	OPT(spec_args, rootless, OPT_FLAG, "rootless",
	    .help = "for a container that is run without root"),
	{},
};

/* Never touches a file that is there already, nor leaves half a one. */
static int write_new(int dir, const struct buf *text, struct err *e)
{
	_cleanup_close_ int fd = openat(dir, CONFIG, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	int r;

	if (fd < 0 && errno == EEXIST)
		return err_kind(e, ERR_EXISTS, "file " CONFIG " exists, remove it first");
	if (fd < 0)
		return err_sys(e, errno, "open", CONFIG);
	r = fd_write_all(fd, text->data, text->len);
	if (r < 0) {
		(void)unlinkat(dir, CONFIG, 0); /* the first error is the one to tell */
		return err_sys(e, r, "write", CONFIG);
	}
	return 0;
}

static int run(const struct call *call, struct err *e)
{
	const struct spec_args *a = call->options;
	_cleanup_close_ int dir = -EBADF;
	_cleanup_buf_ struct buf text = {};
	int r = lc_spec(a->rootless, &text, e);

	if (r < 0)
		return r;
	dir = open(a->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, errno, "open", "bundle %s", a->bundle);
	return write_new(dir, &text, e);
}

const struct command cmd_spec = {
	.name = "spec",
	.args = "",
	.summary = "write a config.json to start from",
	.options = options,
	.options_size = sizeof(struct spec_args),
	.run = run,
};
