/* SPDX-License-Identifier: Apache-2.0 */
/* From the libc's -1 and errno to the convention of sys.h. */
#pragma once

#include <errno.h>

static inline int sys_result(long r)
{
	return r < 0 ? -errno : (int)r;
}
