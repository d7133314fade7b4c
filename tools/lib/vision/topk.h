/*
 * The k best of many unit vectors for each of many others, exactly.
 * A blocked matrix product in low precision where the CPU is good at it, a
 * selection per tile, and the survivors rescored in double within the proven
 * error bound.  The full matrix of scores is never stored.
 */
#ifndef RDL_VISION_TOPK_H
#define RDL_VISION_TOPK_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct rdl_topk_hit {
	uint32_t index;		/* into the base */
	float cos;		/* [-1, 1], summed in double in index order */
};

struct rdl_topk;

/* base is [m][dim], borrowed.  threads 0: one a processor. */
struct rdl_topk *rdl_topk_new(const float *base, size_t m, size_t dim,
    unsigned threads, struct rdl_err *err) RDL_MUST_CHECK;
void rdl_topk_free(struct rdl_topk *t);

/*
 * The k (<= m) best for each of n queries [n][dim]: hits is [n][k], best
 * first, equal cosines in order of index.  A pair's cosine depends on the two
 * vectors alone.
 */
int rdl_topk_find(struct rdl_topk *t, const float *queries, size_t n,
    size_t k, struct rdl_topk_hit *hits, struct rdl_err *err) RDL_MUST_CHECK;

#endif
