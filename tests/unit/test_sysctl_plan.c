/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel parameters: keys to paths. */
#include "plans.h"

TestSuite(sysctl_plan, .init = plans_enter, .fini = plans_leave);

static int plan_of(const char *key)
{
	struct spec s = { .linux_.sysctl = SPEC_ITEMS(struct json_pair, { key, "1" }) };

	return sysctl_plan(&host, &s, &plan, &error);
}

Test(sysctl_plan, both_spellings_lead_to_the_same_file)
{
	static const struct {
		const char *key, *path;
	} rows[] = {
		{ "net.ipv4.ip_forward", "sys/net/ipv4/ip_forward" },
		{ "net/ipv4/ip_forward", "sys/net/ipv4/ip_forward" },
		{ "net.ipv4.conf.eth0/100.forwarding", "sys/net/ipv4/conf/eth0.100/forwarding" },
		{ "net/ipv4/conf/eth0.100/forwarding", "sys/net/ipv4/conf/eth0.100/forwarding" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		plan.n_sysctls = 0;
		cr_assert_eq(plan_of(rows[i].key), 0);
		cr_assert_eq(plan.n_sysctls, 1);
		cr_assert_str_eq(plan.sysctls[0].path, rows[i].path);
		cr_assert_str_eq(plan.sysctls[0].key, rows[i].key);
		cr_assert_str_eq(plan.sysctls[0].value, "1");
	}
}

Test(sysctl_plan, keys_cannot_leave_the_tree)
{
	static const char *const keys[] = {
		"", "net/../../sysrq-trigger", "net.//.x", "/net", "net//x", "net/", "net/./x", ".."
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		cr_assert_eq(plan_of(keys[i]), -EINVAL, "%s", keys[i]);
		cr_assert_str_eq(error.where, "linux.sysctl");
	}
}
