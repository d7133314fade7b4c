/*
 * Unit vectors by content, of one model.
 * Reads and writes an embedding file, or keeps all in memory.  Does not compute
 * vectors, and does not know what a content is.
 */
#include "vision/vectors.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "core/mem.h"
#include "vision/vectors_impl.h"

static void
new_pending(struct rdl_vectors *v)
{
	v->pending.keys = rdl_mem_calloc(v->pending_max,
	    sizeof(*v->pending.keys));
	v->pending.vecs = rdl_mem_calloc(v->pending_max * v->dim,
	    sizeof(*v->pending.vecs));
	v->pending.n = 0;
	v->pending.state = RDL_VECTORS_GOOD;
}

static void
release(struct rdl_vectors *v)
{
	size_t i;

	rdl_vectors_file_close(v);
	for (i = 0; i < v->nblocks; i++) {
		free(v->blocks[i].keys);
		free(v->blocks[i].vecs);
	}
	free(v->blocks);
	free(v->pending.keys);
	free(v->pending.vecs);
	free(v->places);
	free(v->slots);
	free(v->path);
	free(v);
}

struct rdl_vectors *
rdl_vectors_open(const char *path, const struct rdl_hash *model, size_t dim,
    bool read_only, struct rdl_err *err)
{
	struct rdl_vectors *v;

	if (dim == 0 || dim > RDL_VECTORS_DIM_MAX) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "a vector of %zu numbers, not 1 to %d", dim,
		    RDL_VECTORS_DIM_MAX);
		return NULL;
	}
	v = rdl_mem_calloc(1, sizeof(*v));
	v->path = rdl_mem_strdup(path);
	v->fd = -1;
	v->read_only = read_only;
	v->model = *model;
	v->dim = dim;
	v->pending_max = RDL_VECTORS_BLOCK / (dim * sizeof(float));
	if (v->pending_max < 16)
		v->pending_max = 16;
	if (v->pending_max > 4096)
		v->pending_max = 4096;
	if (path != NULL && rdl_vectors_file_open(v, err) < 0) {
		release(v);
		return NULL;
	}
	if (!read_only)
		new_pending(v);
	return v;
}

int
rdl_vectors_close(struct rdl_vectors *v, struct rdl_err *err)
{
	int rc;

	if (v == NULL)
		return 0;
	rc = rdl_vectors_sync(v, err);
	release(v);
	return rc;
}

size_t
rdl_vectors_count(const struct rdl_vectors *v)
{
	return v->count;
}

size_t
rdl_vectors_damaged(const struct rdl_vectors *v)
{
	return v->damaged;
}

void
rdl_vectors_learn(struct rdl_vectors *v, const struct rdl_vectors_block *b)
{
	const struct rdl_hash *keys;
	struct rdl_vectors_place place;

	if (v->nblocks == v->room) {
		v->room = v->room > 0 ? 2 * v->room : 16;
		v->blocks = rdl_mem_realloc(v->blocks, v->room,
		    sizeof(*v->blocks));
	}
	place.block = (uint32_t)v->nblocks;
	v->blocks[v->nblocks++] = *b;
	keys = rdl_vectors_file_keys(v, b);
	for (place.slot = 0; place.slot < b->n; place.slot++)
		rdl_vectors_index_put(v, keys + place.slot, place);
}

/* Are the vectors of a block as they were written?  Looked at once. */
static bool
is_good(struct rdl_vectors *v, struct rdl_vectors_block *b)
{
	if (b->state == RDL_VECTORS_UNREAD) {
		b->state = XXH3_64bits(rdl_vectors_file_vecs(v, b),
		    b->n * v->dim * sizeof(float)) == b->digest ?
		    RDL_VECTORS_GOOD : RDL_VECTORS_DAMAGED;
		if (b->state == RDL_VECTORS_DAMAGED)
			v->damaged += b->n;
	}
	return b->state == RDL_VECTORS_GOOD;
}

const float *
rdl_vectors_find(struct rdl_vectors *v, const struct rdl_hash *content)
{
	const struct rdl_vectors_place *p = rdl_vectors_index_get(v, content);

	if (p == NULL)
		return NULL;
	if (p->block != RDL_VECTORS_PENDING &&
	    !is_good(v, &v->blocks[p->block]))
		return NULL;
	return rdl_vectors_file_vecs(v, rdl_vectors_index_block(v, p)) +
	    p->slot * v->dim;
}

/* The pending vectors become a block. */
static int
settle(struct rdl_vectors *v, struct rdl_err *err)
{
	if (v->pending.n == 0)
		return 0;
	if (v->path == NULL) {
		rdl_vectors_learn(v, &v->pending);
		new_pending(v);
		return 0;
	}
	if (rdl_vectors_file_append(v, err) < 0)
		return -1;
	v->pending.n = 0;
	return 0;
}

int
rdl_vectors_add(struct rdl_vectors *v, const struct rdl_hash *content,
    const float *vec, struct rdl_err *err)
{
	struct rdl_vectors_place place = { RDL_VECTORS_PENDING, 0 };

	if (v->read_only)
		return rdl_err_set(err, RDL_E_IO, "%s: opened for reading",
		    v->path);
	if (rdl_vectors_find(v, content) != NULL)
		return 0;
	if (v->pending.n == v->pending_max && settle(v, err) < 0)
		return -1;
	place.slot = v->pending.n++;
	v->pending.keys[place.slot] = *content;
	memcpy(v->pending.vecs + place.slot * v->dim, vec,
	    v->dim * sizeof(*vec));
	rdl_vectors_index_put(v, content, place);
	return 0;
}

int
rdl_vectors_sync(struct rdl_vectors *v, struct rdl_err *err)
{
	return v->path == NULL ? 0 : settle(v, err);
}
