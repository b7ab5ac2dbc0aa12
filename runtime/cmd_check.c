/* SPDX-License-Identifier: Apache-2.0 */
/* hull check: every problem of a bundle, without starting anything. */
#include <stdlib.h>

#include "command.h"
#include "report.h"
#include "base/cleanup.h"

enum { TEXT, JSON };

struct check_args {
	const char *bundle, *process;
	int format;
};

static const struct name_value formats[] = {
	{ "text", TEXT },
	{ "json", JSON },
};

static const struct opt options[] = {
	OPT(check_args, bundle, OPT_STRING, "bundle", .letter = 'b', .value = "DIR",
	    .help = "directory of the bundle (default: the working directory)"),
	OPT(check_args, process, OPT_STRING, "process", .letter = 'p', .value = "FILE",
	    .help = "check FILE as the process.json of an exec instead"),
	OPT(check_args, format, OPT_CHOICE, "format", .letter = 'f', .standard = "text",
	    .help = "how to print", OPT_NAMES(formats)),
	{},
};

/* What was checked and found. */
struct findings {
	struct buf file;
	struct lc_problem *problems;
	size_t n;
};

static void findings_done(struct findings *f)
{
	buf_done(&f->file);
	free(f->problems);
}

static void print_problem(const char *file, const struct lc_problem *p, struct buf *out)
{
	char text[640];

	err_text(&p->err, text, sizeof(text));
	if (p->line)
		buf_fmt(out, "%s:%u:%u: %s\n", file, p->line, p->column, text);
	else
		buf_fmt(out, "%s: %s\n", file, text);
}

static void print_text(const struct findings *f, struct buf *out)
{
	for (size_t i = 0; i < f->n; i++)
		print_problem(f->file.data, &f->problems[i], out);
	if (f->n == 0)
		buf_fmt(out, "%s: no problems\n", f->file.data);
	else
		buf_fmt(out, "%s: %zu problem%s\n", f->file.data, f->n, f->n == 1 ? "" : "s");
}

static void write_problem(struct json_writer *w, const struct lc_problem *p)
{
	struct err e = p->err;
	char message[640];

	e.where[0] = '\0';
	err_text(&e, message, sizeof(message));
	json_open_object(w);
	json_key(w, "path");
	json_str(w, p->err.where);
	json_key(w, "line");
	json_u64(w, p->line);
	json_key(w, "column");
	json_u64(w, p->column);
	json_key(w, "kind");
	json_str(w, err_kind_name((enum err_kind)p->err.kind));
	json_key(w, "message");
	json_str(w, message);
	json_close_object(w);
}

static int print_json(const struct findings *f, struct buf *out, struct err *e)
{
	struct json_writer *w = json_writer_new(2);

	if (!w)
		return err_nomem(e);
	json_open_object(w);
	json_key(w, "file");
	json_str(w, f->file.data);
	json_key(w, "valid");
	json_bool(w, f->n == 0);
	json_key(w, "problems");
	json_open_array(w);
	for (size_t i = 0; i < f->n; i++)
		write_problem(w, &f->problems[i]);
	json_close_array(w);
	json_close_object(w);
	return json_writer_finish(w, out, e);
}

static int name_file(const struct check_args *a, struct buf *file, struct err *e)
{
	if (a->process)
		buf_str(file, a->process);
	else
		buf_fmt(file, "%s%sconfig.json", a->bundle ? a->bundle : "", a->bundle ? "/" : "");
	return buf_ok(file) < 0 ? err_nomem(e) : 0;
}

static int run(const struct call *call, struct err *e)
{
	const struct check_args *a = call->options;
	_cleanup_(findings_done) struct findings f = {};
	_cleanup_buf_ struct buf out = {};
	int r = name_file(a, &f.file, e);

	if (r < 0)
		return r;
	r = lc_check(call->ctx, a->bundle, a->process, &f.problems, e);
	if (r < 0)
		return r;
	f.n = (size_t)r;
	if (a->format == JSON)
		r = print_json(&f, &out, e);
	else
		print_text(&f, &out);
	if (r < 0)
		return r;
	r = report_output(&out, e);
	return r < 0 ? r : f.n ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command cmd_check = {
	.name = "check",
	.args = "",
	.summary = "find every problem of a bundle without starting it",
	.options = options,
	.options_size = sizeof(struct check_args),
	.run = run,
};
