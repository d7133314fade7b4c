/*
 * Which vector is where: a hash table from contents to places.
 * Keys stand in the blocks and are compared whole; an entry takes about 16
 * bytes.  Does no I/O.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "vision/vectors_impl.h"

const struct rdl_vectors_block *
rdl_vectors_index_block(const struct rdl_vectors *v,
    const struct rdl_vectors_place *p)
{
	return p->block == RDL_VECTORS_PENDING ? &v->pending :
	    &v->blocks[p->block];
}

/* A content is a hash already: its first bytes are as good as any. */
static uint64_t
hash_of(const struct rdl_hash *content)
{
	uint64_t h;

	memcpy(&h, content->b, sizeof(h));
	return h * UINT64_C(0x9e3779b97f4a7c15) >> 20;
}

static const struct rdl_hash *
key_at(const struct rdl_vectors *v, size_t i)
{
	const struct rdl_vectors_place *p = &v->places[i];

	return rdl_vectors_file_keys(v, rdl_vectors_index_block(v, p)) +
	    p->slot;
}

/* The slot that holds a content, or the empty one it belongs in. */
static size_t
find_slot(const struct rdl_vectors *v, const struct rdl_hash *content)
{
	size_t i = (size_t)hash_of(content) & (v->nslots - 1);

	for (; v->slots[i] != 0; i = (i + 1) & (v->nslots - 1))
		if (memcmp(key_at(v, v->slots[i] - 1), content,
		    sizeof(*content)) == 0)
			break;
	return i;
}

static void
grow(struct rdl_vectors *v)
{
	size_t i, n = v->nslots > 0 ? 2 * v->nslots : 64;

	free(v->slots);
	v->slots = rdl_mem_calloc(n, sizeof(*v->slots));
	v->nslots = n;
	v->places = rdl_mem_realloc(v->places, n / 2 + 1, sizeof(*v->places));
	for (i = 0; i < v->count; i++)
		v->slots[find_slot(v, key_at(v, i))] = (uint32_t)(i + 1);
}

const struct rdl_vectors_place *
rdl_vectors_index_get(const struct rdl_vectors *v,
    const struct rdl_hash *content)
{
	uint32_t at;

	if (v->count == 0)
		return NULL;
	at = v->slots[find_slot(v, content)];
	return at == 0 ? NULL : &v->places[at - 1];
}

void
rdl_vectors_index_put(struct rdl_vectors *v, const struct rdl_hash *content,
    struct rdl_vectors_place place)
{
	size_t slot;

	if (v->count + 1 > v->nslots / 2) {
		if (v->count >= UINT32_MAX / 2)
			rdl_mem_exhausted(SIZE_MAX);
		grow(v);
	}
	slot = find_slot(v, content);
	if (v->slots[slot] == 0)
		v->slots[slot] = (uint32_t)++v->count;
	v->places[v->slots[slot] - 1] = place;
}
