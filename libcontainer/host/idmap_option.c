/* SPDX-License-Identifier: Apache-2.0 */
/* The value of mount option idmap=, crun's:  uids=0-1-10#10-11-10;gids=0-100-10  has ranges of ids in
 * the file system, on the host, and their length. With @ in front of a range its second number is one of
 * the container. */
#include "host/idmap_option.h"

#include <string.h>

#include "base/num.h"

#define MAX_RANGES 340 /* of a map, user_namespaces(7) */

struct reader {
	const char *text; /* what is left */
	const spec_id_maps *container;
	struct arena *arena;
};

static int malformed(struct err *e)
{
	return err_bad(e, "", "idmap= takes uids=FILE-HOST-LENGTH#...;gids=...");
}

/* Takes a number and the character after it, if that is what is expected. */
static int take_number(struct reader *r, char end, uint32_t *ret, struct err *e)
{
	size_t len = strspn(r->text, "0123456789");
	char digits[16];

	if (len == 0 || len >= sizeof(digits) || (end && r->text[len] != end))
		return malformed(e);
	memcpy(digits, r->text, len);
	digits[len] = '\0';
	r->text += len + (end != '\0');
	return num_parse_u32(digits, ret) < 0 ? malformed(e) : 0;
}

static int to_host(const spec_id_maps *container, struct spec_id_map *m, struct err *e)
{
	for (size_t i = 0; i < container->n; i++) {
		const struct spec_id_map *c = &container->items[i];
		uint64_t at = (uint64_t)m->host_id - c->container_id;

		if (m->host_id < c->container_id || at + m->size > c->size)
			continue;
		m->host_id = c->host_id + (uint32_t)at;
		return 0;
	}
	return err_bad(e, "", "idmap=: the container has no map for its ids %u and %u more",
		       m->host_id, m->size - 1);
}

static int take_range(struct reader *r, struct spec_id_map *ret, struct err *e)
{
	bool relative = r->text[0] == '@';
	struct spec_id_map m;

	r->text += relative;
	if (take_number(r, '-', &m.container_id, e) < 0 || take_number(r, '-', &m.host_id, e) < 0 ||
	    take_number(r, '\0', &m.size, e) < 0)
		return err_errno(e);
	if (m.size == 0)
		return malformed(e);
	if (relative && to_host(r->container, &m, e) < 0)
		return err_errno(e);
	*ret = m;
	return 0;
}

static int take_ranges(struct reader *r, spec_id_maps *ret, struct err *e)
{
	ret->items = arena_array_of(r->arena, struct spec_id_map, MAX_RANGES);
	if (!ret->items)
		return err_nomem(e);
	for (ret->n = 0;;) {
		if (ret->n == MAX_RANGES)
			return err_bad(e, "", "idmap=: more than %d ranges", MAX_RANGES);
		if (take_range(r, &ret->items[ret->n++], e) < 0)
			return err_errno(e);
		if (r->text[0] != '#')
			return 0;
		r->text++;
	}
}

static bool take_word(struct reader *r, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(r->text, word, len) != 0)
		return false;
	r->text += len;
	return true;
}

int idmap_option_parse(const char *text, const struct spec *s, struct spec_mount *sm,
		       struct arena *arena, struct err *e)
{
	struct reader r = { .text = text, .arena = arena };

	if (sm->uid_mappings.n > 0 || sm->gid_mappings.n > 0)
		return err_bad(e, "", "idmap= and uidMappings exclude each other");
	while (*r.text) {
		bool uids = take_word(&r, "uids=");
		spec_id_maps *maps = uids ? &sm->uid_mappings : &sm->gid_mappings;

		if ((!uids && !take_word(&r, "gids=")) || maps->n > 0)
			return malformed(e);
		r.container = uids ? &s->linux_.uid_mappings : &s->linux_.gid_mappings;
		if (take_ranges(&r, maps, e) < 0)
			return err_errno(e);
		if (*r.text && !take_word(&r, ";"))
			return malformed(e);
	}
	return sm->uid_mappings.n && sm->gid_mappings.n ? 0 : malformed(e);
}
