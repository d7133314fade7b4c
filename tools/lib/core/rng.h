/*
 * A small seeded generator, the same on every machine: splitmix64
 * (Steele, Lea, Flood, OOPSLA 2014).  For sampling and jitter, never for keys.
 */
#ifndef RDL_CORE_RNG_H
#define RDL_CORE_RNG_H

#include <stdint.h>

struct rdl_rng {
	uint64_t state;
};

/* The next 64 random bits. */
uint64_t rdl_rng_next(struct rdl_rng *r);

/* Uniform in [0, 1), 53 bits. */
double rdl_rng_real(struct rdl_rng *r);

/* Uniform in 0..n-1 without bias; n > 0. */
uint64_t rdl_rng_below(struct rdl_rng *r, uint64_t n);

/* A seed from the operating system, for jitter and run names. */
uint64_t rdl_rng_entropy(void);

#endif
