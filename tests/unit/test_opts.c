/* SPDX-License-Identifier: Apache-2.0 */
/* Command line options, spelled in all the ways that callers of OCI runtimes spell them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "runtime/opts.h"
#include "base/cleanup.h"

enum { TABLE, JSON };

struct values {
	const char *bundle, *file;
	struct opt_strings env;
	bool detach, tty, no_subreaper, has_limit;
	unsigned fds;
	int64_t limit, quota;
	uint64_t period;
	int format;
};

static const struct name_value formats[] = { { "table", TABLE }, { "json", JSON } };

static const struct opt more[] = {
	OPT(values, file, OPT_STRING, "file", .letter = 'F'),
	{},
};

static const struct opt table[] = {
	OPT(values, bundle, OPT_STRING, "bundle", .letter = 'b'),
	OPT(values, env, OPT_STRINGS, "env", .letter = 'e'),
	OPT(values, detach, OPT_FLAG, "detach", .letter = 'd'),
	OPT(values, tty, OPT_FLAG, "tty", .letter = 't'),
	OPT(values, no_subreaper, OPT_FLAG, "no-subreaper"),
	OPT(values, fds, OPT_UNSIGNED, "preserve-fds"),
	OPT(values, limit, OPT_BYTES, "memory", .has_offset = offsetof(struct values, has_limit)),
	OPT(values, quota, OPT_I64, "quota"),
	OPT(values, period, OPT_U64, "period"),
	OPT(values, format, OPT_CHOICE, "format", .letter = 'f', .standard = "table",
	    OPT_NAMES(formats)),
	{ .more = more },
};

/* What a command line came to. */
struct parsed {
	struct opts opts;
	struct values v;
	char *argv[16];
	struct err e;
	int r;
};

static void parse(struct parsed *p, bool in_order, char *const *words)
{
	size_t n = 0;

	memset(p, 0, sizeof(*p));
	while (words[n]) {
		p->argv[n] = words[n];
		n++;
	}
	p->opts = (struct opts){ .table = table, .values = &p->v, .in_order = in_order };
	p->r = opts_parse(&p->opts, p->argv, &p->e);
}

static void parsed_done(struct parsed *p)
{
	opts_done(&p->opts);
}

#define PARSED __attribute__((cleanup(parsed_done))) struct parsed
#define PARSE(p, in_order, ...) parse(&(p), (in_order), (char *[]){ __VA_ARGS__, NULL })

