/* SPDX-License-Identifier: Apache-2.0 */
/* containerd-shim-hull-v2: start | delete, -info, -v. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "bootstrap.h"
#include "delete.h"
#include "info.h"
#include "libcontainer.h"

static int fail(const struct err *e)
{
	static const char name[] = "containerd-shim-hull-v2: ";
	char text[768];
	size_t n = sizeof(name) - 1;

	memcpy(text, name, n);
	n += err_text(e, text + n, sizeof(text) - n - 1);
	text[n++] = '\n';
	(void)fd_write_all(STDERR_FILENO, text, n); /* there is nowhere else to complain */
	return EXIT_FAILURE;
}

static int start(const struct args *a, int argc, char **argv, struct err *e)
{
	int r = lc_protect_self(argv, e);

	return r < 0 ? r : bootstrap_start(a, argc, argv, e);
}

static int run(const struct args *a, int argc, char **argv, struct err *e)
{
	if (a->version)
		return info_print_version(e);
	if (a->info)
		return info_print(e);
	if (!a->ns || !a->ns[0])
		return err_bad(e, "", "shim namespace cannot be empty");
	if (!a->action)
		return err_bad(e, "", "nothing to do: say start or delete");
	if (!a->id || !a->id[0])
		return err_bad(e, "", "-id is missing");
	if (strcmp(a->action, "delete") == 0)
		return delete_container(a, e);
	if (strcmp(a->action, "start") != 0)
		return err_bad(e, "", "unknown action %s", a->action);
	if (!a->address)
		return err_bad(e, "", "-address is missing");
	return start(a, argc, argv, e);
}

int main(int argc, char **argv)
{
	struct args args;
	struct err e;

	/* What else is open was leaked to us: the shim would hold it for days. Whoever ignores SIGCHLD
	 * hands that down, too, and children could not be waited for. */
	if (fd_ensure_stdio() < 0 || fd_close_from(STDERR_FILENO + 1) < 0 ||
	    signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		return EXIT_FAILURE;
	if (args_parse(argc, argv, &args, &e) < 0 || run(&args, argc, argv, &e) < 0)
		return fail(&e);
	return EXIT_SUCCESS;
}
