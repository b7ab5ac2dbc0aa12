/* SPDX-License-Identifier: Apache-2.0 */
/* A stack of names threaded into a hash table, as compilers keep scopes: a name enters its chain at
 * the head and leaves it from there, in reverse order. The hash is keyed, since the names come from
 * outside and a file of colliding ones must not cost quadratic time. */
#include "base/json_keys.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#define KEYS_MIN 16 /* two kilobytes at a time would be a mapping of their own in musl */
#define NO_KEY UINT32_MAX

struct json_key {
	const char *text;
	uint32_t len, hash, next, depth;
};

/* Folds the 128-bit product, of which every bit depends on all bits of both factors. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t hash_key(const char *key, size_t len, unsigned depth)
{
	uint64_t seed[2], word;
	uint64_t h;

	/* The kernel gives each process 16 random bytes: no system call needed. */
	memcpy(seed, (const void *)getauxval(AT_RANDOM), sizeof(seed));
	seed[1] |= 1;
	h = seed[0] ^ mix(len + ((uint64_t)depth << 32), seed[1]);
	for (; len > 0; key += sizeof(word)) {
		size_t n = len < sizeof(word) ? len : sizeof(word);

		word = 0;
		memcpy(&word, key, n);
		h = mix(h ^ word, seed[1]) + seed[0];
		len -= n;
	}
	return (uint32_t)(h ^ h >> 32);
}

static uint32_t *chain_of(const struct json_keys *set, uint32_t hash)
{
	return &set->heads[hash & (set->cap - 1)];
}

static void link_key(struct json_keys *set, uint32_t i)
{
	uint32_t *head = chain_of(set, set->keys[i].hash);

	set->keys[i].next = *head;
	*head = i;
}

static bool grow(struct json_keys *set)
{
	uint32_t cap = set->cap ? set->cap * 2 : KEYS_MIN;
	struct json_key *keys = reallocarray(set->keys, cap, sizeof(*keys));
	uint32_t *heads;

	if (!keys)
		return false;
	set->keys = keys;
	heads = reallocarray(set->heads, cap, sizeof(*heads));
	if (!heads)
		return false;
	set->heads = heads;
	set->cap = cap;
	memset(heads, 0xff, cap * sizeof(*heads)); /* NO_KEY */
	for (uint32_t i = 0; i < set->n; i++)
		link_key(set, i);
	return true;
}

int json_keys_add(struct json_keys *set, unsigned depth, const char *key, size_t len)
{
	uint32_t hash = hash_key(key, len, depth);

	if (set->n == set->cap && !grow(set))
		return -ENOMEM;
	for (uint32_t i = *chain_of(set, hash); i != NO_KEY; i = set->keys[i].next) {
		const struct json_key *k = &set->keys[i];

		if (k->hash == hash && k->depth == depth && k->len == len &&
		    memcmp(k->text, key, len) == 0)
			return 0;
	}
	set->keys[set->n] = (struct json_key){
		.text = key, .len = (uint32_t)len, .hash = hash, .depth = depth
	};
	link_key(set, set->n++);
	return 1;
}

void json_keys_cut(struct json_keys *set, uint32_t n)
{
	while (set->n > n) {
		const struct json_key *k = &set->keys[--set->n];

		*chain_of(set, k->hash) = k->next;
	}
}

void json_keys_done(struct json_keys *set)
{
	free(set->keys);
	free(set->heads);
	*set = (struct json_keys){};
}
