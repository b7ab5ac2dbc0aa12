/* SPDX-License-Identifier: Apache-2.0 */
/* Command line options by table. */
#include "opts.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"

const struct opt opts_help = {
	.name = "help", .letter = 'h', .type = OPT_HELP, .help = "show this help"
};

static const struct name_value truths[] = {
	{ "true", true },
	{ "false", false },
	{ "1", true },
	{ "0", false },
};

static bool takes_value(const struct opt *opt)
{
	return opt->type != OPT_FLAG && opt->type != OPT_HELP;
}

static const struct opt *find_name(const struct opts *o, const char *name, size_t len)
{
	for (const struct opt *opt = opts_row(o->table); opt->name; opt = opts_row(opt + 1))
		if (strncmp(opt->name, name, len) == 0 && opt->name[len] == '\0')
			return opt;
	return len == 4 && strncmp(name, opts_help.name, len) == 0 ? &opts_help : NULL;
}

static const struct opt *find_letter(const struct opts *o, char letter)
{
	for (const struct opt *opt = opts_row(o->table); opt->name; opt = opts_row(opt + 1))
		if (opt->letter == letter)
			return opt;
	return letter == opts_help.letter ? &opts_help : NULL;
}

static int bad_value(struct err *e, const struct opt *opt, const char *value, const char *what)
{
	return err_bad(e, "", "option --%s: \"%s\" is not %s", opt->name, value, what);
}

static int bad_choice(struct err *e, const struct opt *opt, const char *value)
{
	_cleanup_buf_ struct buf names = {};

	for (size_t i = 0; i < opt->n_names; i++) {
		buf_str(&names, i ? ", " : "one of ");
		buf_str(&names, opt->names[i].name);
	}
	if (buf_ok(&names) < 0)
		return err_nomem(e);
	return bad_value(e, opt, value, names.data);
}

static int store_choice(const struct opt *opt, int *at, const char *value, struct err *e)
{
	const struct name_value *found = map_find(opt->names, opt->n_names, value);

	if (!found)
		return bad_choice(e, opt, value);
	*at = (int)found->value;
	return 0;
}

static int store_flag(const struct opt *opt, bool *at, const char *value, struct err *e)
{
	const struct name_value *found = MAP_FIND(truths, value);

	if (!found)
		return bad_value(e, opt, value, "true or false");
	*at = found->value;
	return 0;
}

static int store_string(struct opt_strings *list, const char *value, struct err *e)
{
	const char **items = realloc(list->items, (list->n + 2) * sizeof(*items));

	if (!items)
		return err_nomem(e);
	items[list->n++] = value;
	items[list->n] = NULL;
	list->items = items;
	return 0;
}

static int store_number(const struct opt *opt, void *at, const char *value, struct err *e)
{
	int r;

	if (opt->type == OPT_UNSIGNED)
		r = num_parse_u32(value, at);
	else if (opt->type == OPT_U64)
		r = num_parse_u64(value, at);
	else if (opt->type == OPT_BYTES)
		r = num_parse_bytes(value, at);
	else
		r = num_parse_i64(value, at);
	return r < 0 ? bad_value(e, opt, value, "a number in range") : 0;
}

static int store_value(struct opts *o, const struct opt *opt, const char *value, struct err *e)
{
	void *at = (char *)o->values + opt->offset;

	switch (opt->type) {
	case OPT_FLAG:
		return store_flag(opt, at, value, e);
	case OPT_STRING:
		*(const char **)at = value;
		return 0;
	case OPT_STRINGS:
		return store_string(at, value, e);
	case OPT_UNSIGNED:
	case OPT_I64:
	case OPT_U64:
	case OPT_BYTES:
		return store_number(opt, at, value, e);
	case OPT_CHOICE:
		return store_choice(opt, at, value, e);
	case OPT_HELP:
		o->help = true;
		return 0;
	}
	return err_kind(e, ERR_BUG, "option --%s: no such type", opt->name);
}

static int store(struct opts *o, const struct opt *opt, const char *value, struct err *e)
{
	int r = store_value(o, opt, value, e);

	if (r < 0)
		return r;
	if (opt->has_offset)
		*(bool *)((char *)o->values + opt->has_offset) = true;
	return 0;
}

/* Stores an option whose value, if not in the same word, is the next one. Returns how many words
 * were taken. */
static int take_value(struct opts *o, const struct opt *opt, const char *value, const char *next,
		      struct err *e)
{
	int r, words = 1;

	if (!value && !takes_value(opt))
		value = "true";
	if (!value) {
		if (!next)
			return err_bad(e, "", "flag needs an argument: --%s", opt->name);
		value = next;
		words = 2;
	}
	r = store(o, opt, value, e);
	return r < 0 ? r : words;
}

static int unknown(struct err *e, const char *word)
{
	return err_bad(e, "", "unknown option %s (see --help)", word);
}

/* "-dt", "-fjson": letters up to one that takes a value. Returns how many words were taken. */
static int take_letters(struct opts *o, char **argv, struct err *e)
{
	for (const char *c = argv[0] + 1; *c; c++) {
		const struct opt *opt = find_letter(o, *c);
		int r;

		if (!opt)
			return unknown(e, argv[0]);
		if (takes_value(opt))
			return take_value(o, opt, c[1] ? c + 1 : NULL, argv[1], e);
		r = store(o, opt, "true", e);
		if (r < 0)
			return r;
	}
	return 1;
}

static int take_option(struct opts *o, char **argv, struct err *e)
{
	bool two_dashes = argv[0][1] == '-';
	const char *name = argv[0] + 1 + two_dashes;
	size_t len = strcspn(name, "=");
	const struct opt *opt = find_name(o, name, len);

	if (!opt && len == 1 && !two_dashes)
		opt = find_letter(o, name[0]);
	if (opt)
		return take_value(o, opt, name[len] ? name + len + 1 : NULL, argv[1], e);
	return two_dashes ? unknown(e, argv[0]) : take_letters(o, argv, e);
}

static int store_standards(struct opts *o, struct err *e)
{
	for (const struct opt *opt = opts_row(o->table); opt->name; opt = opts_row(opt + 1)) {
		int r = opt->standard ? store_value(o, opt, opt->standard, e) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

int opts_parse(struct opts *o, char **argv, struct err *e)
{
	bool ended = false;
	size_t i = 0;
	int r = store_standards(o, e);

	if (r < 0)
		return r;
	while (argv[i] && !o->help) {
		if (ended || !is_option(argv[i])) {
			ended = ended || o->in_order;
			argv[o->n_args++] = argv[i++];
		} else if (strcmp(argv[i], "--") == 0) {
			ended = true;
			i++;
		} else {
			r = take_option(o, argv + i, e);
			if (r < 0)
				return r;
			i += (size_t)r;
		}
	}
	argv[o->n_args] = NULL;
	return 0;
}

void opts_done(struct opts *o)
{
	for (const struct opt *opt = opts_row(o->table); opt->name; opt = opts_row(opt + 1))
		if (opt->type == OPT_STRINGS)
			free(((struct opt_strings *)((char *)o->values + opt->offset))->items);
}
