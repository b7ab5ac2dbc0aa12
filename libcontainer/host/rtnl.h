/* SPDX-License-Identifier: Apache-2.0 */
/* Talking to the kernel about network devices, rtnetlink(7). A socket belongs to the network
 * namespace that it was opened in (sys_netlink_route). */
#pragma once

#include <linux/netlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* A request under construction. */
struct rtnl_request {
	struct nlmsghdr head;
	char body[1024];
};

/* Begins a request of a type (RTM_*) with its fixed part; flags are NLM_F_*. */
void rtnl_begin(struct rtnl_request *q, int type, unsigned flags, const void *fixed, size_t size);
/* Adds an attribute. Requests are small: what does not fit is -EMSGSIZE when it is sent. */
void rtnl_add(struct rtnl_request *q, int type, const void *data, size_t size);
/* Sends it and waits for the kernel's verdict: 0 or -errno, *e: op, the kernel's words. */
int rtnl_do(int sock, struct rtnl_request *q, const char *op, struct err *e);

struct rtnl_link {
	int index;
	unsigned flags; /* IFF_* */
	char name[IFNAMSIZ];
};

/* Looks a device up by name, or by index when name is NULL. -ENODEV: there is none. */
int rtnl_find(int sock, const char *name, int index, struct rtnl_link *ret, struct err *e);
int rtnl_up(int sock, int index, struct err *e);
/* Appends the device's addresses that are permanent and of global scope, in the kernel's own form. */
int rtnl_addresses(int sock, int index, struct buf *out, struct err *e);
/* Gives them to a device. Flags that tell a state, and labels, which name the device, stay out. */
int rtnl_add_addresses(int sock, int index, const struct buf *addresses, struct err *e);
