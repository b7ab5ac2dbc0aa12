/* SPDX-License-Identifier: Apache-2.0 */
/* Ownership in local scope: cleanup attributes and visible transfers. */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))
#define _cleanup_close_ _cleanup_(x_closep)
#define _cleanup_free_ _cleanup_(x_freep)

/* Closes fd when it is one; always returns the empty value, errno is kept. */
static inline int x_close(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return -EBADF;
}

static inline void x_closep(int *fd)
{
	*fd = x_close(*fd);
}

static inline void x_freep(void *p)
{
	free(*(void **)p);
}

/* Moves an owned descriptor or pointer out of a variable, leaving the empty value. */
#define take_fd(fd)              \
	({                       \
		int *_p = &(fd); \
		int _v = *_p;    \
		*_p = -EBADF;    \
		_v;              \
	})
#define take_ptr(ptr)                         \
	({                                    \
		__typeof__(ptr) *_p = &(ptr); \
		__typeof__(ptr) _v = *_p;     \
		*_p = NULL;                   \
		_v;                           \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
