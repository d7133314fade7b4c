/*
 * Choosing records by chance that does not depend on their order: every
 * record has a rank, the hash of a seed and its key, and the lowest ranks win.
 * Splits and shards are chosen by the hash of a group, so that what belongs
 * together stays together on every machine.  Pure.
 */
#ifndef RDL_DOMAIN_SAMPLING_H
#define RDL_DOMAIN_SAMPLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* Uniform in 0..2^64-1 for a key; what ("sample", "split", "shard") keeps
 * choices for different ends independent. */
uint64_t rdl_sampling_rank(int64_t seed, const char *what, const void *key,
    size_t len);

/* Is a rank among the lowest share (0 to 1) of all? */
bool rdl_sampling_within(uint64_t rank, double share);

#define RDL_SAMPLING_SPLITS 16

struct rdl_sampling_splits {
	char names[RDL_SAMPLING_SPLITS][32];
	double upto[RDL_SAMPLING_SPLITS];	/* shares, summed; last is 1 */
	size_t n;
};

/* Read "train=0.95,test=0.05": names of a-z, 0-9 and _, shares above 0 that
 * sum to 1. */
int rdl_sampling_splits(struct rdl_sampling_splits *s, const char *text,
    struct rdl_err *err) RDL_MUST_CHECK;

/* The split of a rank: an index into names. */
size_t rdl_sampling_split(const struct rdl_sampling_splits *s, uint64_t rank);

#define RDL_SAMPLING_CAPS 8

/* A candidate for a sample.  keys[i] says which of the groups of cap i it
 * counts for. */
struct rdl_sampling_item {
	uint64_t rank;
	uint32_t number;	/* in the input: breaks ties of equal ranks */
	uint32_t keys[RDL_SAMPLING_CAPS];
	int lost;		/* out: 0 kept, else 1 + the cap that said no,
				 * or -1: the sample was full */
};

/*
 * Keep at most size items in all (-1: no bound), at most caps[i] of each group
 * of cap i, in order of rank.  items is reordered.  Memory: 4 bytes a group.
 */
void rdl_sampling_choose(struct rdl_sampling_item *items, size_t n,
    int64_t size, const uint32_t *caps, size_t ncaps);

#endif
