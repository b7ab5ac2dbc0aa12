/* SPDX-License-Identifier: Apache-2.0 */
/* Requests, answers, and the few things that are asked. */
#include "host/rtnl.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "sys/sys.h"

/* More than the kernel puts into one answer (netlink(7): 8 KiB), but for links with hundreds of
 * virtual functions, which are not asked for. */
#define ANSWER_MAX (32u << 10)

/* ---- requests ------------------------------------------------------------------------------- */

void rtnl_begin(struct rtnl_request *q, int type, unsigned flags, const void *fixed, size_t size)
{
	*q = (struct rtnl_request){
		.head = { .nlmsg_len = (uint32_t)(NLMSG_HDRLEN + NLMSG_ALIGN(size)),
			  .nlmsg_type = (uint16_t)type,
			  .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags) },
	};
	memcpy(q->body, fixed, size);
}

void rtnl_add(struct rtnl_request *q, int type, const void *data, size_t size)
{
	struct rtattr attr = { .rta_len = (unsigned short)RTA_LENGTH(size),
			       .rta_type = (unsigned short)type };
	size_t at = q->head.nlmsg_len - NLMSG_HDRLEN;

	q->head.nlmsg_len += (uint32_t)RTA_ALIGN(attr.rta_len);
	if (q->head.nlmsg_len > sizeof(*q))
		return; /* too long: never sent */
	memcpy(q->body + at, &attr, sizeof(attr));
	if (size)
		memcpy(q->body + at + RTA_LENGTH(0), data, size);
}

static int send_request(int sock, struct rtnl_request *q)
{
	static uint32_t sequence;
	ssize_t n;

	if (q->head.nlmsg_len > sizeof(*q))
		return -EMSGSIZE;
	q->head.nlmsg_seq = ++sequence;
	n = sys_netlink_send(sock, q, q->head.nlmsg_len);
	return n < 0 ? (int)n : 0;
}

/* ---- answers -------------------------------------------------------------------------------- */

/* Called for each message of an answer; negative: stop. */
typedef int (*answer_fn)(void *data, const struct nlmsghdr *m);

/* The kernel's words behind an error (linux/netlink.h, NLM_F_ACK_TLVS), cut to size. */
static void read_words(const struct nlmsghdr *m, char *ret, size_t size)
{
	const struct nlmsgerr *verdict = NLMSG_DATA(m);
	size_t skip = sizeof(*verdict);
	const struct rtattr *attr;
	int left;

	ret[0] = '\0';
	if (!(m->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(m->nlmsg_flags & NLM_F_CAPPED))
		skip += verdict->msg.nlmsg_len - sizeof(verdict->msg);
	skip = NLMSG_ALIGN(skip);
	if (m->nlmsg_len < NLMSG_HDRLEN + skip)
		return;
	left = (int)(m->nlmsg_len - NLMSG_HDRLEN - skip);
	attr = (const void *)((const char *)verdict + skip);
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		size_t n = RTA_PAYLOAD(attr) < size - 1 ? RTA_PAYLOAD(attr) : size - 1;

		if (attr->rta_type != NLMSGERR_ATTR_MSG)
			continue;
		memcpy(ret, RTA_DATA(attr), n);
		ret[n] = '\0';
	}
}

/* 1: the answer is complete. */
static int take_message(const struct nlmsghdr *m, answer_fn each, void *data, char *words,
			size_t size)
{
	const struct nlmsgerr *verdict = NLMSG_DATA(m);

	if (m->nlmsg_type == NLMSG_DONE)
		return 1;
	if (m->nlmsg_type != NLMSG_ERROR)
		return each ? each(data, m) : 0;
	if (m->nlmsg_len < NLMSG_LENGTH(sizeof(*verdict)))
		return -EPROTO;
	read_words(m, words, size);
	return verdict->error ? verdict->error : 1;
}

/* Everything up to the verdict (a request with NLM_F_ACK) or the end (NLM_F_DUMP). */
static int receive_answer(int sock, uint32_t sequence, answer_fn each, void *data, char *words,
			  size_t size)
{
	_Alignas(struct nlmsghdr) char answer[ANSWER_MAX];

	for (;;) {
		ssize_t n = sys_netlink_receive(sock, answer, sizeof(answer));
		int left = n < 0 ? 0 : (int)n;

		if (n < 0 && n != -EINTR)
			return (int)n;
		for (struct nlmsghdr *m = (void *)answer; NLMSG_OK(m, left);
		     m = NLMSG_NEXT(m, left)) {
			int r = m->nlmsg_seq != sequence ? 0
							 : take_message(m, each, data, words, size);

			if (r != 0)
				return r < 0 ? r : 0;
		}
	}
}

/* 0 or -errno; the kernel's words, maybe none. */
static int ask(int sock, struct rtnl_request *q, answer_fn each, void *data, char *words,
	       size_t size)
{
	int r = send_request(sock, q);

	words[0] = '\0';
	return r < 0 ? r : receive_answer(sock, q->head.nlmsg_seq, each, data, words, size);
}

int rtnl_do(int sock, struct rtnl_request *q, const char *op, struct err *e)
{
	char words[128];
	int r;

	q->head.nlmsg_flags |= NLM_F_ACK;
	r = ask(sock, q, NULL, NULL, words, sizeof(words));
	return r < 0 ? err_sys(e, r, op, "%s", words) : 0;
}

