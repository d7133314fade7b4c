/*
 * What two parts of a dataset must not share: pictures, near pictures,
 * questions.  For leaks between splits, and for benchmarks in training data.
 */
#ifndef RDL_DOMAIN_LEAK_H
#define RDL_DOMAIN_LEAK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/map.h"
#include "record/rec.h"
#include "vision/phash.h"

struct rdl_leak {
	bool images, questions;		/* what is compared */
	struct rdl_map seen;		/* keys of both, to values */
	struct rdl_phash_index *near;	/* NULL: exact pictures only */
	struct rdl_buf key;
};

/* near: Hamming distance of perceptual hashes up to which two pictures are one,
 * or -1 for exact ones only. */
void rdl_leak_init(struct rdl_leak *k, bool images, bool questions, int near);
void rdl_leak_release(struct rdl_leak *k);

/* Add a record under a number.  Pictures go by the first of image/sha256,
 * sha256, image/id and by image/phash or phash; questions are folded. */
void rdl_leak_add(struct rdl_leak *k, const struct rdl_rec *rec,
    uint32_t number);

/* Does the record share something with one that was added?  1 with its number
 * and what it is ("image", "near-image", "question"), 0 if not. */
int rdl_leak_find(struct rdl_leak *k, const struct rdl_rec *rec,
    uint32_t *number, const char **what);

#endif
