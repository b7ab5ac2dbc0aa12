/* SPDX-License-Identifier: Apache-2.0 */
/* The weights of v1 on the scales of v2. Both scales are agreed upon among container runtimes. The
 * mathematics is done here because libm would be one more library at every start. */
#include "host/cgroup.h"

#define SHARES_MIN 2
#define SHARES_MAX 262144
#define LOG2_BITS 52
#define LN2 0.693147180559945309417
#define LOG2_10 3.321928094887362347870
/* Keeps results that are whole in theory (1024 -> 100) from being rounded up. */
#define ROUNDING 1e-9

/* Squaring the mantissa doubles its logarithm: each squaring tells one more binary digit. */
static double log2_of(double x)
{
	double result = 0, bit = 1;

	for (; x >= 2; x /= 2)
		result += 1;
	for (int i = 0; i < LOG2_BITS; i++) {
		x *= x;
		bit /= 2;
		if (x >= 2) {
			x /= 2;
			result += bit;
		}
	}
	return result;
}

/* The whole part by doubling, the rest by the series of e^x. */
static double power_of_2(double y)
{
	double sum = 1, term = 1;
	int whole = (int)y;

	for (int i = 1; i <= 20; i++) {
		term *= (y - whole) * LN2 / i;
		sum += term;
	}
	return sum * (double)(1u << whole);
}

/* 10^((l^2 + 125 l) / 612 - 7/34) with l = log2(shares): 2 -> 1, 1024 -> 100, 262144 -> 10000. */
uint64_t cgroup_weight_from_shares(uint64_t shares)
{
	double l, weight;
	uint64_t floor;

	if (shares <= SHARES_MIN)
		return 1;
	if (shares >= SHARES_MAX)
		return 10000;
	l = log2_of((double)shares);
	weight = power_of_2(((l * l + 125 * l) / 612 - 7.0 / 34) * LOG2_10) - ROUNDING;
	floor = (uint64_t)weight;
	return (double)floor < weight ? floor + 1 : floor;
}

/* 10..1000 -> 1..10000, linear. */
uint64_t cgroup_io_weight(uint64_t blkio_weight)
{
	return 1 + (blkio_weight - 10) * 9999 / 990;
}
