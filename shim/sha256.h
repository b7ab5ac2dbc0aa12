/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4): names of sockets are digests. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

void sha256(const void *data, size_t len, uint8_t ret[SHA256_SIZE]);
/* The digest in lower-case hexadecimal digits. */
void sha256_hex(const void *data, size_t len, char ret[2 * SHA256_SIZE + 1]);
