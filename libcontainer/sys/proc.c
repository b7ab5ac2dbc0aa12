/* SPDX-License-Identifier: Apache-2.0 */
/* Processes, namespaces, scheduling and the program itself. */
#include "sys/sys.h"

#include <linux/futex.h>
#include <linux/keyctl.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/fault.h"
#include "sys/result.h"

#define KERNEL_SIGNALS 64

int sys_clone3(struct clone_args *args, size_t size)
{
	FAULT_POINT(clone3);
	return sys_result(syscall(SYS_clone3, args, size));
}

/* What clone(3) is made of: musl's own makes no threads (since 1.2.4). On failure glibc's returns -1 and
 * musl's -errno, which may be the same number. */
int __clone(int (*fn)(void *), void *stack, int flags, void *arg, ...);

int sys_thread(int (*fn)(void *), void *stack_top, void *arg, uint32_t *alive)
{
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	void *const tls = NULL; /* ours */
	int r;

	FAULT_POINT(thread);
	errno = EPERM;
	r = __clone(fn, stack_top, flags, arg, alive, tls, alive);
	return r < -1 ? r : sys_result(r);
}

void sys_thread_await(const uint32_t *alive)
{
	uint32_t id;

	while ((id = __atomic_load_n(alive, __ATOMIC_ACQUIRE)) != 0)
		(void)syscall(SYS_futex, alive, FUTEX_WAIT, id, NULL, NULL, 0);
}

void sys_signal_defaults(void)
{
	static const unsigned long defaults[4]; /* the kernel's struct sigaction: SIG_DFL is 0 */

	for (int sig = 1; sig <= KERNEL_SIGNALS; sig++) /* KILL and STOP refuse */
		(void)syscall(SYS_rt_sigaction, sig, defaults, NULL, KERNEL_SIGNALS / 8);
}

int sys_pidfd_open(pid_t pid, unsigned flags)
{
	FAULT_POINT(pidfd_open);
	return sys_result(syscall(SYS_pidfd_open, pid, flags));
}

int sys_pidfd_send_signal(int pidfd, int sig)
{
	FAULT_POINT(pidfd_send_signal);
	return sys_result(syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0));
}

int sys_waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	FAULT_POINT(waitid);
	return sys_result(waitid(type, id, info, options));
}

int sys_setns(int fd, int nstype)
{
	FAULT_POINT(setns);
	return sys_result(setns(fd, nstype));
}

int sys_unshare(int flags)
{
	FAULT_POINT(unshare);
	return sys_result(unshare(flags));
}

int sys_prlimit(pid_t pid, int resource, const struct rlimit *limit)
{
	FAULT_POINT(prlimit);
	return sys_result(prlimit(pid, resource, limit, NULL));
}

int sys_setsid(void)
{
	FAULT_POINT(setsid);
	return sys_result(setsid());
}

int sys_sched_setattr(pid_t pid, const void *attr)
{
	FAULT_POINT(sched_setattr);
	return sys_result(syscall(SYS_sched_setattr, pid, attr, 0));
}

int sys_sched_setaffinity(pid_t pid, size_t size, const void *mask)
{
	FAULT_POINT(sched_setaffinity);
	return sys_result(sched_setaffinity(pid, size, mask));
}

int sys_ioprio_set(int which, int who, int ioprio)
{
	FAULT_POINT(ioprio_set);
	return sys_result(syscall(SYS_ioprio_set, which, who, ioprio));
}

int sys_personality(unsigned long persona)
{
	FAULT_POINT(personality);
	return sys_result(personality(persona));
}

int sys_set_mempolicy(int mode, const unsigned long *mask, unsigned long max)
{
	FAULT_POINT(set_mempolicy);
	return sys_result(syscall(SYS_set_mempolicy, mode, mask, max));
}

int sys_sethostname(const char *name, size_t len)
{
	FAULT_POINT(sethostname);
	return sys_result(sethostname(name, len));
}

int sys_setdomainname(const char *name, size_t len)
{
	FAULT_POINT(setdomainname);
	return sys_result(setdomainname(name, len));
}

int sys_keyctl_join_session(const char *name)
{
	FAULT_POINT(keyctl_join_session);
	return sys_result(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name));
}

int sys_execve(const char *path, char *const argv[], char *const envp[])
{
	FAULT_POINT(execve);
	return sys_result(execve(path, argv, envp));
}

int sys_execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
	FAULT_POINT(execveat);
	return sys_result(syscall(SYS_execveat, fd, path, argv, envp, flags));
}

int sys_chdir(const char *path)
{
	FAULT_POINT(chdir);
	return sys_result(chdir(path));
}

int sys_getcwd(char *buf, size_t size)
{
	FAULT_POINT(getcwd);
	return sys_result(syscall(SYS_getcwd, buf, size));
}

int sys_fchdir(int fd)
{
	FAULT_POINT(fchdir);
	return sys_result(fchdir(fd));
}

int sys_chroot(const char *path)
{
	FAULT_POINT(chroot);
	return sys_result(chroot(path));
}
