/* SPDX-License-Identifier: Apache-2.0 */
/* The NUMA memory policy of the program. What the kernel can judge alone (are there such nodes, may
 * the cgroup use them) it judges in init. */
#include <linux/mempolicy.h>

#include "base/buf.h"
#include "base/cpulist.h"
#include "base/map.h"
#include "host/host.h"

/* "MPOL_BIND MPOL_F_STATIC_NODES 0-3" */
static int plan_text(const struct spec_memory_policy *given, struct plan_mempolicy *policy,
		     struct arena *arena, struct err *e)
{
	_cleanup_buf_ struct buf text = { 0 };

	buf_str(&text, MAP_NAME(spec_memory_policy_mode_names, given->mode));
	for (size_t i = 0; i < given->flags.n; i++)
		buf_fmt(&text, " %s",
			MAP_NAME(spec_memory_policy_flag_names, given->flags.items[i]));
	if (given->nodes && given->nodes[0])
		buf_fmt(&text, " %s", given->nodes);
	policy->text = buf_ok(&text) < 0 ? NULL : arena_strdup(arena, text.data);
	return policy->text ? 0 : err_nomem(e);
}

/* The kernel takes a mask longer than its own if the rest is empty, and counts one more than there
 * are bits (set_mempolicy(2), "Notes" of the C library's wrapper). */
static int plan_nodes(const char *list, struct plan_mempolicy *policy, struct arena *arena,
		      struct err *e)
{
	struct cpulist *nodes = arena_new_of(arena, struct cpulist);

	if (!nodes)
		return err_nomem(e);
	if (cpulist_parse(list, nodes) < 0)
		return err_bad(e, "linux.memoryPolicy.nodes",
			       "\"%s\" is not a list of nodes like \"0-3,7\"", list);
	policy->nodes = nodes->bits;
	policy->max = CPULIST_MAX + 1;
	return 0;
}

int mempolicy_plan(const struct spec *s, struct plan_process *pp, struct arena *arena,
		   struct err *e)
{
	const struct spec_memory_policy *given = s->linux_.memory_policy;
	struct plan_mempolicy policy = { 0 };
	int r;

	if (!given)
		return 0;
	policy.mode = (int)given->mode;
	for (size_t i = 0; i < given->flags.n; i++)
		policy.mode |= (int)given->flags.items[i];
	r = plan_text(given, &policy, arena, e);
	if (r == 0 && given->nodes && given->nodes[0])
		r = plan_nodes(given->nodes, &policy, arena, e);
	if (r == 0)
		pp->mempolicy = policy;
	return r;
}
