/*
 * A token bucket: the rate limit of a server.
 */
#ifndef RDL_STUB_BUCKET_H
#define RDL_STUB_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct rdl_bucket {
	double per_minute;	/* 0 for no limit */
	double burst;		/* what it holds when full */
	double level;		/* may be below 0: debt */
	int64_t at_us;		/* when level was true */
};

/* A full bucket.  burst < 0 asks for per_minute / 60, but at least 1. */
void rdl_bucket_init(struct rdl_bucket *b, int64_t per_minute, int64_t burst,
    int64_t now_us);

/* Bring the level up to now. */
void rdl_bucket_refill(struct rdl_bucket *b, int64_t now_us);

/* True if least can be taken (always without a limit).  Takes nothing. */
bool rdl_bucket_has(const struct rdl_bucket *b, double least);

void rdl_bucket_take(struct rdl_bucket *b, double n);

/* Microseconds until the bucket holds level again; 0 if it does. */
int64_t rdl_bucket_wait_us(const struct rdl_bucket *b, double level);

#endif
