/* SPDX-License-Identifier: Apache-2.0 */
/* Taking the command line apart. */
#include "args.h"

#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"

struct flag {
	const char *name;
	bool is_switch; /* takes no word of its own */
	size_t offset;
};

#define WORD(n, member)                                              \
	{                                                            \
		.name = (n), .offset = offsetof(struct args, member) \
	}
#define SWITCH(n, member)                                                               \
	{                                                                               \
		.name = (n), .is_switch = true, .offset = offsetof(struct args, member) \
	}

static const struct flag flags[] = {
	WORD("namespace", ns),
	WORD("id", id),
	WORD("bundle", bundle),
	WORD("address", address),
	WORD("publish-binary", publish_binary),
	WORD("socket", socket),
	WORD("debug-socket", socket), /* of a profiler that only Go programs have */
	SWITCH("debug", debug),
	SWITCH("v", version),
	SWITCH("version", version),
	SWITCH("info", info),
};

static const struct flag *find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (strlen(flags[i].name) == len && memcmp(flags[i].name, name, len) == 0)
			return &flags[i];
	return NULL;
}

static int set_switch(const struct flag *f, const char *value, struct args *a, struct err *e)
{
	bool *slot = (bool *)((char *)a + f->offset);

	if (!value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
		*slot = true;
	else if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
		*slot = false;
	else
		return err_bad(e, "", "flag -%s: \"%s\" is neither true nor false", f->name, value);
	return 0;
}

/* Takes argv[*at] and, where the value is a word of its own, the next. */
static int take_flag(char *const argv[], int *at, struct args *a, struct err *e)
{
	const char *name = argv[*at] + 1 + (argv[*at][1] == '-');
	size_t len = strcspn(name, "=");
	const char *value = name[len] ? name + len + 1 : NULL;
	const struct flag *f = find(name, len);

	if (!f)
		return err_bad(e, "", "unknown flag %s", argv[*at]);
	if (f->is_switch)
		return set_switch(f, value, a, e);
	if (!value)
		value = argv[++*at];
	if (!value)
		return err_bad(e, "", "flag -%s needs a value", f->name);
	*(const char **)((char *)a + f->offset) = value;
	return 0;
}

int args_parse(int argc, char *const argv[], struct args *ret, struct err *e)
{
	struct args a = {};
	int i = 1, r;

	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		r = take_flag(argv, &i, &a, e);
		if (r < 0)
			return r;
	}
	if (i < argc)
		a.action = argv[i];
	*ret = a;
	return 0;
}
