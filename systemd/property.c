/* SPDX-License-Identifier: Apache-2.0 */
/* Properties: from words to typed values. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "unit.h"

#define ASK "property"

static int malformed(struct err *e)
{
	return err_kind(e, ERR_BUG, "malformed request");
}

static int append_number(sd_bus_message *m, char type, const char *value)
{
	int64_t s;
	uint64_t u;
	double d;

	switch (type) {
	case 'd':
		d = strtod(value, NULL);
		return sd_bus_message_append_basic(m, type, &d);
	case 't':
		return num_parse_u64(value, &u) < 0 ? -EINVAL
						    : sd_bus_message_append_basic(m, type, &u);
	case 'x':
		return num_parse_i64(value, &s) < 0 ? -EINVAL
						    : sd_bus_message_append_basic(m, type, &s);
	}
	/* Smaller ones: hull has checked the range, and these are little-endian or converted. */
	if (num_parse_i64(value, &s) < 0)
		return -EINVAL;
	if (type == 'y')
		return sd_bus_message_append_basic(m, type, &(uint8_t){ (uint8_t)s });
	if (type == 'n' || type == 'q')
		return sd_bus_message_append_basic(m, type, &(uint16_t){ (uint16_t)s });
	return sd_bus_message_append_basic(m, type, &(uint32_t){ (uint32_t)s });
}

static int append_value(sd_bus_message *m, char type, const char *value)
{
	if (strchr("sog", type))
		return sd_bus_message_append_basic(m, type, value);
	if (type == 'b')
		return sd_bus_message_append_basic(m, type, &(int){ strcmp(value, "true") == 0 });
	return append_number(m, type, value);
}

/* The values of one property, as a variant. */
static int append_variant(sd_bus_message *m, const char *type, unsigned n, struct words *w)
{
	bool array = type[0] == 'a';
	int r = sd_bus_message_open_container(m, 'v', type);

	if (r >= 0 && array)
		r = sd_bus_message_open_container(m, 'a', type + 1);
	for (unsigned i = 0; i < n && r >= 0; i++) {
		const char *value = words_next(w);

		r = value ? append_value(m, type[array], value) : -EINVAL;
	}
	if (r >= 0 && array)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* Asked for only when a property is not known to all versions. */
static int read_version(struct bus *b, unsigned *version, struct err *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char *text = NULL;
	int r;

	if (*version)
		return 0;
	r = sd_bus_get_property_string(b->sd, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "Version",
				       &error, &text);
	if (r < 0)
		r = bus_error(r, &error, ASK, "Version", e);
	else /* "252.39-1~deb12u2", "v255" */
		*version = (unsigned)strtoul(text + strcspn(text, "0123456789"), NULL, 10);
	free(text);
	sd_bus_error_free(&error);
	return r < 0 ? r : 0;
}

static int append_one(struct bus *b, sd_bus_message *m, const char *name, unsigned *version,
		      struct words *w, struct err *e)
{
	const char *since = words_next(w), *type = words_next(w), *count = words_next(w);
	uint32_t oldest, n;
	int r = 0;

	if (!count || num_parse_u32(since, &oldest) < 0 || num_parse_u32(count, &n) < 0)
		return malformed(e);
	if (oldest)
		r = read_version(b, version, e);
	if (r < 0)
		return r;
	if (*version < oldest) {
		while (n-- > 0)
			(void)words_next(w); /* left out */
		return 0;
	}
	r = sd_bus_message_open_container(m, 'r', "sv");
	if (r >= 0)
		r = sd_bus_message_append_basic(m, 's', name);
	if (r >= 0)
		r = append_variant(m, type, n, w);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? err_sys(e, r, ASK, "%s", name) : 0;
}

int property_append_all(struct bus *b, sd_bus_message *m, uint32_t pid, struct words *w,
			struct err *e)
{
	unsigned version = 0;
	const char *name;
	int r = sd_bus_message_open_container(m, 'a', "(sv)");

	if (r >= 0 && pid)
		r = sd_bus_message_append(m, "(sv)", "PIDs", "au", 1, pid);
	if (r < 0)
		return err_sys(e, r, ASK, "PIDs");
	while ((name = words_next(w))) {
		r = append_one(b, m, name, &version, w, e);
		if (r < 0)
			return r;
	}
	r = sd_bus_message_close_container(m);
	return r < 0 ? err_sys(e, r, ASK, "the end") : 0;
}
