/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts. */
#include "help.h"

#include <string.h>

#define INDENT 34

static void pad(struct buf *out, size_t from, size_t column)
{
	while (out->len - from < column && buf_ok(out) == 0)
		buf_str(out, " ");
}

static void choices(const struct opt *opt, struct buf *out)
{
	for (size_t i = 0; i < opt->n_names; i++)
		buf_fmt(out, "%s%s", i ? "|" : " ", opt->names[i].name);
}

static void option(const struct opt *opt, struct buf *out)
{
	size_t start = out->len;

	if (opt->letter)
		buf_fmt(out, "  -%c, --%s", opt->letter, opt->name);
	else
		buf_fmt(out, "      --%s", opt->name);
	if (opt->value)
		buf_fmt(out, " %s", opt->value);
	choices(opt, out);
	/* Two blanks at least: completions tell a value from the text by that. */
	if (out->len - start > INDENT - 2) {
		buf_str(out, "\n");
		start = out->len;
	}
	pad(out, start, INDENT);
	buf_str(out, opt->help);
	if (opt->standard)
		buf_fmt(out, " (default: %s)", opt->standard);
	buf_str(out, "\n");
}

static void options(const char *title, const struct opt *table, struct buf *out)
{
	buf_fmt(out, "\n%s:\n", title);
	for (const struct opt *o = opts_row(table); o->name; o = opts_row(o + 1))
		option(o, out);
	option(&opts_help, out);
}

void help_command(const struct command *command, struct buf *out)
{
	buf_fmt(out, "Usage: hull [global options] %s [options]%s%s\n\n%s\n", command->name,
		*command->args ? " " : "", command->args, command->summary);
	if (command->notes)
		buf_fmt(out, "\n%s", command->notes);
	options("Options", command->options, out);
}

void help_program(const struct command *const *commands, size_t n, const struct opt *globals,
		  struct buf *out)
{
	buf_str(out, "Usage: hull [global options] <command> [options] [arguments]\n\n"
		     "Runs containers from OCI bundles.\n\nCommands:\n");
	for (size_t i = 0; i < n; i++) {
		size_t start = out->len;

		buf_fmt(out, "  %s", commands[i]->name);
		pad(out, start, 14);
		buf_fmt(out, "%s\n", commands[i]->summary);
	}
	options("Global options", globals, out);
	buf_str(out, "\n`hull <command> --help` tells more about a command.\n");
}
