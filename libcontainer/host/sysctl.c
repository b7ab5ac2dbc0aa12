/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel parameters: keys as sysctl(8) spells them, compiled to paths below /proc. */
#include <string.h>

#include "host/host.h"

/* The separator that comes first tells which of the two spellings it is: "net.ipv4.conf.eth0/1.mtu"
 * or "net/ipv4/conf/eth0.1/mtu". */
static char *key_path(const char *key, struct arena *arena)
{
	char *path = arena_printf(arena, "sys/%s", key), *at = path;

	if (!path || key[strcspn(key, "./")] == '/')
		return path;
	for (at += strlen("sys/"); *at; at++)
		*at = *at == '.' ? '/' : *at == '/' ? '.' : *at;
	return path;
}

/* Every component must name something: no "", "." or "..". */
static bool is_plain_path(const char *path)
{
	for (;;) {
		size_t len = strcspn(path, "/");

		if (len == 0 || (len <= 2 && strspn(path, ".") >= len))
			return false;
		if (path[len] == '\0')
			return true;
		path += len + 1;
	}
}

int sysctl_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	const spec_map *given = &s->linux_.sysctl;

	(void)h;
	p->sysctls = arena_array_of(p->arena, struct plan_sysctl, given->n);
	if (!p->sysctls && given->n > 0)
		return err_nomem(e);
	for (size_t i = 0; i < given->n; i++) {
		struct plan_sysctl sysctl = {
			.key = arena_strdup(p->arena, given->items[i].key),
			.value = arena_strdup(p->arena, given->items[i].value),
			.path = key_path(given->items[i].key, p->arena),
		};

		if (!sysctl.key || !sysctl.value || !sysctl.path)
			return err_nomem(e);
		if (!is_plain_path(sysctl.path))
			return err_bad(e, "linux.sysctl", "%s: not the name of a parameter",
				       sysctl.key);
		if (p->ns.own & spec_sysctl_namespace(sysctl.key))
			return err_bad(e, "linux.sysctl",
				       "%s: would change the host: the namespace that it belongs "
				       "to is that of the host",
				       sysctl.key);
		p->sysctls[p->n_sysctls++] = sysctl;
	}
	return 0;
}
