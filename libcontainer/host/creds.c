/* SPDX-License-Identifier: Apache-2.0 */
/* Who the program is: ids, groups and capabilities. By the specification a capability that is
 * unknown or can never be granted is worth a warning, not a failure. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/capability.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "host/host.h"

/* A set is a mask of 64 bits; the longest name of today is CAP_CHECKPOINT_RESTORE. */
#define MAX_CAPS 64
#define MAX_NAME 32

static uint64_t cap_bit(int cap)
{
	return UINT64_C(1) << cap;
}

int creds_capability(const char *name)
{
	cap_value_t cap;

	/* The library also takes lower case and plain numbers. */
	if (strncmp(name, "CAP_", 4) != 0 || cap_from_name(name, &cap) < 0 || cap >= MAX_CAPS)
		return -EINVAL;
	return cap;
}

/* False: the library has no name for this one. */
static bool upper_name(int cap, char *ret)
{
	char *name = cap_to_name(cap);
	bool known = name && strncmp(name, "cap_", 4) == 0 && strlen(name) < MAX_NAME;
	size_t i = 0;

	for (; known && name[i]; i++)
		ret[i] = (char)toupper((unsigned char)name[i]);
	ret[i] = '\0';
	cap_free(name);
	return known;
}

const char *const *creds_capability_names(void)
{
	static char text[MAX_CAPS][MAX_NAME];
	static const char *names[MAX_CAPS + 1];

	for (int cap = 0; cap < MAX_CAPS && upper_name(cap, text[cap]); cap++)
		names[cap] = text[cap];
	return names;
}

/* What is ignored and why, for one warning: clients read the log as one JSON object. */
static void complain(struct buf *ignored, const char *set, const char *name, const char *why)
{
	buf_fmt(ignored, "%s%s %s (%s)", ignored->len ? ", " : "", set, name, why);
}

static uint64_t mask_of(const spec_strings *names, const char *set, struct buf *ignored)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < names->n; i++) {
		int cap = creds_capability(names->items[i]);

		if (cap < 0)
			complain(ignored, set, names->items[i], "unknown");
		else
			mask |= cap_bit(cap);
	}
	return mask;
}

/* What a program of ours can have at most: in a user namespace every capability of this kernel,
 * else what we hold ourselves. */
static uint64_t grantable(const struct spec *s)
{
	cap_t own = spec_has_userns(s) ? NULL : cap_get_proc();
	uint64_t mask = 0;

	for (int cap = 0; cap < cap_max_bits() && cap < MAX_CAPS; cap++) {
		cap_flag_value_t has = CAP_SET;

		if (own)
			(void)cap_get_flag(own, cap, CAP_PERMITTED, &has); /* cap is in range */
		if (has == CAP_SET)
			mask |= cap_bit(cap);
	}
	cap_free(own);
	return mask;
}

/* Takes from a set what the others do not allow it (capabilities(7)). */
static void restrict_to(uint64_t *set, uint64_t allowed, const char *name, const char *why,
			struct buf *ignored)
{
	uint64_t lost = *set & ~allowed;
	char cap_name[MAX_NAME];

	for (int cap = 0; cap < MAX_CAPS; cap++)
		if (lost & cap_bit(cap) && upper_name(cap, cap_name))
			complain(ignored, name, cap_name, why);
	*set &= allowed;
}

static void plan_caps(const struct host_env *h, const struct spec *s,
		      const struct spec_capabilities *given, struct plan_caps *ret)
{
	static const char denied[] = "not granted to hull or unknown to the kernel";
	_cleanup_buf_ struct buf ignored = {};
	struct plan_caps c = {
		.effective = mask_of(&given->effective, "effective", &ignored),
		.permitted = mask_of(&given->permitted, "permitted", &ignored),
		.inheritable = mask_of(&given->inheritable, "inheritable", &ignored),
		.bounding = mask_of(&given->bounding, "bounding", &ignored),
		.ambient = mask_of(&given->ambient, "ambient", &ignored),
	};
	uint64_t possible = h->dry_run ? UINT64_MAX : grantable(s);

	restrict_to(&c.bounding, possible, "bounding", denied, &ignored);
	restrict_to(&c.permitted, possible, "permitted", denied, &ignored);
	restrict_to(&c.effective, c.permitted, "effective", "not permitted", &ignored);
	restrict_to(&c.inheritable, c.bounding, "inheritable", "not in the bounding set", &ignored);
	restrict_to(&c.ambient, c.permitted & c.inheritable, "ambient",
		    "not both permitted and inheritable", &ignored);
	if (ignored.len && buf_ok(&ignored) == 0)
		log_warning("process.capabilities: ignored: %s", ignored.data);
	*ret = c;
}

int creds_plan(const struct host_env *h, const struct spec *s, const struct spec_process *sp,
	       struct plan_process *pp, struct arena *arena, struct err *e)
{
	static const struct spec_capabilities none;
	const spec_u32s *gids = &sp->user.additional_gids;
	gid_t *groups = arena_array_of(arena, gid_t, gids->n);

	if (!groups && gids->n > 0)
		return err_nomem(e);
	for (size_t i = 0; i < gids->n; i++)
		groups[i] = gids->items[i];
	pp->groups = groups;
	pp->n_groups = gids->n;
	pp->keep_groups = spec_annotation(s, "run.oci.keep_original_groups") != NULL;
	pp->uid = sp->user.uid;
	pp->gid = sp->user.gid;
	/* Absent is empty: a forgotten list must not leave the program all that hull has. */
	plan_caps(h, s, sp->capabilities ? sp->capabilities : &none, &pp->caps);
	return 0;
}
