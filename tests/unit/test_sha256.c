/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 against the vectors of FIPS 180-4 and NIST's collection. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "shim/sha256.h"

static const char *hex(const void *data, size_t len)
{
	static char text[2 * SHA256_SIZE + 1];

	sha256_hex(data, len, text);
	return text;
}

Test(sha256, of_nothing)
{
	cr_assert_str_eq(hex("", 0),
			 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

Test(sha256, of_one_block)
{
	cr_assert_str_eq(hex("abc", 3),
			 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

Test(sha256, whose_padding_needs_a_block_of_its_own)
{
	const char *text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

	cr_assert_str_eq(hex(text, strlen(text)),
			 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

Test(sha256, of_a_million_letters)
{
	char *text = malloc(1000000);

	memset(text, 'a', 1000000);
	cr_assert_str_eq(hex(text, 1000000),
			 "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(text);
}
