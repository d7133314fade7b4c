/*
 * splitmix64.
 * Reads getrandom(2) in rdl_rng_entropy(), nothing else.
 */
#include "core/rng.h"

#include <sys/random.h>
#include <time.h>

uint64_t
rdl_rng_next(struct rdl_rng *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

double
rdl_rng_real(struct rdl_rng *r)
{
	return (double)(rdl_rng_next(r) >> 11) * 0x1p-53;
}

uint64_t
rdl_rng_below(struct rdl_rng *r, uint64_t n)
{
	uint64_t v, limit = UINT64_MAX - UINT64_MAX % n;

	do
		v = rdl_rng_next(r);
	while (v >= limit);
	return v % n;
}

uint64_t
rdl_rng_entropy(void)
{
	uint64_t v;
	struct timespec ts;

	if (getrandom(&v, sizeof(v), 0) == (ssize_t)sizeof(v))
		return v;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_nsec << 32 ^ (uint64_t)ts.tv_sec;
}
