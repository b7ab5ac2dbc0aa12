/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: what the kernel alone needs for a container like `hull spec` describes. No JSON, no
 * state, no hooks, no checks, no errors worth the name: one process makes the namespaces, mounts,
 * devices and masks, runs the program and removes the cgroup. No runtime can be faster.
 *
 *	floor CGROUP ROOTFS PROGRAM [ARG...]
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
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

static void masks(void)
{
	static const char *const files[] = { "proc/kcore", "proc/keys", "proc/timer_list" };
	static const char *const trees[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)mount("dev/null", files[i], NULL, MS_BIND, NULL);
	for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
		must(mount(trees[i], trees[i], NULL, MS_BIND | MS_REC, NULL), trees[i]);
		must(mount(NULL, trees[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), trees[i]);
	}
}

static void container(const char *rootfs, char *argv[])
{
	static char *const envp[] = { "PATH=/bin", NULL };

	must(mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL), "/");
	must(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL), rootfs);
	must(chdir(rootfs), rootfs);
	must(sethostname("floor", 5), "hostname");
	umask(0);
	filesystems();
	devices();
	masks();
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount");
	must(chdir("/"), "/");
	must(setsid(), "setsid");
	execve(argv[0], argv, envp);
	_exit(127);
}

int main(int argc, char *argv[])
{
	struct clone_args args = { .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
					    CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_INTO_CGROUP,
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
