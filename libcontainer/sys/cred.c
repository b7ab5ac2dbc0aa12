/* SPDX-License-Identifier: Apache-2.0 */
/* Rights: ids, capabilities, filters. */
#include "sys/sys.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/fault.h"
#include "sys/result.h"

int sys_setresuid(uid_t r, uid_t e, uid_t s)
{
	FAULT_POINT(setresuid);
	return sys_result(setresuid(r, e, s));
}

int sys_setresgid(gid_t r, gid_t e, gid_t s)
{
	FAULT_POINT(setresgid);
	return sys_result(setresgid(r, e, s));
}

int sys_setgroups(size_t n, const gid_t *groups)
{
	FAULT_POINT(setgroups);
	return sys_result(setgroups(n, groups));
}

int sys_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	FAULT_POINT(capset);
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].effective = (uint32_t)(effective >> (32 * i));
		data[i].permitted = (uint32_t)(permitted >> (32 * i));
		data[i].inheritable = (uint32_t)(inheritable >> (32 * i));
	}
	return sys_result(syscall(SYS_capset, &header, data));
}

int sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	FAULT_POINT(prctl);
	return sys_result(prctl(option, a, b, c, d));
}

int sys_seccomp(unsigned op, unsigned flags, void *arg)
{
	FAULT_POINT(seccomp);
	return sys_result(syscall(SYS_seccomp, op, flags, arg));
}

int sys_bpf(int cmd, void *attr, unsigned size)
{
	FAULT_POINT(bpf);
	return sys_result(syscall(SYS_bpf, cmd, attr, size));
}
