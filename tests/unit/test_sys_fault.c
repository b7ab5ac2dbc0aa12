/* SPDX-License-Identifier: Apache-2.0 */
/* The fault seam: sys_* calls fail as ordered. Without fault injection only the conventions of the
 * wrappers can be seen. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/fault.h"
#include "sys/sys.h"
#include "tempdir.h"

TestSuite(sys_fault, .init = tempdir_enter, .fini = tempdir_leave);

Test(sys_fault, failure_is_negative_errno)
{
	cr_assert_eq(sys_openat(AT_FDCWD, "missing", O_RDONLY, 0), -ENOENT);
	cr_assert_eq(sys_read(-1, NULL, 0), -EBADF);
	cr_assert_eq(sys_chdir("missing"), -ENOENT);
	cr_assert_eq(sys_waitid(P_PID, (id_t)getpid(), &(siginfo_t){ 0 }, WEXITED), -ECHILD);
}

Test(sys_fault, descriptors_close_on_exec)
{
	int pair[2], ends[2];
	int fds[] = {
		sys_openat(AT_FDCWD, ".", O_PATH, 0),
		sys_openat2(AT_FDCWD, ".", O_PATH, 0, 0),
		sys_memfd_create("x", 0),
		sys_pidfd_open(getpid(), 0),
		sys_socketpair(SOCK_SEQPACKET, pair) == 0 ? pair[1] : -1,
		sys_pipe(ends) == 0 ? ends[0] : -1,
	};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		cr_assert_eq(fcntl(fds[i], F_GETFD), FD_CLOEXEC, "number %zu", i);
}

Test(sys_fault, getcwd_tells_the_kernels_text)
{
	char cwd[64];

	cr_assert_gt(sys_getcwd(cwd, sizeof(cwd)), 0);
	cr_assert_str_eq(cwd, tempdir_path);
	cr_assert_eq(sys_getcwd(cwd, 2), -ERANGE);
}

#ifdef HULL_FAULT

Test(sys_fault, nth_call_fails_once)
{
	cr_assert_eq(fault_arm("2:12"), 0);
	cr_assert_geq(sys_chdir("."), 0);
	cr_assert_not(fault_hit());
	cr_assert_eq(sys_chdir("."), -ENOMEM);
	cr_assert(fault_hit());
	cr_assert_geq(sys_chdir("."), 0);
	cr_assert_eq(fault_count(), 3);
}

Test(sys_fault, errno_is_EIO_unless_said)
{
	cr_assert_eq(fault_arm("1"), 0);
	cr_assert_eq(sys_chdir("."), -EIO);
}

Test(sys_fault, every_call_of_a_name_fails)
{
	cr_assert_eq(fault_arm("chdir:13"), 0);
	cr_assert_eq(sys_chdir("."), -EACCES);
	cr_assert_eq(sys_mkdirat(AT_FDCWD, "d", 0700), 0);
	cr_assert_eq(sys_chdir("."), -EACCES);
	cr_assert_eq(fault_arm(NULL), 0);
	cr_assert_eq(sys_chdir("."), 0);
}

Test(sys_fault, nonsense_cannot_be_armed)
{
	const char *const specs[] = { "",     "0",
				      "1:x",  "1:0",
				      "1:-5", "9x",
				      ":5",   "a_name_that_no_system_call_will_ever_have" };

	for (size_t i = 0; i < ARRAY_SIZE(specs); i++)
		cr_assert_eq(fault_arm(specs[i]), -EINVAL, "%s", specs[i]);
}

Test(sys_fault, children_count_on)
{
	pid_t child;
	int status;

	cr_assert_eq(fault_arm("2"), 0);
	child = fork();
	if (child == 0)
		_exit(sys_chdir(".") == 0 ? 0 : 1);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
	cr_assert_eq(sys_chdir("."), -EIO);
}

Test(sys_fault, kill_ends_the_caller)
{
	pid_t child;
	int status;

	cr_assert_eq(fault_arm("1:kill"), 0);
	child = fork();
	if (child == 0)
		_exit(sys_chdir(".") == 0 ? 0 : 1);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status 0x%x", status);
	cr_assert(fault_hit());
}

#endif
