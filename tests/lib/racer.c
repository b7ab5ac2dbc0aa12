/* SPDX-License-Identifier: Apache-2.0 */
/* racer A B: exchanges two names as fast as it can until it is killed. A container whose image does
 * so tries to be a directory when the runtime looks and a symlink when it acts. */
#include <fcntl.h>
#include <stdio.h>

int main(int argc, char *argv[])
{
	if (argc != 3)
		return 2;
	while (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) == 0)
		;
	perror("renameat2");
	return 1;
}
