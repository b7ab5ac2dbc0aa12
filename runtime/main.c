/* SPDX-License-Identifier: Apache-2.0 */
/* The hull command: global options, the table of commands, the way from one to the other. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "command.h"
#include "help.h"
#include "report.h"
#include "version.h"

#define ROOT "/run/hull"
#define EXIT_UNKNOWN_COMMAND 3
/* The inode of the first user namespace never changes: PROC_USER_INIT_INO of the kernel. */
#define FIRST_USERNS_INODE 0xEFFFFFFDu

enum manager { MANAGER_CGROUPFS, MANAGER_SYSTEMD, MANAGER_DISABLED };
enum rootless { ROOTLESS_NO, ROOTLESS_YES, ROOTLESS_AUTO };

struct globals {
	const char *root, *log;
	int log_format, log_level, manager, rootless;
	bool debug, systemd_cgroup, version;
};

static const struct name_value log_formats[] = {
	{ "text", LOG_FORMAT_TEXT },
	{ "json", LOG_FORMAT_JSON },
};

static const struct name_value log_levels[] = {
	{ "error", LOG_ERROR },
	{ "warning", LOG_WARNING },
	{ "info", LOG_INFO },
	{ "debug", LOG_DEBUG },
};

static const struct name_value managers[] = {
	{ "cgroupfs", MANAGER_CGROUPFS },
	{ "systemd", MANAGER_SYSTEMD },
	{ "disabled", MANAGER_DISABLED },
};

static const struct name_value rootless_names[] = {
	{ "true", ROOTLESS_YES },
	{ "false", ROOTLESS_NO },
	{ "auto", ROOTLESS_AUTO },
};

static const struct opt global_options[] = {
	OPT(globals, root, OPT_STRING, "root", .value = "DIR",
	    .help = "where containers are remembered (default: " ROOT
		    ", or $XDG_RUNTIME_DIR/hull when rootless)"),
	OPT(globals, log, OPT_STRING, "log", .value = "TARGET",
	    .help = "log to a file, file:PATH, journald:ID or syslog:ID; errors appear on stderr "
		    "as well"),
	OPT(globals, log_format, OPT_CHOICE, "log-format", .standard = "text",
	    .help = "how the log is written", OPT_NAMES(log_formats)),
	OPT(globals, log_level, OPT_CHOICE, "log-level", .standard = "warning",
	    .help = "the least important of what is logged", OPT_NAMES(log_levels)),
	OPT(globals, debug, OPT_FLAG, "debug", .help = "the same as --log-level debug"),
	OPT(globals, systemd_cgroup, OPT_FLAG, "systemd-cgroup",
	    .help = "the same as --cgroup-manager systemd"),
	OPT(globals, manager, OPT_CHOICE, "cgroup-manager", .standard = "cgroupfs",
	    .help = "who makes cgroups", OPT_NAMES(managers)),
	OPT(globals, rootless, OPT_CHOICE, "rootless", .standard = "auto",
	    .help = "do without what only root may do", OPT_NAMES(rootless_names)),
	OPT(globals, version, OPT_FLAG, "version", .letter = 'v', .help = "show the version"),
	{},
};

static const struct command *const commands[] = {
	&cmd_create, &cmd_start,  &cmd_run,	   &cmd_exec,	  &cmd_state,
	&cmd_kill,   &cmd_delete, &cmd_list,	   &cmd_ps,	  &cmd_pause,
	&cmd_resume, &cmd_update, &cmd_checkpoint, &cmd_restore,  &cmd_events,
	&cmd_top,    &cmd_mounts, &cmd_spec,	   &cmd_features, &cmd_check,
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int fail(const char *command, const char *subject, const struct err *e, int status)
{
	report_error(command, subject, e);
	return status;
}

static int fail_unknown(const char *name)
{
	struct err e;

	err_bad(&e, "", "unknown command \"%s\" (see hull --help)", name);
	return fail(NULL, NULL, &e, EXIT_UNKNOWN_COMMAND);
}

/* ---- the context ---- */

static bool is_rootless(const struct globals *g)
{
	struct stat st;

	if (g->rootless != ROOTLESS_AUTO)
		return g->rootless == ROOTLESS_YES;
	return geteuid() != 0 ||
	       (stat("/proc/self/ns/user", &st) == 0 && st.st_ino != FIRST_USERNS_INODE);
}

/* The real root of a user namespace (a system container) may have XDG_RUNTIME_DIR from a login, and
 * must find its containers without it too. */
static const char *runtime_dir(bool rootless)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	const char *user = getenv("USER");

	if (!rootless || !dir || !*dir)
		return NULL;
	return geteuid() == 0 && user && strcmp(user, "root") == 0 ? NULL : dir;
}

