/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: marking, passing, waiting. No allocation: callable in init. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define FD_MAX_PASSED 8

/* Sends one record with n fds (borrowed, n <= FD_MAX_PASSED) over a unix socket, whole or error. */
int fd_send(int sock, const void *data, size_t size, const int *fds, size_t n, struct err *e);
/* Receives one record; at most *n_fds descriptors (O_CLOEXEC, owned by the caller from here) are
 * stored and *n_fds set to their number; surplus ones are closed. Returns bytes; 0 = EOF. */
ssize_t fd_recv(int sock, void *data, size_t size, int *fds, size_t *n_fds, struct err *e);
/* Writes all of it, restarting on EINTR and short writes. 0 or -errno. */
int fd_write_all(int fd, const void *data, size_t size);
/* Reads until size bytes or EOF; returns the count or -errno. */
ssize_t fd_read_full(int fd, void *data, size_t size);
/* Waits until one of the (at most 8) descriptors is readable, hung up or in error; timeout in
 * milliseconds, < 0 waits for ever; restarts on EINTR against CLOCK_MONOTONIC. Returns a bit mask
 * by index, 0 on timeout, or -errno. Negative fds are ignored. */
int fd_wait(const int *fds, size_t n, int timeout_ms);
/* Milliseconds of CLOCK_MONOTONIC. */
int64_t fd_now_ms(void);
/* Closes first and all above. 0 or -errno. Source: close_range(2), Linux 5.9. */
int fd_close_from(int first);
/* Makes 0, 1 and 2 exist (opens /dev/null for those missing): programs call it first. */
int fd_ensure_stdio(void);
