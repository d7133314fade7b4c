/*
 * Near-duplicate texts by MinHash and locality-sensitive hashing, verified.
 * A text is the set of its character 5-grams, folded (Broder 1997).  Signatures
 * of 80 minima, 16 bands of 5 rows, find candidates: of pairs with a Jaccard
 * similarity of 0.8 a share of 1 - (1 - 0.8^5)^16 = 0.998 (Leskovec, Rajaraman,
 * Ullman, Mining of Massive Datasets, 3.4).  Candidates are compared by their
 * sets, so that none is a false alarm.
 */
#ifndef RDL_DOMAIN_MINHASH_H
#define RDL_DOMAIN_MINHASH_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define RDL_MINHASH_BANDS 16
#define RDL_MINHASH_ROWS 5
#define RDL_MINHASH_GRAM 5	/* bytes of a shingle */

struct rdl_minhash;

/* threshold: least Jaccard similarity of two texts that are one, 0 to 1. */
struct rdl_minhash *rdl_minhash_new(double threshold);
void rdl_minhash_free(struct rdl_minhash *m);

/* The share of pairs of similarity j that the bands find. */
double rdl_minhash_recall(double j);

/*
 * Look for an earlier text that is near this one; the earliest counts.
 * Returns 1 with its *number and the *jaccard similarity, and forgets the text;
 * 0 if there is none: the text was added and has *number, counted from 0; -1 if
 * it is not UTF-8.  Texts shorter than a shingle are one shingle.
 * Memory of a text that was added: 4 bytes a byte of it, and about 150.
 */
int rdl_minhash_add(struct rdl_minhash *m, const char *text, size_t len,
    uint32_t *number, double *jaccard, struct rdl_err *err) RDL_MUST_CHECK;

#endif
