/* SPDX-License-Identifier: Apache-2.0 */
/* Command line options by table: one row per option, stored into a struct by offset. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"

enum opt_type {
	OPT_FLAG,     /* bool; `--x=false` clears it */
	OPT_STRING,   /* const char * into argv */
	OPT_STRINGS,  /* struct opt_strings: the option may be repeated */
	OPT_UNSIGNED, /* unsigned */
	OPT_I64,      /* int64_t */
	OPT_U64,      /* uint64_t */
	OPT_BYTES,    /* int64_t, with k m g t or -1 */
	OPT_CHOICE,   /* int: the value of one of .names */
	OPT_HELP,     /* every table has it without a row */
};

/* Items live until opts_done(); the list is NULL terminated. */
struct opt_strings {
	const char **items;
	size_t n;
};

struct opt {
	const char *name;
	char letter; /* 0: none */
	enum opt_type type;
	size_t offset;
	size_t has_offset;    /* of a bool set when the option is given; 0: none */
	const char *value;    /* how help names the value */
	const char *standard; /* the value when the option is not given */
	const char *help;
	const struct name_value *names;
	size_t n_names;
	const struct opt *more; /* no row of its own: the table goes on there */
};

#define OPT(tag, member, t, n, ...)                                                             \
	{                                                                                       \
		.name = (n), .type = (t), .offset = offsetof(struct tag, member), ##__VA_ARGS__ \
	}
#define OPT_NAMES(table) .names = (table), .n_names = sizeof(table) / sizeof((table)[0])

struct opts {
	const struct opt *table; /* last row all zero, but for .more */
	void *values;		 /* zeroed by the caller */
	bool in_order;		 /* the first word that is no option ends the options */
	bool help;		 /* result: --help was found, nothing after it was looked at */
	size_t n_args;		 /* result */
};

/* Takes the options out of argv (NULL terminated), so that the other words remain in front:
 * `--x v`, `--x=v`, `-x v`, `-xv`, `-xy` for flags, long names after a single dash, `--` ends them.
 * The last one of a repeated option wins. */
int opts_parse(struct opts *o, char **argv, struct err *e);
void opts_done(struct opts *o);

/* A walk along a table: for (o = opts_row(table); o->name; o = opts_row(o + 1)) */
static inline const struct opt *opts_row(const struct opt *o)
{
	return o->more ? o->more : o;
}

/* The option of --help and -h, for those who list them. */
extern const struct opt opts_help;
