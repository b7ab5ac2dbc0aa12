/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network devices of the host that move into the container's network namespace.
 *
 * The kernel takes a device down and forgets its addresses on the way, so they are read before and
 * given back after. The index under which the device arrives is chosen by us: in the container it is
 * known by that, whatever its name became.
 */
#include "host/netdev.h"

#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/log.h"
#include "host/host.h"
#include "host/rtnl.h"
#include "sys/sys.h"

#define MAX_INDEX_TRIES 1024

struct netdev_move {
	const struct plan_netdev *dev;
	struct rtnl_link link; /* as it was on the host */
	struct buf addresses;
	int index; /* in the container; 0: it has not moved */
};

/* ---- the plan ------------------------------------------------------------------------------- */

static int check_namespace(const struct host_env *h, const struct plan *p, struct err *e)
{
	if (h->rootless)
		return err_kind(e, ERR_UNSUPPORTED,
				"only root can move devices of the host into a container");
	if (p->ns.own & CLONE_NEWNET)
		return err_bad(e, "", "the network namespace is that of the host");
	return 0;
}

/* Whether a driver ties the device to its namespace only the move itself tells. */
static int check_device(int sock, const char *name, struct rtnl_link *ret, struct err *e)
{
	int r = rtnl_find(sock, name, 0, ret, e);

	if (r == -ENODEV)
		return err_kind(e, ERR_NOTFOUND, "%s: the host has no such network device", name);
	if (r < 0)
		return err_wrap(e, "%s", name);
	if (ret->flags & IFF_LOOPBACK)
		return err_bad(e, "", "%s: a loopback device cannot be moved", name);
	return 0;
}

static int check_devices(const struct plan *p, struct err *e)
{
	_cleanup_close_ int sock = sys_netlink_route();
	struct rtnl_link link;
	int r = 0;

	if (sock < 0)
		return err_sys(e, sock, "socket", "rtnetlink");
	for (size_t i = 0; i < p->n_netdevs && r == 0; i++)
		r = check_device(sock, p->netdevs[i].name, &link, e);
	return r;
}

static int plan_devices(const struct spec_linux *l, struct plan *p, struct err *e)
{
	p->netdevs = arena_array_of(p->arena, struct plan_netdev, l->net_devices.n);
	if (!p->netdevs)
		return err_nomem(e);
	for (size_t i = 0; i < l->net_devices.n; i++) {
		const struct spec_net_device *given = &l->net_devices.items[i];
		const char *name = arena_strdup(p->arena, given->host_name);
		const char *new_name =
			given->name && given->name[0] ? arena_strdup(p->arena, given->name) : name;

		if (!name || !new_name)
			return err_nomem(e);
		p->netdevs[p->n_netdevs++] = (struct plan_netdev){ name, new_name };
	}
	return 0;
}

int netdev_plan(const struct host_env *h, const struct spec *s, struct plan *p, struct err *e)
{
	int r;

	if (s->linux_.net_devices.n == 0)
		return 0;
	r = plan_devices(&s->linux_, p, e);
	if (r == 0)
		r = check_namespace(h, p, e);
	if (r == 0 && !h->dry_run)
		r = check_devices(p, e);
	return r < 0 ? err_at(e, "linux.netDevices") : 0;
}

/* ---- both ends ------------------------------------------------------------------------------ */

/* A socket is in the namespace of whoever opened it, so we go there and come back. */
static int open_there(struct netdevs *d, struct err *e)
{
	int back, r = sys_setns(d->container_ns, CLONE_NEWNET);

	if (r < 0)
		return err_sys(e, r, "setns", "network namespace of the container");
	d->container = sys_netlink_route();
	back = sys_setns(d->host_ns, CLONE_NEWNET);
	if (back < 0)
		return err_sys(e, back, "setns", "back to our own network namespace");
	return d->container < 0 ? err_sys(e, d->container, "socket", "rtnetlink") : 0;
}

static int open_namespaces(const struct plan *p, pid_t pid, struct netdevs *d, struct err *e)
{
	char path[64];

	fmt_str(path, sizeof(path), "%d/ns/net", (int)pid);
	d->host_ns = sys_openat(p->proc_fd, "self/ns/net", O_RDONLY, 0);
	d->container_ns = sys_openat(p->proc_fd, path, O_RDONLY, 0);
	if (d->host_ns < 0 || d->container_ns < 0)
		return err_sys(e, d->host_ns < 0 ? d->host_ns : d->container_ns, "open",
			       "network namespace");
	d->host = sys_netlink_route();
	return d->host < 0 ? err_sys(e, d->host, "socket", "rtnetlink") : open_there(d, e);
}

/* ---- there ---------------------------------------------------------------------------------- */

/* The kernel itself looks at the new name only when the device has moved already. */
static int check_name(const struct netdevs *d, const struct plan_netdev *dev, struct err *e)
{
	struct rtnl_link other;
	int r;

	if (strchr(dev->new_name, '%'))
		return 0;
	r = rtnl_find(d->container, dev->new_name, 0, &other, e);
	if (r == -ENODEV)
		return 0;
	return r < 0 ? r
		     : err_kind(e, ERR_EXISTS, "the container has a network device %s already",
				dev->new_name);
}

