/*
 * Near hashes by multi-index hashing (Norouzi, Punjani, Fleet, CVPR 2012).
 *
 * A hash is cut into four parts of 16 bits, and each part has a table from its
 * value to the hashes that have it, in the order they came.  If two hashes
 * differ in at most near = 4 r + a bits (0 <= a < 4), then one of the parts
 * 0..a differs in at most r bits, or one of the others in at most r - 1: else
 * there were (a + 1)(r + 1) + (3 - a) r = near + 1 differences.  So only
 * buckets within those few bits are looked at, 52 of 65,536 a table for near
 * 6, and each only until its first match or the best one known.
 * Keeps hashes in memory; forgets none.
 */
#include <stdlib.h>

#include "core/mem.h"
#include "vision/phash.h"

#define PARTS 4
#define PART_BITS 16
#define BUCKETS ((size_t)1 << PART_BITS)
#define NEAR_MAX 16

struct bucket {
	uint32_t *at;		/* which hashes, ascending */
	uint32_t n, cap;
};

struct rdl_phash_index {
	unsigned near;
	size_t n, cap;
	uint64_t *hashes;	/* [n] */
	uint32_t *values;	/* [n] */
	struct bucket *table[PARTS];	/* [BUCKETS] each */
	uint16_t *masks;	/* all values of a part by number of bits */
	size_t within[NEAR_MAX / PARTS + 2];	/* masks[0..within[b]) have
						 * fewer than b bits */
};

static unsigned
bits(uint64_t v)
{
	return (unsigned)__builtin_popcountll(v);
}

static size_t
part(uint64_t hash, size_t i)
{
	return (size_t)(hash >> (i * PART_BITS)) & (BUCKETS - 1);
}

/* Those of 0..most bits, few bits first. */
static void
make_masks(struct rdl_phash_index *ix, unsigned most)
{
	size_t n = 0, v;
	unsigned b;

	ix->masks = rdl_mem_calloc(BUCKETS, sizeof(*ix->masks));
	for (b = 0; b <= most; b++) {
		for (v = 0; v < BUCKETS; v++)
			if (bits(v) == b)
				ix->masks[n++] = (uint16_t)v;
		ix->within[b + 1] = n;
	}
	ix->masks = rdl_mem_realloc(ix->masks, n, sizeof(*ix->masks));
}

struct rdl_phash_index *
rdl_phash_index_new(unsigned near)
{
	struct rdl_phash_index *ix = rdl_mem_calloc(1, sizeof(*ix));
	size_t i;

	ix->near = near < NEAR_MAX ? near : NEAR_MAX;
	for (i = 0; i < PARTS; i++)
		ix->table[i] = rdl_mem_calloc(BUCKETS, sizeof(struct bucket));
	make_masks(ix, ix->near / PARTS);
	return ix;
}

void
rdl_phash_index_free(struct rdl_phash_index *ix)
{
	size_t i, b;

	if (ix == NULL)
		return;
	for (i = 0; i < PARTS; i++) {
		for (b = 0; b < BUCKETS; b++)
			free(ix->table[i][b].at);
		free(ix->table[i]);
	}
	free(ix->hashes);
	free(ix->values);
	free(ix->masks);
	free(ix);
}

static void
put(struct bucket *b, uint32_t at)
{
	if (b->n == b->cap) {
		b->cap = b->cap == 0 ? 2 : b->cap + b->cap / 2;
		b->at = rdl_mem_realloc(b->at, b->cap, sizeof(*b->at));
	}
	b->at[b->n++] = at;
}

void
rdl_phash_index_add(struct rdl_phash_index *ix, uint64_t hash, uint32_t value)
{
	size_t i;

	if (ix->n == UINT32_MAX)
		rdl_mem_exhausted(ix->n);
	if (ix->n == ix->cap) {
		ix->cap = ix->cap == 0 ? 256 : ix->cap + ix->cap / 2;
		ix->hashes = rdl_mem_realloc(ix->hashes, ix->cap,
		    sizeof(*ix->hashes));
		ix->values = rdl_mem_realloc(ix->values, ix->cap,
		    sizeof(*ix->values));
	}
	for (i = 0; i < PARTS; i++)
		put(&ix->table[i][part(hash, i)], (uint32_t)ix->n);
	ix->hashes[ix->n] = hash;
	ix->values[ix->n++] = value;
}

/* The earliest of a bucket within near bits, if it is before best. */
static size_t
earliest(const struct rdl_phash_index *ix, const struct bucket *b,
    uint64_t hash, size_t best)
{
	size_t i;

	for (i = 0; i < b->n && b->at[i] < best; i++)
		if (bits(ix->hashes[b->at[i]] ^ hash) <= ix->near)
			return b->at[i];
	return best;
}

int
rdl_phash_index_find(const struct rdl_phash_index *ix, uint64_t hash,
    uint32_t *value)
{
	size_t best = ix->n, n, i, j;

	for (i = 0; i < PARTS; i++) {
		/* within[r]: fewer than r bits */
		n = ix->within[ix->near / PARTS + (i <= ix->near % PARTS)];
		for (j = 0; j < n; j++)
			best = earliest(ix, &ix->table[i][part(hash, i) ^
			    ix->masks[j]], hash, best);
	}
	if (best == ix->n)
		return -1;
	*value = ix->values[best];
	return (int)bits(ix->hashes[best] ^ hash);
}
