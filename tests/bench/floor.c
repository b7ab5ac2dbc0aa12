/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: what the kernel alone needs for a container like `hull spec` describes. No JSON, no
 * state, no hooks, no checks, no errors worth the name: one process makes the namespaces, mounts,
 * devices and masks, drops what the program may not have, runs it and removes the cgroup.
 *
 *	floor CGROUP ROOTFS PROGRAM [ARG...]
 */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(long r, const char *what)
{
	if (r >= 0)
		return;
	perror(what);
	_exit(125);
}

static void mount_at(const char *type, const char *at, unsigned long flags, const char *data)
{
	mkdir(at, 0755);
	must(mount(type, at, type, flags, data), at);
}

static void filesystems(void)
{
	const unsigned long safe = MS_NOSUID | MS_NOEXEC | MS_NODEV;

	mount_at("proc", "proc", 0, NULL);
	mount_at("tmpfs", "dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
	mount_at("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC,
		 "newinstance,ptmxmode=0666,mode=0620,gid=5");
	mount_at("tmpfs", "dev/shm", safe, "mode=1777,size=65536k");
	mount_at("mqueue", "dev/mqueue", safe, NULL);
	mount_at("sysfs", "sys", safe | MS_RDONLY, NULL);
	mount_at("cgroup2", "sys/fs/cgroup", safe | MS_RDONLY, NULL);
}

static void devices(void)
{
	static const struct {
		const char *path;
		unsigned major, minor;
	} nodes[] = {
		{ "dev/null", 1, 3 },	{ "dev/zero", 1, 5 },	 { "dev/full", 1, 7 },
		{ "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 },
	};

	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		must(mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)),
		     nodes[i].path);
	must(symlink("/proc/self/fd", "dev/fd"), "dev/fd");
	must(symlink("pts/ptmx", "dev/ptmx"), "dev/ptmx");
}

/* What this kernel does not have needs no mask. */
static void masks(void)
{
	static const char *const files[] = { "proc/interrupts", "proc/kcore", "proc/keys",
					     "proc/latency_stats", "proc/timer_list" };
	static const char *const hidden[] = { "proc/acpi", "proc/asound", "proc/scsi",
					      "sys/firmware", "sys/devices/virtual/powercap" };
	static const char *const trees[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys",
					     "proc/sysrq-trigger" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)mount("dev/null", files[i], NULL, MS_BIND, NULL);
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		(void)mount("tmpfs", hidden[i], "tmpfs", MS_RDONLY, "size=0k");
	for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++)
		if (mount(trees[i], trees[i], NULL, MS_BIND | MS_REC, NULL) == 0)
			must(mount(NULL, trees[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL),
			     trees[i]);
}

static void loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(ioctl(fd, SIOCSIFFLAGS, &request), "lo");
	close(fd);
}

static void credentials(void)
{
	const unsigned keep = 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE | 1u << CAP_AUDIT_WRITE;
	const struct rlimit files = { 1024, 1024 };
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { .effective = keep, .permitted = keep } };

	must(setrlimit(RLIMIT_NOFILE, &files), "rlimit");
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (cap > 31 || !(keep >> cap & 1))
			must(prctl(PR_CAPBSET_DROP, cap), "bounding set");
	must(setgroups(0, NULL), "groups");
	must(syscall(SYS_capset, &header, data), "capset");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
}

static void container(const char *rootfs, char *argv[])
{
	static char *const envp[] = { "PATH=/bin", NULL };

	must(mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL), "/");
	must(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL), rootfs);
	must(chdir(rootfs), rootfs);
	must(sethostname("floor", 5), "hostname");
	loopback();
	umask(0);
	filesystems();
	devices();
	masks();
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount");
	must(mount(NULL, "/", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), "read-only root");
	must(chdir("/"), "/");
	must(setsid(), "setsid");
	umask(022);
	credentials();
	execve(argv[0], argv, envp);
	_exit(127);
}

int main(int argc, char *argv[])
{
	struct clone_args args = { .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
					    CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP |
					    CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD };
	int status = 0, fd;
	pid_t pid;

	if (argc < 4)
		return 2;
	must(mkdir(argv[1], 0755), argv[1]);
	fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(fd, argv[1]);
	args.cgroup = (uint64_t)fd;
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	must(pid, "clone3");
	if (pid == 0)
		container(argv[2], argv + 3);
	must(waitpid(pid, &status, 0), "waitpid");
	must(rmdir(argv[1]), "rmdir");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
