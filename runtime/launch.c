/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bin/hull: becomes the real hull, LIBEXEC/hull/hull, from a mount of it that nobody can write to.
 *
 * A container must not be able to replace the runtime's executable (CVE-2019-5736; see
 * libcontainer/host/selfexe.c). That takes an exec from a detached read-only mount. Were it the real
 * program that executes itself again, libc would be started twice, which costs more than the whole
 * of the rest: on virtual machines its CPUID instructions alone are half a millisecond. So this is a
 * program without libc: four system calls. Where mounting is not allowed it executes the real one
 * as it is, which then protects itself.
 *
 * The real one is found relative to this one, so that an installation can be moved:
 * ../libexec/hull/hull, or libexec/hull in a build tree.
 */
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/mount.h>
#include <sys/syscall.h>

#define AT_EMPTY_PATH 0x1000 /* linux/fcntl.h hides it from some */
#define STDERR 2

static const char installed[] = "../libexec/hull/hull";
static const char built[] = "libexec/hull";
static const char missing[] =
	"hull: the program is incomplete: libexec/hull/hull is not beside its bin\n";

/* The stack as the kernel leaves it (System V ABI): argc, argv, NULL, envp, NULL. */
__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call launch\n");

static long call(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return result;
}

/* The folder of this executable, ending in a slash; its length, 0 when unknown. */
static long own_folder(char path[PATH_MAX])
{
	long n = call(SYS_readlink, (long)"/proc/self/exe", (long)path, PATH_MAX, 0, 0);

	if (n >= PATH_MAX)
		return 0;
	while (n > 0 && path[n - 1] != '/')
		n--;
	return n > 0 ? n : 0;
}

/* Returns only when it cannot be done. */
static void become(const char *path, char *const argv[], char *const envp[])
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	long fd = call(SYS_open_tree, AT_FDCWD, (long)path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0,
		       0);

	if (fd >= 0 &&
	    call(SYS_mount_setattr, fd, (long)"", AT_EMPTY_PATH, (long)&attr, sizeof(attr)) == 0)
		call(SYS_execveat, fd, (long)"", (long)argv, (long)envp, AT_EMPTY_PATH);
	call(SYS_execve, (long)path, (long)argv, (long)envp, 0, 0);
}

static void become_at(char *path, long folder, const char *name, long size, char *const argv[],
		      char *const envp[])
{
	if (folder + size > PATH_MAX)
		return;
	for (long i = 0; i < size; i++)
		path[folder + i] = name[i];
	become(path, argv, envp);
}

__attribute__((used, noreturn)) void launch(long *stack);
void launch(long *stack)
{
	char path[PATH_MAX], **argv = (char **)(stack + 1), **envp = argv + stack[0] + 1;
	long folder = own_folder(path);

	if (folder) {
		become_at(path, folder, installed, sizeof(installed), argv, envp);
		become_at(path, folder, built, sizeof(built), argv, envp);
	}
	call(SYS_write, STDERR, (long)missing, sizeof(missing) - 1, 0, 0);
	for (;;)
		call(SYS_exit_group, 1, 0, 0, 0, 0);
}
