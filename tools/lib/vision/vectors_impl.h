/*
 * Inside the embedding file: blocks, their table, and where a vector is.
 * Layout: riddle-vectors(7).
 */
#ifndef RDL_VISION_VECTORS_IMPL_H
#define RDL_VISION_VECTORS_IMPL_H

#include "vision/vectors.h"

#define RDL_VECTORS_ALIGN 64	/* of blocks, keys and vectors in the file */
#define RDL_VECTORS_BLOCK (RDL_MIB)	/* vector bytes that make a block */
#define RDL_VECTORS_DIM_MAX 65536
#define RDL_VECTORS_N_MAX 1048576	/* vectors of a block */

enum rdl_vectors_state { RDL_VECTORS_UNREAD, RDL_VECTORS_GOOD,
	RDL_VECTORS_DAMAGED };

/* n vectors and their keys: in the file at offset at, or on the heap. */
struct rdl_vectors_block {
	uint64_t at;
	uint64_t digest;	/* XXH3-64 of the vectors */
	uint32_t n;
	int state;		/* enum rdl_vectors_state */
	struct rdl_hash *keys;	/* heap: [n]; NULL in the file */
	float *vecs;		/* heap: [n][dim] */
};

/* Where a vector is.  Block RDL_VECTORS_PENDING: not yet in one. */
struct rdl_vectors_place {
	uint32_t block, slot;
};

#define RDL_VECTORS_PENDING UINT32_MAX

struct rdl_vectors {
	char *path;		/* NULL: in memory alone */
	int fd;
	bool read_only;
	struct rdl_hash model;
	size_t dim;
	const unsigned char *map;	/* the file, [mapped] bytes */
	size_t mapped;
	uint64_t end;		/* behind the last whole block */
	struct rdl_vectors_block *blocks;
	size_t nblocks, room;
	struct rdl_vectors_block pending;	/* heap, up to pending_max */
	size_t pending_max;
	size_t damaged;		/* vectors found damaged */
	/* vectors_index.c: places, and slots that hold index + 1 or 0. */
	struct rdl_vectors_place *places;
	size_t count;
	uint32_t *slots;
	size_t nslots;
};

/* vectors_file.c */

/* Open or make the file, check its header, and learn its blocks. */
int rdl_vectors_file_open(struct rdl_vectors *v, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Append the pending block: lock, learn what others appended, write, sync. */
int rdl_vectors_file_append(struct rdl_vectors *v, struct rdl_err *err)
    RDL_MUST_CHECK;

void rdl_vectors_file_close(struct rdl_vectors *v);

/* The keys [n] and vectors [n][dim] of a block, wherever it is. */
const struct rdl_hash *rdl_vectors_file_keys(const struct rdl_vectors *v,
    const struct rdl_vectors_block *b);
const float *rdl_vectors_file_vecs(const struct rdl_vectors *v,
    const struct rdl_vectors_block *b);

/* vectors.c: take in a block, and index it. */
void rdl_vectors_learn(struct rdl_vectors *v,
    const struct rdl_vectors_block *b);

/* vectors_index.c */

/* The place of a content, or NULL; and make it so, new or not. */
const struct rdl_vectors_place *rdl_vectors_index_get(
    const struct rdl_vectors *v, const struct rdl_hash *content);
void rdl_vectors_index_put(struct rdl_vectors *v,
    const struct rdl_hash *content, struct rdl_vectors_place place);

/* The block of a place. */
const struct rdl_vectors_block *rdl_vectors_index_block(
    const struct rdl_vectors *v, const struct rdl_vectors_place *p);

#endif
