/*
 * The first of each group of vectors that point nearly the same way.
 * Exact: every vector is compared with every one kept before it, in blocks of
 * the top-k search (vision/topk.h) and a tail in plain C.
 */
#ifndef RDL_DOMAIN_TWINS_H
#define RDL_DOMAIN_TWINS_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define RDL_TWINS_NONE UINT32_MAX

struct rdl_twin {
	uint32_t number;	/* of the nearest kept before, or _NONE */
	float cos;		/* with it */
};

struct rdl_twins;

/* Vectors of dim floats; twins have a cosine of min_cos or more.  threads 0:
 * one a processor. */
struct rdl_twins *rdl_twins_new(size_t dim, double min_cos, unsigned threads);
void rdl_twins_free(struct rdl_twins *t);

/*
 * Look n unit vectors up, one after the other: v is [n][dim], out [n].  One
 * without a twin is kept and gets the next number, from 0 on.
 * Memory: dim floats for each that is kept.
 */
int rdl_twins_add(struct rdl_twins *t, const float *v, size_t n,
    struct rdl_twin *out, struct rdl_err *err) RDL_MUST_CHECK;

#endif
