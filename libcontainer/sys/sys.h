/* SPDX-License-Identifier: Apache-2.0 */
/* One thin function per system call that shapes a container: returns >= 0 or -errno, restarts
 * nothing, hides nothing. This is the seam for fault injection (sys/fault.h): every function here
 * is a fault point. No allocation: callable in init. Sources: the man page of the same name. */
#pragma once

#include <linux/sched.h>
#include <linux/mount.h>
#include <linux/stat.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>

/* proc.c */
int sys_clone3(struct clone_args *args, size_t size);
/* A thread of ours: no signal, no status, gone with the next execve. `alive` is not 0 until the kernel
 * has made it so at the thread's end, when fn has returned. */
int sys_thread(int (*fn)(void *), void *stack_top, void *arg, uint32_t *alive);
/* Waits for that. No error: in whatever way the wait itself fails, it goes on. */
void sys_thread_await(const uint32_t *alive);
/* Every signal has its default action from here on, also those that a libc keeps for itself. */
void sys_signal_defaults(void);
int sys_pidfd_open(pid_t pid, unsigned flags);
int sys_pidfd_send_signal(int pidfd, int sig);
int sys_waitid(idtype_t type, id_t id, siginfo_t *info, int options);
int sys_setns(int fd, int nstype);
int sys_unshare(int flags);
int sys_prlimit(pid_t pid, int resource, const struct rlimit *limit);
int sys_setsid(void);
int sys_sched_setattr(pid_t pid, const void *attr);
int sys_sched_setaffinity(pid_t pid, size_t size, const void *mask);
int sys_ioprio_set(int which, int who, int ioprio);
int sys_personality(unsigned long persona);
int sys_set_mempolicy(int mode, const unsigned long *mask, unsigned long max);
int sys_sethostname(const char *name, size_t len);
int sys_setdomainname(const char *name, size_t len);
int sys_keyctl_join_session(const char *name);
int sys_execve(const char *path, char *const argv[], char *const envp[]);
int sys_execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags);
int sys_chdir(const char *path);
int sys_getcwd(char *buf, size_t size); /* as the kernel tells: "(unreachable)..." included */
int sys_fchdir(int fd);
int sys_chroot(const char *path);

/* mount.c; every fd returned is O_CLOEXEC */
#define MNT_DETACH 2 /* glibc has these in <sys/mount.h>, which excludes <linux/mount.h> */
#define UMOUNT_NOFOLLOW 8
int sys_open_tree(int dirfd, const char *path, unsigned flags);
int sys_move_mount(int from, int to_dirfd, const char *to); /* from: a mount fd; to "" = to_dirfd */
int sys_fsopen(const char *fstype);
int sys_fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux);
int sys_fsmount(int fd, unsigned attrs);
int sys_mount_setattr(int fd, const char *path, unsigned flags, const struct mount_attr *attr);
int sys_pivot_root(const char *new_root, const char *put_old);
/* The old call: for overlays of many layers on kernels whose fsconfig(2) cannot be told them. */
int sys_mount(const char *source, const char *target, const char *fstype, unsigned long flags,
	      const char *data);
int sys_umount2(const char *path, int flags);

/* cred.c */
int sys_setresuid(uid_t r, uid_t e, uid_t s);
int sys_setresgid(gid_t r, gid_t e, gid_t s);
int sys_setgroups(size_t n, const gid_t *groups);
int sys_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable);
int sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
int sys_seccomp(unsigned op, unsigned flags, void *arg);
int sys_bpf(int cmd, void *attr, unsigned size);

/* file.c */
int sys_openat(int dirfd, const char *path, int flags, mode_t mode); /* O_CLOEXEC is added */
int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
int sys_close_range(unsigned first, unsigned last, unsigned flags);
int sys_memfd_create(const char *name, unsigned flags);
int sys_mkdirat(int dirfd, const char *path, mode_t mode);
int sys_mknodat(int dirfd, const char *path, mode_t mode, dev_t dev);
int sys_symlinkat(const char *target, int dirfd, const char *path);
int sys_unlinkat(int dirfd, const char *path, int flags);
int sys_renameat(int olddir, const char *old, int newdir, const char *new_);
int sys_linkat(int olddir, const char *old, int newdir, const char *new_, int flags);
int sys_fchmodat(int dirfd, const char *path, mode_t mode);
int sys_fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags);
int sys_mkfifoat(int dirfd, const char *path, mode_t mode);
int sys_flock(int fd, int op);
int sys_fstat(int fd, struct stat *st);
int sys_fstatat(int dirfd, const char *path, struct stat *st, int flags);
struct statx;
int sys_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *st);
ssize_t sys_read(int fd, void *buf, size_t size);
ssize_t sys_write(int fd, const void *buf, size_t size);
int sys_socketpair(int type, int ret[2]); /* AF_UNIX, SOCK_CLOEXEC is added */
int sys_pipe(int ret[2]);		  /* O_CLOEXEC */
int sys_dup3(int from, int to, int flags);
int sys_ioctl(int fd, unsigned long request, void *arg);

/* socket.c: AF_UNIX, SOCK_CLOEXEC is added */
struct sockaddr_un;
int sys_unix_socket(int type);
int sys_connect(int fd, const struct sockaddr_un *address, size_t size);
int sys_bind(int fd, const struct sockaddr_un *address);
int sys_listen(int fd, int backlog);
int sys_accept(int fd);

/* netlink.c: the link "lo" of the current network namespace is brought up. 0 or -errno. */
int sys_loopback_up(void);
/* A socket of rtnetlink(7) in the current network namespace, which it stays in; errors come with
 * the kernel's own words (NLMSGERR_ATTR_MSG). */
int sys_netlink_route(void);
ssize_t sys_netlink_send(int fd, const void *data, size_t size);
ssize_t sys_netlink_receive(int fd, void *data, size_t size); /* longer than size: -EMSGSIZE */
