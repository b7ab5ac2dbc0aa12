/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the UTS namespace. */
#include <string.h>

#include "init/init.h"
#include "sys/sys.h"

int uts_apply(struct init_ctx *c, struct err *e)
{
	const char *host = c->plan->hostname, *domain = c->plan->domainname;
	int r = host ? sys_sethostname(host, strlen(host)) : 0;

	if (r < 0)
		return err_sys(e, r, "sethostname", "%s", host);
	r = domain ? sys_setdomainname(domain, strlen(domain)) : 0;
	return r < 0 ? err_sys(e, r, "setdomainname", "%s", domain) : 0;
}