/* ---- devices -------------------------------------------------------------------------------- */

static int take_link(void *data, const struct nlmsghdr *m)
{
	const struct ifinfomsg *info = NLMSG_DATA(m);
	const struct rtattr *attr = IFLA_RTA(info);
	int left = (int)m->nlmsg_len - (int)NLMSG_LENGTH(sizeof(*info));
	struct rtnl_link *link = data;

	link->index = info->ifi_index;
	link->flags = info->ifi_flags;
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
		if (attr->rta_type == IFLA_IFNAME && RTA_PAYLOAD(attr) <= sizeof(link->name))
			memcpy(link->name, RTA_DATA(attr), RTA_PAYLOAD(attr));
	return 0;
}

int rtnl_find(int sock, const char *name, int index, struct rtnl_link *ret, struct err *e)
{
	struct ifinfomsg info = { .ifi_index = name ? 0 : index };
	struct rtnl_link link = { 0 };
	struct rtnl_request q;
	char words[128];
	int r;

	rtnl_begin(&q, RTM_GETLINK, NLM_F_ACK, &info, sizeof(info));
	if (name)
		rtnl_add(&q, IFLA_IFNAME, name, strlen(name) + 1);
	r = ask(sock, &q, take_link, &link, words, sizeof(words));
	if (r < 0)
		return err_sys(e, r, "netlink", "%s", words);
	*ret = link;
	return 0;
}

int rtnl_up(int sock, int index, struct err *e)
{
	struct ifinfomsg info = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct rtnl_request q;

	rtnl_begin(&q, RTM_SETLINK, 0, &info, sizeof(info));
	return rtnl_do(sock, &q, "set up", e);
}

/* ---- addresses ------------------------------------------------------------------------------ */

struct address_filter {
	int index;
	struct buf *out;
};

static uint32_t address_flags(const struct nlmsghdr *m)
{
	const struct ifaddrmsg *info = NLMSG_DATA(m);
	const struct rtattr *attr = IFA_RTA(info);
	int left = (int)m->nlmsg_len - (int)NLMSG_LENGTH(sizeof(*info));
	uint32_t flags = info->ifa_flags;

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
		if (attr->rta_type == IFA_FLAGS && RTA_PAYLOAD(attr) == sizeof(flags))
			memcpy(&flags, RTA_DATA(attr), sizeof(flags));
	return flags;
}

static int take_address(void *data, const struct nlmsghdr *m)
{
	const struct address_filter *f = data;
	const struct ifaddrmsg *info = NLMSG_DATA(m);

	if ((int)info->ifa_index == f->index && info->ifa_scope == RT_SCOPE_UNIVERSE &&
	    address_flags(m) & IFA_F_PERMANENT)
		buf_add(f->out, m, NLMSG_ALIGN(m->nlmsg_len));
	return 0;
}

int rtnl_addresses(int sock, int index, struct buf *out, struct err *e)
{
	struct address_filter filter = { index, out };
	struct ifaddrmsg all = { .ifa_family = AF_UNSPEC };
	struct rtnl_request q;
	char words[128];
	int r;

	rtnl_begin(&q, RTM_GETADDR, NLM_F_DUMP, &all, sizeof(all));
	r = ask(sock, &q, take_address, &filter, words, sizeof(words));
	if (r < 0)
		return err_sys(e, r, "netlink", "list of addresses %s", words);
	return buf_ok(out) < 0 ? err_nomem(e) : 0;
}

/* What whoever set the address up may have asked for; the others tell what became of it. */
#define KEPT_FLAGS                                                                      \
	(IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_NOPREFIXROUTE | IFA_F_MANAGETEMPADDR | \
	 IFA_F_MCAUTOJOIN)

static int add_address(int sock, int index, const struct nlmsghdr *m, struct err *e)
{
	struct ifaddrmsg info = *(const struct ifaddrmsg *)NLMSG_DATA(m);
	const struct rtattr *attr = IFA_RTA((const struct ifaddrmsg *)NLMSG_DATA(m));
	int left = (int)m->nlmsg_len - (int)NLMSG_LENGTH(sizeof(info));
	uint32_t flags = address_flags(m) & KEPT_FLAGS;
	struct rtnl_request q;

	info.ifa_index = (unsigned)index;
	info.ifa_flags = 0;
	rtnl_begin(&q, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof(info));
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
		if (attr->rta_type != IFA_FLAGS && attr->rta_type != IFA_LABEL &&
		    attr->rta_type != IFA_CACHEINFO)
			rtnl_add(&q, attr->rta_type, RTA_DATA(attr), RTA_PAYLOAD(attr));
	rtnl_add(&q, IFA_FLAGS, &flags, sizeof(flags));
	return rtnl_do(sock, &q, "add address", e);
}

int rtnl_add_addresses(int sock, int index, const struct buf *addresses, struct err *e)
{
	int left = (int)addresses->len;

	for (struct nlmsghdr *m = (void *)addresses->data; NLMSG_OK(m, left);
	     m = NLMSG_NEXT(m, left)) {
		int r = add_address(sock, index, m, e);

		if (r < 0)
			return r;
	}
	return 0;
}
