/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bin/NAME (hull, containerd-shim-hull-v2): becomes the program of that name, LIBEXEC/hull/NAME, from a
 * mount of it that nobody can write to.
 *
 * A container must not be able to replace the runtime's executable (CVE-2019-5736; see
 * libcontainer/host/selfexe.c). That takes an exec from a detached read-only mount. Were it the
 * program proper that executes itself again, libc would be started twice, which costs more than the
 * whole of the rest: on virtual machines its CPUID instructions alone are half a millisecond. So this
 * is a program without libc: four system calls. Where mounting is not allowed it executes the program
 * as it is, which then protects itself.
 *
 * The program is found relative to this one, so that an installation can be moved:
 * ../libexec/hull/NAME, or libexec/NAME in a build tree. It can no longer tell where it is from, and
 * looks for programs beside it: $HULL_LIBEXEC says where that is.
 */
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/mount.h>
#include <sys/syscall.h>

#define AT_EMPTY_PATH 0x1000 /* linux/fcntl.h hides it from some */
#define STDERR 2

#define LIBEXEC "HULL_LIBEXEC="
#define LIBEXEC_LEN ((long)sizeof(LIBEXEC) - 1)

static const char installed[] = "../libexec/hull/";
static const char built[] = "libexec/";
static const char missing[] =
	"hull: the installation is incomplete: no libexec/hull beside its bin\n";

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

/* Where this executable is: the length of its path, 0 when that is too long or unknown. */
static long own_path(char path[PATH_MAX])
{
	long n = call(SYS_readlink, (long)"/proc/self/exe", (long)path, PATH_MAX, 0, 0);

	return n > 0 && n < PATH_MAX ? n : 0;
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

static long append(char *path, long len, const char *text, long n)
{
	for (long i = 0; i < n && len < PATH_MAX - 1; i++)
		path[len++] = text[i];
	path[len] = '\0';
	return len;
}

/* Copies the environment behind an entry of ours, which comes first and is therefore found first. */
static char **with_entry(char **copy, char *entry, char **envp)
{
	long n = 0;

	copy[n++] = entry;
	do
		copy[n] = envp[n - 1];
	while (copy[n++]);
	return copy;
}

/* From own = FOLDER/NAME to FOLDER/via/NAME; entry names the folder of that. */
static void become_via(const char *own, long own_len, const char *via, long via_len,
		       char *const argv[], char *entry, char *const envp[])
{
	char path[PATH_MAX];
	long folder = own_len, len;

	while (folder > 0 && own[folder - 1] != '/')
		folder--;
	len = append(path, 0, own, folder);
	len = append(path, len, via, via_len);
	append(entry, append(entry, 0, LIBEXEC, LIBEXEC_LEN), path, len);
	append(path, len, own + folder, own_len - folder);
	become(path, argv, envp);
}

__attribute__((used, noreturn)) void launch(long *stack);
void launch(long *stack)
{
	char own[PATH_MAX], entry[PATH_MAX], **argv = (char **)(stack + 1);
	char **given = argv + stack[0] + 1, **envp;
	long len = own_path(own), n = 0;

	while (given[n])
		n++;
	envp = with_entry(__builtin_alloca(sizeof(*envp) * (unsigned long)(n + 2)), entry, given);
	become_via(own, len, installed, sizeof(installed) - 1, argv, entry, envp);
	become_via(own, len, built, sizeof(built) - 1, argv, entry, envp);
	call(SYS_write, STDERR, (long)missing, sizeof(missing) - 1, 0, 0);
	for (;;)
		call(SYS_exit_group, 1, 0, 0, 0, 0);
}
