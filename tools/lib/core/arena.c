/*
 * Memory that lives as long as one record.
 * A list of chunks; a reset keeps the largest, so that a stream of like
 * records allocates nothing after the first.
 */
#include "core/arena.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/mem.h"

struct rdl_arena_chunk {
	struct rdl_arena_chunk *next;
	size_t size;
	_Alignas(max_align_t) char bytes[];
};

static void
add_chunk(struct rdl_arena *a, size_t size)
{
	struct rdl_arena_chunk *c;

	if (size < 16 * RDL_KIB)
		size = 16 * RDL_KIB;
	c = rdl_mem_realloc(NULL, sizeof(*c) + size, 1);
	c->next = a->chunk;
	c->size = size;
	a->chunk = c;
	a->used = 0;
}

void *
rdl_arena_alloc(struct rdl_arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	void *p;

	if (size > (size_t)-1 / 2)
		rdl_mem_exhausted(size);
	size = (size + align - 1) / align * align;
	if (a->chunk == NULL || size > a->chunk->size - a->used)
		add_chunk(a, size);
	p = a->chunk->bytes + a->used;
	a->used += size;
	memset(p, 0, size);
	return p;
}

char *
rdl_arena_dup(struct rdl_arena *a, const char *p, size_t len)
{
	char *q = rdl_arena_alloc(a, len + 1);

	if (len > 0)
		memcpy(q, p, len);
	return q;
}

void
rdl_arena_reset(struct rdl_arena *a)
{
	struct rdl_arena_chunk *keep = NULL, *c, *next;

	for (c = a->chunk; c != NULL; c = next) {
		next = c->next;
		if (keep == NULL || c->size > keep->size) {
			free(keep);
			keep = c;
		} else
			free(c);
	}
	if (keep != NULL)
		keep->next = NULL;
	a->chunk = keep;
	a->used = 0;
}

void
rdl_arena_release(struct rdl_arena *a)
{
	struct rdl_arena_chunk *c, *next;

	for (c = a->chunk; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	a->chunk = NULL;
	a->used = 0;
}