static int prepare(const struct netdevs *d, struct netdev_move *m, struct err *e)
{
	int r = check_device(d->host, m->dev->name, &m->link, e);

	if (r == 0)
		r = check_name(d, m->dev, e);
	return r == 0 ? rtnl_addresses(d->host, m->link.index, &m->addresses, e) : r;
}

/* To the namespace and a name there; index 0: any. */
static int send_away(int sock, int from_index, int ns, const char *name, int index, struct err *e)
{
	struct ifinfomsg info = { .ifi_index = from_index };
	struct rtnl_request q;

	rtnl_begin(&q, RTM_SETLINK, 0, &info, sizeof(info));
	rtnl_add(&q, IFLA_NET_NS_FD, &ns, sizeof(ns));
	rtnl_add(&q, IFLA_IFNAME, name, strlen(name) + 1);
	if (index)
		rtnl_add(&q, IFLA_NEW_IFINDEX, &index, sizeof(index));
	return rtnl_do(sock, &q, "move", e);
}

static bool is_gone(const struct netdevs *d, const struct netdev_move *m)
{
	struct rtnl_link link;
	struct err ignored;

	return rtnl_find(d->host, NULL, m->link.index, &link, &ignored) == -ENODEV;
}

/* Its own index when that is free there, else one above. An error may come after the move, when the
 * name was taken in the meantime: then it is there, and known by the index all the same. */
static int move_there(const struct netdevs *d, struct netdev_move *m, struct err *e)
{
	int index = m->link.index, last = index + MAX_INDEX_TRIES, r;

	for (;; index++) {
		r = send_away(d->host, m->link.index, d->container_ns, m->dev->new_name, index, e);
		if (r == 0 || is_gone(d, m)) {
			m->index = index;
			return r;
		}
		if (r != -EBUSY || index == last)
			return r;
	}
}

static int move_device(const struct netdevs *d, struct netdev_move *m, struct err *e)
{
	int r = move_there(d, m, e);

	if (r == 0)
		r = rtnl_add_addresses(d->container, m->index, &m->addresses, e);
	return r == 0 ? rtnl_up(d->container, m->index, e) : r;
}

static int for_each(struct netdevs *d,
		    int (*step)(const struct netdevs *, struct netdev_move *, struct err *),
		    struct err *e)
{
	for (size_t i = 0; i < d->n; i++)
		if (step(d, &d->moves[i], e) < 0)
			return err_wrap(e, "%s", d->moves[i].dev->name);
	return 0;
}

static int move_all(const struct plan *p, pid_t pid, struct netdevs *d, struct err *e)
{
	int r = open_namespaces(p, pid, d, e);

	if (r < 0)
		return r;
	d->moves = calloc(p->n_netdevs, sizeof(*d->moves));
	if (!d->moves)
		return err_nomem(e);
	for (; d->n < p->n_netdevs; d->n++)
		d->moves[d->n].dev = &p->netdevs[d->n];
	r = for_each(d, prepare, e);
	return r == 0 ? for_each(d, move_device, e) : r;
}

int netdev_apply(const struct plan *p, pid_t pid, struct netdevs *ret, struct err *e)
{
	return move_all(p, pid, ret, e) < 0 ? err_at(e, "linux.netDevices") : 0;
}

/* ---- and back again ------------------------------------------------------------------------- */

static int bring_back(const struct netdevs *d, const struct netdev_move *m, struct err *e)
{
	const char *name = m->link.name;
	struct rtnl_link link = { 0 };
	int r = send_away(d->container, m->index, d->host_ns, name, m->link.index, e);

	if (r == -EBUSY)
		r = send_away(d->container, m->index, d->host_ns, name, 0, e);
	if (r == 0)
		r = rtnl_find(d->host, name, 0, &link, e);
	if (r == 0)
		r = rtnl_add_addresses(d->host, link.index, &m->addresses, e);
	return r == 0 && m->link.flags & IFF_UP ? rtnl_up(d->host, link.index, e) : r;
}

void netdev_undo(const struct netdevs *d)
{
	for (size_t i = d->n; i-- > 0;) {
		struct err e = { 0 };
		char text[640];

		if (d->moves[i].index == 0 || bring_back(d, &d->moves[i], &e) >= 0)
			continue;
		err_text(&e, text, sizeof(text));
		log_warning("network device %s does not come back from the container: %s",
			    d->moves[i].link.name, text);
	}
}

void netdev_done(struct netdevs *d)
{
	for (size_t i = 0; i < d->n; i++)
		buf_done(&d->moves[i].addresses);
	free(d->moves);
	x_close(d->host);
	x_close(d->container);
	x_close(d->host_ns);
	x_close(d->container_ns);
	*d = (struct netdevs)NETDEVS_EMPTY;
}
