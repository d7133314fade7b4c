/*
 * Groups of samples whose texts are near each other: of different bases, by
 * exact neighbour search.  Pure: no I/O.
 */
#ifndef RDL_DOMAIN_PAIRING_NEAR_H
#define RDL_DOMAIN_PAIRING_NEAR_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* What two samples of a group must not have in common, as hashes. */
struct rdl_pairing_sample {
	uint64_t base, text, image;
	uint32_t set;		/* only those of one set come together */
};

struct rdl_pairing_near_opts {
	double min_cos, max_cos;	/* of any two of a group */
	size_t neighbours;	/* that are looked at, of each sample */
	size_t group;		/* samples of a group, at most */
	unsigned threads;	/* 0: one a processor */
};

/* The groups: next[i] is the sample behind i in its group, in a ring; i itself
 * where it is alone. */
struct rdl_pairing_near {
	uint32_t *next;
	size_t n;
	size_t groups, grouped;	/* groups, and samples in them */
	uint64_t pairs;		/* neighbours that were near enough */
};

/*
 * Group n samples by their unit vectors [n][dim].  Pairs are taken by their
 * cosine, the nearest first, equal ones in the order of samples; two groups
 * become one if each sample of one may stand with each of the other (complete
 * linkage).  Each sample's neighbours are the nearest of other bases.  Memory:
 * per sample 24 bytes a neighbour, and a copy of the vectors of a set.
 */
int rdl_pairing_near(const float *vectors, size_t dim,
    const struct rdl_pairing_sample *samples, size_t n,
    const struct rdl_pairing_near_opts *o, struct rdl_pairing_near *out,
    struct rdl_err *err) RDL_MUST_CHECK;

void rdl_pairing_near_release(struct rdl_pairing_near *g);

/* The cosine of two vectors, summed in double. */
double rdl_pairing_near_cos(const float *a, const float *b, size_t dim);

#endif
