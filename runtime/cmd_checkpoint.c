/* SPDX-License-Identifier: Apache-2.0 */
/* hull checkpoint */
#include "cmd_checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static const struct name_value cgroups_modes[] = {
	{ "soft", LC_CGROUPS_SOFT },
	{ "full", LC_CGROUPS_FULL },
	{ "strict", LC_CGROUPS_STRICT },
	{ "ignore", LC_CGROUPS_IGNORE },
};

const struct opt criu_options[] = {
	OPT(criu_args, lc.image_path, OPT_STRING, "image-path", .value = "DIR",
	    .help = "directory of the images (default: ./checkpoint)"),
	OPT(criu_args, lc.work_path, OPT_STRING, "work-path", .value = "DIR",
	    .help = "directory of CRIU's log (default: that of the images)"),
	OPT(criu_args, lc.tcp_established, OPT_FLAG, "tcp-established",
	    .help = "allow open TCP connections"),
	OPT(criu_args, lc.ext_unix_sk, OPT_FLAG, "ext-unix-sk",
	    .help = "allow Unix sockets connected to the outside"),
	OPT(criu_args, lc.shell_job, OPT_FLAG, "shell-job",
	    .help = "allow a terminal of the outside as a standard stream"),
	OPT(criu_args, lc.file_locks, OPT_FLAG, "file-locks", .help = "allow file locks"),
	OPT(criu_args, lc.lazy_pages, OPT_FLAG, "lazy-pages",
	    .help = "memory is transferred when it is used (userfaultfd)"),
	OPT(criu_args, lc.auto_dedup, OPT_FLAG, "auto-dedup",
	    .help = "keep no page of memory in two images"),
	OPT(criu_args, empty_ns, OPT_STRINGS, "empty-ns", .value = "network",
	    .help = "leave this namespace's contents to somebody else"),
	OPT(criu_args, cgroups_mode, OPT_CHOICE, "manage-cgroups-mode", .standard = "soft",
	    .help = "what to do about sub-groups and their limits", OPT_NAMES(cgroups_modes)),
	{},
};

int criu_args_finish(struct criu_args *a, struct err *e)
{
	for (size_t i = 0; i < a->empty_ns.n; i++) {
		if (strcmp(a->empty_ns.items[i], "network") != 0)
			return err_bad(e, "", "option --empty-ns: \"%s\" is not network",
				       a->empty_ns.items[i]);
		a->lc.empty_network = true;
	}
	a->lc.cgroups_mode = (enum lc_cgroups_mode)a->cgroups_mode;
	return 0;
}

struct checkpoint_args {
	struct criu_args criu; /* first: criu_options */
	struct lc_checkpoint_opts lc;
	unsigned status_fd;
	bool has_status_fd;
};

static const struct opt options[] = {
	OPT(checkpoint_args, lc.leave_running, OPT_FLAG, "leave-running",
	    .help = "the container goes on; else it is deleted when the images are complete"),
	OPT(checkpoint_args, lc.pre_dump, OPT_FLAG, "pre-dump",
	    .help = "only memory, for a later checkpoint with --parent-path"),
	OPT(checkpoint_args, lc.parent_path, OPT_STRING, "parent-path", .value = "DIR",
	    .help = "images of a pre-dump, relative to those of this one"),
	OPT(checkpoint_args, lc.tcp_skip_in_flight, OPT_FLAG, "tcp-skip-in-flight",
	    .help = "forget TCP connections that are being made"),
	OPT(checkpoint_args, lc.link_remap, OPT_FLAG, "link-remap",
	    .help = "allow open files that have been deleted, by a link to them"),
	OPT(checkpoint_args, lc.page_server, OPT_STRING, "page-server", .value = "ADDRESS:PORT",
	    .help = "send memory to a page server"),
	OPT(checkpoint_args, status_fd, OPT_UNSIGNED, "status-fd", .value = "FD",
	    .has_offset = offsetof(struct checkpoint_args, has_status_fd),
	    .help = "descriptor that gets a byte when lazy pages can be fetched"),
	{ .more = criu_options },
};

/* CRIU writes to whatever has this number here. */
static int check_status_fd(const struct checkpoint_args *a, struct err *e)
{
	int flags = a->has_status_fd ? fcntl((int)a->status_fd, F_GETFL) : O_WRONLY;

	if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)
		return 0;
	return err_bad(e, "", "option --status-fd: descriptor %u is not open for writing",
		       a->status_fd);
}

static int run(const struct call *call, struct err *e)
{
	struct checkpoint_args *a = call->options;
	int r = criu_args_finish(&a->criu, e);

	if (r == 0)
		r = check_status_fd(a, e);
	if (r < 0)
		return r;
	a->lc.criu = a->criu.lc;
	a->lc.status_fd = a->has_status_fd ? (int)a->status_fd : -EBADF;
	return lc_checkpoint(call->ctx, call->args[0], &a->lc, e);
}

const struct command cmd_checkpoint = {
	.name = "checkpoint",
	.args = "<container-id>",
	.summary = "write a running container to files, with CRIU",
	.notes = "The program criu has to be installed.\n",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.options_size = sizeof(struct checkpoint_args),
	.run = run,
};
