/*
 * Perceptual hash of an image, and search for near ones.
 * Luma resized to 32 x 32, two-dimensional DCT-II, signs of the 8 x 8 lowest
 * frequencies against their median (the DC term left out of the median), row
 * by row from the top bit.
 */
#ifndef RDL_VISION_PHASH_H
#define RDL_VISION_PHASH_H

#include "vision/image.h"

int rdl_phash(const struct rdl_image *im, uint64_t *hash, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Hashes seen so far, each with a number of the caller's. */
struct rdl_phash_index;

/* near: largest Hamming distance, in bits, that rdl_phash_index_find() will be
 * asked for, 0 to 16.  Memory: about 8 * 12 + 12 bytes a hash. */
struct rdl_phash_index *rdl_phash_index_new(unsigned near);
void rdl_phash_index_free(struct rdl_phash_index *ix);
void rdl_phash_index_add(struct rdl_phash_index *ix, uint64_t hash,
    uint32_t value);

/* The earliest added within near bits: its distance and *value, or -1. */
int rdl_phash_index_find(const struct rdl_phash_index *ix, uint64_t hash,
    uint32_t *value);

#endif
