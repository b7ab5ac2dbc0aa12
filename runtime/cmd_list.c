/* SPDX-License-Identifier: Apache-2.0 */
/* hull list */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "report.h"
#include "base/cleanup.h"

#define COLUMNS 6
#define MIN_WIDTH 12
#define GAP 3

enum { TABLE, JSON };

struct list_args {
	int format;
	bool quiet;
};

static const struct name_value formats[] = {
	{ "table", TABLE },
	{ "json", JSON },
};

static const struct opt options[] = {
	OPT(list_args, format, OPT_CHOICE, "format", .letter = 'f', .standard = "table",
	    .help = "how to print", OPT_NAMES(formats)),
	OPT(list_args, quiet, OPT_FLAG, "quiet", .letter = 'q', .help = "print only the ids"),
	{},
};

struct row {
	const char *cells[COLUMNS];
	char pid[16];
};

struct containers {
	struct lc_state *items;
	size_t n;
};

static void containers_done(struct containers *c)
{
	for (size_t i = 0; i < c->n; i++)
		lc_state_done(&c->items[i]);
	free(c->items);
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void set_row(struct row *row, const struct lc_state *s)
{
	snprintf(row->pid, sizeof(row->pid), "%d", s->pid);
	row->cells[0] = s->id;
	row->cells[1] = row->pid;
	row->cells[2] = lc_status_name(s->status);
	row->cells[3] = or_empty(s->bundle);
	row->cells[4] = or_empty(s->created);
	row->cells[5] = or_empty(s->owner);
}

static void print_row(const struct row *row, const size_t *widths, struct buf *out)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		buf_str(out, row->cells[i]);
		for (size_t n = strlen(row->cells[i]); i + 1 < COLUMNS && n < widths[i]; n++)
			buf_str(out, " ");
	}
	buf_str(out, "\n");
}

static int print_table(const struct containers *c, struct buf *out, struct err *e)
{
	_cleanup_free_ struct row *rows = calloc(c->n + 1, sizeof(*rows));
	size_t widths[COLUMNS] = {};

	if (!rows)
		return err_nomem(e);
	rows[0] = (struct row){ .cells = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" } };
	for (size_t i = 0; i < c->n; i++)
		set_row(&rows[i + 1], &c->items[i]);
	for (size_t i = 0; i < COLUMNS; i++) {
		widths[i] = MIN_WIDTH;
		for (size_t j = 0; j <= c->n; j++)
			if (strlen(rows[j].cells[i]) + GAP > widths[i])
				widths[i] = strlen(rows[j].cells[i]) + GAP;
	}
	for (size_t j = 0; j <= c->n; j++)
		print_row(&rows[j], widths, out);
	return 0;
}

static int print_json(const struct containers *c, struct buf *out, struct err *e)
{
	int r = lc_list_write(c->items, c->n, out, e);

	buf_str(out, "\n");
	return r;
}

static int print_ids(const struct containers *c, struct buf *out)
{
	for (size_t i = 0; i < c->n; i++)
		buf_fmt(out, "%s\n", c->items[i].id);
	return 0;
}

static int run(const struct call *call, struct err *e)
{
	const struct list_args *a = call->options;
	_cleanup_(containers_done) struct containers c = {};
	_cleanup_buf_ struct buf out = {};
	int r = lc_list(call->ctx, &c.items, &c.n, e);

	if (r < 0)
		return r;
	if (a->quiet)
		r = print_ids(&c, &out);
	else if (a->format == JSON)
		r = print_json(&c, &out, e);
	else
		r = print_table(&c, &out, e);
	return r < 0 ? r : report_output(&out, e);
}

const struct command cmd_list = {
	.name = "list",
	.args = "",
	.summary = "list the containers below --root",
	.options = options,
	.options_size = sizeof(struct list_args),
	.run = run,
};