static int set_context(const struct globals *g, struct lc_ctx *ctx, struct buf *root, struct err *e)
{
	const char *dir;

	ctx->rootless = is_rootless(g);
	ctx->systemd_cgroup = g->systemd_cgroup || g->manager == MANAGER_SYSTEMD;
	ctx->cgroup_disabled = g->manager == MANAGER_DISABLED;
	dir = runtime_dir(ctx->rootless);
	if (g->root)
		buf_str(root, g->root);
	else if (dir)
		buf_fmt(root, "%s/hull", dir);
	else
		buf_str(root, ROOT);
	if (buf_ok(root) < 0)
		return err_nomem(e);
	if (root->len == 0)
		return err_bad(e, "", "option --root: empty");
	ctx->root = root->data;
	return 0;
}

static int open_log(const struct globals *g, struct err *e)
{
	const struct log_config config = {
		.target = g->log && *g->log ? g->log : NULL,
		.format = g->log_format,
		.level = g->debug ? LOG_DEBUG : g->log_level,
	};

	return report_open(&config, e);
}

/* ---- one command ---- */

static int check_args(const struct command *command, size_t n, struct err *e)
{
	if (n < command->min_args)
		return err_bad(e, "", "missing argument, usage: hull %s [options] %s",
			       command->name, command->args);
	if (n > command->max_args)
		return err_bad(e, "", "too many arguments, usage: hull %s [options] %s",
			       command->name, command->args);
	return 0;
}

static int print_help(const struct command *command)
{
	_cleanup_buf_ struct buf out = {};
	struct err e;

	if (command)
		help_command(command, &out);
	else
		help_program(commands, ARRAY_SIZE(commands), global_options, &out);
	if (report_output(&out, &e) < 0)
		return fail(command ? command->name : NULL, NULL, &e, EXIT_FAILURE);
	return EXIT_SUCCESS;
}

static int print_version(void)
{
	_cleanup_buf_ struct buf out = {};
	struct err e;

	if (version_write(&out, &e) < 0 || report_output(&out, &e) < 0)
		return fail(NULL, NULL, &e, EXIT_FAILURE);
	return EXIT_SUCCESS;
}

static int execute(const struct globals *g, struct call *call, char *const *whole_argv,
		   struct err *e)
{
	_cleanup_buf_ struct buf root = {};
	int r = call->command->protect ? lc_protect_self(whole_argv, e) : 0;

	if (r < 0)
		return r;
	r = set_context(g, call->ctx, &root, e);
	if (r < 0)
		return r;
	return call->command->run(call, e);
}

static int parse_and_execute(const struct globals *g, struct call *call, struct opts *opts,
			     char *const *whole_argv)
{
	const struct command *command = call->command;
	const char *subject;
	struct err e;
	int r = opts_parse(opts, call->args, &e);

	if (r >= 0 && opts->help)
		return print_help(command);
	if (r >= 0)
		r = check_args(command, opts->n_args, &e);
	if (r < 0)
		return fail(command->name, NULL, &e, EXIT_FAILURE);
	call->n_args = opts->n_args;
	subject = command->max_args ? call->args[0] : NULL;
	r = execute(g, call, whole_argv, &e);
	if (r >= 0)
		return r;
	return fail(command->name, subject, &e, command->failure ? command->failure : EXIT_FAILURE);
}

/* argv[0] is the command's name. */
static int run_command(const struct globals *g, char **argv, char *const *whole_argv)
{
	const struct command *command = find_command(argv[0]);
	struct lc_ctx ctx = {};
	struct call call = { .command = command, .ctx = &ctx, .args = argv + 1 };
	struct opts opts;
	struct err e;
	int status;

	if (!command)
		return fail_unknown(argv[0]);
	call.options = calloc(1, command->options_size);
	if (!call.options) {
		err_nomem(&e);
		return fail(command->name, NULL, &e, EXIT_FAILURE);
	}
	opts = (struct opts){ .table = command->options,
			      .values = call.options,
			      .in_order = command->in_order };
	status = parse_and_execute(g, &call, &opts, whole_argv);
	opts_done(&opts);
	free(call.options);
	return status;
}

/* `hull help [COMMAND]` */
static int help_on(const char *name)
{
	const struct command *command = name ? find_command(name) : NULL;

	return name && !command ? fail_unknown(name) : print_help(command);
}

/* words: a copy of whole_argv without the program's name, to be taken apart. */
static int run(char **words, char *const *whole_argv)
{
	struct globals g = {};
	struct opts opts = { .table = global_options, .values = &g, .in_order = true };
	struct err e;

	if (opts_parse(&opts, words, &e) < 0 || (!opts.help && open_log(&g, &e) < 0))
		return fail(NULL, NULL, &e, EXIT_FAILURE);
	if (g.version)
		return print_version();
	if (opts.help || opts.n_args == 0)
		return print_help(NULL);
	if (strcmp(words[0], "help") == 0)
		return help_on(words[1]);
	return run_command(&g, words, whole_argv);
}

int main(int argc, char **argv)
{
	_cleanup_free_ char **words = NULL;

	/* Whoever ignores SIGCHLD hands that down, and children could not be waited for. */
	if (fd_ensure_stdio() < 0 || signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		return EXIT_FAILURE;
	words = calloc((size_t)argc + 1, sizeof(*words));
	if (!words)
		return EXIT_FAILURE;
	for (int i = 1; i < argc; i++)
		words[i - 1] = argv[i];
	return run(words, argv);
}
