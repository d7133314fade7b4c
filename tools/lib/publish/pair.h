/*
 * Pairs of pictures as trainers of Diffusion-DPO read them: the columns of
 * Pick-a-Pic v2 (SalesforceAIResearch/DiffusionDPO, train.py).
 */
#ifndef RDL_PUBLISH_PAIR_H
#define RDL_PUBLISH_PAIR_H

#include "publish/sample.h"

/* Which picture of the sample, 0 the chosen one, is number i of the row?  By
 * the record's id the chosen one is number 0 in half of all, so that its place
 * says nothing. */
size_t rdl_pair_at(const struct rdl_sample *s, size_t i);

/* A row of a folder's metadata.jsonl: jpg_0_file_name and jpg_1_file_name,
 * which datasets' ImageFolder reads as the columns jpg_0 and jpg_1. */
void rdl_pair_row(const struct rdl_sample *s, const char *const *paths,
    struct rdl_buf *out);

/* The .json of a sample in a shard, beside KEY.jpg_0 and KEY.jpg_1. */
void rdl_pair_tar(const struct rdl_sample *s, const char *const *paths,
    struct rdl_buf *out);

#endif
