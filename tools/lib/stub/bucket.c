/*
 * A token bucket.
 * Reads the time it is told; writes its own level.
 * Does not look at a clock and is not safe between threads.
 */
#include "stub/bucket.h"

#include <math.h>

void
rdl_bucket_init(struct rdl_bucket *b, int64_t per_minute, int64_t burst,
    int64_t now_us)
{
	b->per_minute = (double)per_minute;
	b->burst = burst >= 0 ? (double)burst : floor(b->per_minute / 60);
	if (b->burst < 1)
		b->burst = 1;
	b->level = b->burst;
	b->at_us = now_us;
}

void
rdl_bucket_refill(struct rdl_bucket *b, int64_t now_us)
{
	b->level = fmin(b->burst, b->level +
	    (double)(now_us - b->at_us) * b->per_minute / 60e6);
	b->at_us = now_us;
}

bool
rdl_bucket_has(const struct rdl_bucket *b, double least)
{
	return b->per_minute <= 0 || b->level >= least;
}

void
rdl_bucket_take(struct rdl_bucket *b, double n)
{
	if (b->per_minute > 0)
		b->level -= n;
}

int64_t
rdl_bucket_wait_us(const struct rdl_bucket *b, double level)
{
	if (b->per_minute <= 0 || b->level >= level)
		return 0;
	return (int64_t)ceil((level - b->level) * 60e6 / b->per_minute);
}
