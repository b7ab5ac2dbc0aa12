/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as config.json: no crash, every problem with a text, and what was understood once is
 * understood again when it is written out. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "spec/spec_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int must_say_something(void *data, const struct err *e)
{
	(void)data;
	if (!e->msg[0])
		abort();
	return 0;
}

static const struct json_options go_on = { .problem = must_say_something };

static void write_out(const struct spec *s, struct buf *out)
{
	struct err e = { 0 };

	if (json_encode(spec_fields, s, 0, out, &e) < 0)
		abort();
}

static void must_survive_writing(const struct spec *s, struct arena *arena)
{
	_cleanup_buf_ struct buf once = { 0 }, twice = { 0 };
	struct err e = { 0 };
	struct spec *again;

	write_out(s, &once);
	if (spec_parse_config(once.data, once.len, arena, NULL, &again, &e) < 0)
		abort();
	write_out(again, &twice);
	if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *text = (const char *)data;
	struct err e = { 0 };
	struct spec *s;

	if (spec_parse_config(text, size, arena, &go_on, &s, &e) == 0)
		(void)spec_check(s, &go_on, &e); /* broken rules are what is looked for */
	if (spec_parse_config(text, size, arena, NULL, &s, &e) == 0)
		must_survive_writing(s, arena);
	return 0;
}