Test(opts, a_value_may_be_spelled_in_every_known_way)
{
	static char *const spellings[][3] = {
		{ "--bundle", "/b" }, { "--bundle=/b" }, { "-bundle", "/b" }, { "-bundle=/b" },
		{ "-b", "/b" },	      { "-b=/b" },	 { "-b/b" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		PARSED p;

		parse(&p, false, spellings[i]);
		cr_assert_eq(p.r, 0, "%s: %s", spellings[i][0], p.e.msg);
		cr_assert_str_eq(p.v.bundle, "/b", "%s", spellings[i][0]);
		cr_assert_eq(p.opts.n_args, 0);
	}
}

Test(opts, flags_are_set_and_cleared)
{
	PARSED p;

	PARSE(p, false, "-no-subreaper", "--detach=true", "--tty", "--tty=false");
	cr_assert_eq(p.r, 0);
	cr_assert(p.v.no_subreaper);
	cr_assert(p.v.detach);
	cr_assert_not(p.v.tty);
}

Test(opts, letters_may_share_a_dash)
{
	PARSED p;

	PARSE(p, false, "-dtfjson", "web1");
	cr_assert_eq(p.r, 0);
	cr_assert(p.v.detach && p.v.tty);
	cr_assert_eq(p.v.format, JSON);
	cr_assert_str_eq(p.argv[0], "web1");
}

Test(opts, the_last_of_a_repeated_option_wins)
{
	PARSED p;

	PARSE(p, true, "--bundle=/a", "-d", "--bundle", "/b", "-d", "create");
	cr_assert_eq(p.r, 0);
	cr_assert_str_eq(p.v.bundle, "/b");
	cr_assert_eq(p.opts.n_args, 1);
}

Test(opts, a_list_keeps_every_value_in_order)
{
	PARSED p;

	PARSE(p, false, "-e", "A=1", "--env=B=2=3", "-eC=", "x");
	cr_assert_eq(p.r, 0);
	cr_assert_eq(p.v.env.n, 3);
	cr_assert_str_eq(p.v.env.items[0], "A=1");
	cr_assert_str_eq(p.v.env.items[1], "B=2=3");
	cr_assert_str_eq(p.v.env.items[2], "C=");
	cr_assert_null(p.v.env.items[3]);
}

Test(opts, options_after_a_word_belong_to_the_command_that_is_run)
{
	PARSED p;

	PARSE(p, true, "-d", "web1", "ls", "-la", "--bundle");
	cr_assert_eq(p.r, 0);
	cr_assert_eq(p.opts.n_args, 4);
	cr_assert_str_eq(p.argv[2], "-la");
	cr_assert_null(p.argv[4]);
	cr_assert_null(p.v.bundle);
}

Test(opts, options_after_a_word_are_options_where_nothing_is_run)
{
	PARSED p;

	PARSE(p, false, "web1", "-d", "KILL");
	cr_assert_eq(p.r, 0);
	cr_assert(p.v.detach);
	cr_assert_eq(p.opts.n_args, 2);
	cr_assert_str_eq(p.argv[1], "KILL");
}

Test(opts, two_dashes_end_the_options)
{
	PARSED p;

	PARSE(p, false, "-d", "--", "-t", "--", "x");
	cr_assert_eq(p.r, 0);
	cr_assert_not(p.v.tty);
	cr_assert_eq(p.opts.n_args, 3);
	cr_assert_str_eq(p.argv[0], "-t");
	cr_assert_str_eq(p.argv[1], "--");
}

Test(opts, a_single_dash_is_a_value_or_a_word)
{
	PARSED p;

	PARSE(p, false, "--file", "-", "-");
	cr_assert_eq(p.r, 0);
	cr_assert_str_eq(p.v.file, "-");
	cr_assert_eq(p.opts.n_args, 1);
}

Test(opts, numbers_are_read_whole)
{
	PARSED p;

	PARSE(p, false, "--preserve-fds=3", "--memory", "64m", "--quota=-1",
	      "--period=18446744073709551615");
	cr_assert_eq(p.r, 0, "%s", p.e.msg);
	cr_assert_eq(p.v.fds, 3);
	cr_assert_eq(p.v.limit, 64 << 20);
	cr_assert(p.v.has_limit);
	cr_assert_eq(p.v.quota, -1);
	cr_assert_eq(p.v.period, UINT64_MAX);
}

Test(opts, a_default_does_not_count_as_given)
{
	PARSED p;

	PARSE(p, false, "web1");
	cr_assert_eq(p.r, 0);
	cr_assert_eq(p.v.format, TABLE);
	cr_assert_not(p.v.has_limit);
}

Test(opts, help_is_found_before_anything_after_it_is_judged)
{
	static char *const spellings[] = { "-h", "--help", "-help" };

	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		PARSED p;

		PARSE(p, false, spellings[i], "--no-such-option");
		cr_assert_eq(p.r, 0);
		cr_assert(p.opts.help, "%s", spellings[i]);
	}
}

Test(opts, errors_name_the_option_and_the_value)
{
	static const struct {
		char *words[3];
		const char *message;
	} rows[] = {
		{ { "--nope" }, "unknown option --nope (see --help)" },
		{ { "--nope=1" }, "unknown option --nope=1 (see --help)" },
		{ { "-dx" }, "unknown option -dx (see --help)" },
		{ { "--b" }, "unknown option --b (see --help)" },
		{ { "--bundle" }, "flag needs an argument: --bundle" },
		{ { "-b" }, "flag needs an argument: --bundle" },
		{ { "--detach=maybe" }, "option --detach: \"maybe\" is not true or false" },
		{ { "--preserve-fds", "x" },
		  "option --preserve-fds: \"x\" is not a number in range" },
		{ { "--preserve-fds=-1" },
		  "option --preserve-fds: \"-1\" is not a number in range" },
		{ { "--preserve-fds=4294967296" },
		  "option --preserve-fds: \"4294967296\" is not a number in range" },
		{ { "-f", "yaml" }, "option --format: \"yaml\" is not one of table, json" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		PARSED p;

		parse(&p, false, rows[i].words);
		cr_assert_lt(p.r, 0, "%s", rows[i].words[0]);
		cr_assert_str_eq(p.e.msg, rows[i].message);
	}
}
